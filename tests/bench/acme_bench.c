/*
 * What a certificate costs attest-acmed, beside the bare work of the same run: an
 * HTTPS server in one process that does for the same exchanges nothing but the
 * cryptography that nobody can leave out (acme_bare.h), before the same clients. Each
 * issuance has a TLS connection and an account of its own; a renewal keeps its account, or
 * both. CPU time of front and keeper, not of the clients, which play TPM and device in software.
 *
 *   acme_bench [--seconds N] [--connections N]… [--step-ca DIRECTORY]      (make bench)
 *   acme_bench --count N [--no-fork] [--under COMMAND]
 *
 * The second form makes N issuances by one client, for tools that count what they cost. With --step-ca the same clients are before step-ca, too, whose programs are there.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "acme_bare.h"
#include "acme_issuance.h"
#include "acme_peer.h"
#include "bench.h"
#include "forge.h"
#include "pki/ak_certificate.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "tpm/spki.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

static struct {
	char                directory[64];
	double              seconds;
	size_t              count; /* 0: what `seconds` allow */
	struct bench_daemon daemon;
	char                base[64]; /* of its URLs */
	pid_t               bare;
	int                 bare_port;
	pid_t               peer; /* step-ca; 0: none */
	int                 peer_port;
	char                peer_base[64];
	struct acme_record  record; /* of the first issuance, for the clients of the bare server */
	size_t              done;

	/* what vouches for the device */
	X509     *root;
	struct ca attestation;
} bench = {.seconds = 5};

static struct acme_device device;     /* with an AK on P-256 */
static struct acme_device rsa_device; /* of the same name; step-ca takes RSA AKs only */

/* ---- the device, and servers for it ---- */

static void
csr_prepare(struct acme_device *to)
{
	X509_REQ      *request = X509_REQ_new();
	EVP_PKEY      *key = forge_key(FORGE_P256, 2); /* the one that forge_certify_make certifies */
	unsigned char *octets = NULL;
	int            size;

	if (X509_REQ_set_pubkey(request, key) != 1 ||
	    X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName,
	        MBSTRING_UTF8, (const unsigned char *)ACME_DEVICE, -1, -1, 0) != 1 ||
	    X509_REQ_sign(request, key, EVP_sha256()) <= 0 ||
	    (size = i2d_X509_REQ(request, &octets)) <= 0)
		bench_die("no CSR");
	bytes_append(&to->csr, octets, (size_t)size);
	OPENSSL_free(octets);
	X509_REQ_free(request);
}

static void
device_prepare(struct acme_device *to, enum forge_ak_kind kind)
{
	static const char *const names[] = {ACME_DEVICE};
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	struct ak_profile        profile = {
	           .ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	           .manufacturer = "id:4E544300",
	           .model = "bench",
	           .version = "id:00070002",
	           .names = names,
	           .name_count = 1,
	           .not_before = clock_now() - 60,
	           .not_after = clock_now() + 86400,
        };
	AUTO_BYTES   spki = {0};
	struct error err = {0};

	to->kind = kind;
	forge_ak_make(kind, FORGE_FLAW_NONE, &to->ak);
	if (spki_encode(to->ak.key, &spki, &err) != 0)
		bench_die("%s", err.detail);
	profile.spki = bytes_view(&spki);
	if (ak_certificate_issue(&bench.attestation, &profile, serial, &profile.not_after,
	        &to->ak_certificate, &err) != 0 ||
	    certificate_encode(bench.attestation.certificate, &to->issuing, &err) != 0)
		bench_die("%s", err.detail);
	csr_prepare(to);
	if ((to->tls = SSL_CTX_new(TLS_client_method())) == NULL)
		bench_die("no TLS");
}

/* An attestation CA and, trusting it, a server. */
static void
state_prepare(void)
{
	static const char config[] = "orders_per_hour = 1000000000\n"
	                             "accounts_per_hour = 1000000000\n";
	AUTO_FREE char *attest_ca = bench_built("src/attest-ca");
	AUTO_FREE char *acmed = bench_built("src/attest-acmed");
	struct error    err = {0};

	(void)snprintf(bench.directory, sizeof bench.directory, "/tmp/acme_bench.XXXXXX");
	if (mkdtemp(bench.directory) == NULL)
		bench_die("cannot make %s", bench.directory);
	AUTO_FREE char *conf = file_join(bench.directory, "conf");
	AUTO_FREE char *root = file_join(bench.directory, "ca/root.pem");
	AUTO_FREE char *issuing = file_join(bench.directory, "ca/issuing.pem");
	AUTO_FREE char *key = file_join(bench.directory, "ca/issuing.key");
	bench_shell("%s --state-dir %s/ca init >/dev/null", attest_ca, bench.directory);
	bench_shell("%s init --state-dir %s/acme --dns-name localhost --attestation-roots %s >/dev/null",
	    acmed, bench.directory, root);
	if (file_replace(conf, config, sizeof config - 1, 0600, &err) != 0 ||
	    certificate_load(root, &bench.root, &err) != 0 ||
	    certificate_load(issuing, &bench.attestation.certificate, &err) != 0 ||
	    key_load(key, &bench.attestation.key, &err) != 0)
		bench_die("%s", err.detail);
}

static void
daemon_start(void)
{
	AUTO_FREE char *config = file_join(bench.directory, "conf");
	AUTO_FREE char *state = file_join(bench.directory, "acme");
	AUTO_FREE char *log = file_join(bench.directory, "log");

	bench_daemon_start(&bench.daemon, "attest-acmed", state, config, log);
	(void)snprintf(bench.base, sizeof bench.base, "https://localhost:%d/acme", bench.daemon.port);
}

/* ---- the benchmark ---- */

/* The connections and accounts of an issuance, and what the rows are called. */
static const struct {
	enum acme_reuse reuse;
	const char     *name;
} kinds[] = {
    {ACME_ALL_NEW, "issuance, a connection each"},
    {ACME_ACCOUNT_KEPT, "renewal, account kept"},
    {ACME_CONNECTION_KEPT, "renewal, connection and account kept"},
};

static double
daemon_cpu(void)
{
	return bench_cpu_of(bench.daemon.front) + bench_cpu_of(bench.daemon.keeper);
}

static double
daemon_pss(void)
{
	return (double)(bench_pss_of(bench.daemon.front) + bench_pss_of(bench.daemon.keeper) +
	    bench_pss_of(bench.daemon.supervisor));
}

/* Adds the CPU seconds of the bare server, and for how many issuances. */
static struct bench_outcome
bare_run(const struct acme_plan *plan, size_t clients, double *cpu, size_t *done)
{
	double               begin = bench_cpu_of(bench.bare);
	struct bench_outcome outcome = acme_clients_run(plan, clients, bench.seconds / 4);

	*cpu += bench_cpu_of(bench.bare) - begin;
	*done += outcome.done;
	return outcome;
}

/* The bare work before and after, for a machine that others use meanwhile. */
static void
report(size_t kind, size_t clients)
{
	struct acme_plan     plan = {&device, bench.base, bench.daemon.port, kinds[kind].reuse, NULL, NULL};
	struct acme_plan     bare = {&device, bench.base, bench.bare_port, kinds[kind].reuse, NULL, &bench.record};
	struct bench_outcome real;
	struct bench_outcome plain;
	double               work = 0;
	size_t               worked = 0;
	double               cpu;
	char                 row[128];

	(void)bare_run(&bare, clients, &work, &worked);
	cpu = daemon_cpu();
	real = acme_clients_run(&plan, clients, bench.seconds);
	cpu = (daemon_cpu() - cpu) / (double)real.done * 1e6;
	plain = bare_run(&bare, clients, &work, &worked);
	work = work / (double)worked * 1e6;
	bench.done += real.done;

	(void)snprintf(row, sizeof row, "%s, %zu clients", kinds[kind].name, clients);
	bench_figure(row, "issuances", (double)real.done, "");
	bench_figure(row, "CPU, front and keeper", cpu, "us");
	bench_figure(row, "CPU, bare work", work, "us");
	bench_figure(row, "CPU beside bare work", cpu / work, "times");
	bench_figure(row, "latency, median", real.p50, "ms");
	bench_figure(row, "latency, p99", real.p99, "ms");
	bench_figure(row, "latency of bare work, median", plain.p50, "ms");
}

/* Clients with an RSA-2048 AK before step-ca, and before attest-acmed. */
static void
report_peer(size_t clients)
{
	struct acme_plan     plan = {&rsa_device, bench.peer_base, bench.peer_port, ACME_ALL_NEW, NULL, NULL};
	struct acme_plan     our_plan = {&rsa_device, bench.base, bench.daemon.port, ACME_ALL_NEW, NULL, NULL};
	double               cpu = bench_cpu_of(bench.peer);
	struct bench_outcome outcome = acme_clients_run(&plan, clients, bench.seconds);
	struct bench_outcome our_outcome;
	double               ours;
	char                 row[128];

	cpu = (bench_cpu_of(bench.peer) - cpu) / (double)outcome.done * 1e6;
	ours = daemon_cpu();
	our_outcome = acme_clients_run(&our_plan, clients, bench.seconds);
	ours = (daemon_cpu() - ours) / (double)our_outcome.done * 1e6;
	bench.done += our_outcome.done;

	(void)snprintf(row, sizeof row, "issuance by step-ca, a connection each, %zu clients", clients);
	bench_figure(row, "issuances", (double)outcome.done, "");
	bench_figure(row, "CPU", cpu, "us");
	bench_figure(row, "CPU of attest-acmed for the same", ours, "us");
	bench_figure(row, "attest-acmed beside it", ours / cpu, "times");
	bench_figure(row, "latency, median", outcome.p50, "ms");
	bench_figure(row, "latency, p99", outcome.p99, "ms");
	bench_figure(row, "latency of attest-acmed, median", our_outcome.p50, "ms");
	bench_figure(row, "latency of attest-acmed, p99", our_outcome.p99, "ms");
}

static void
report_memory(double before)
{
	static const char row[] = "memory of attest-acmed";

	bench_figure(row, "PSS at the start", before, "KiB");
	bench_figure(row, "PSS", daemon_pss(), "KiB");
	bench_figure(row, "after issuances", (double)bench.done, "");
	bench_figure(row, "PSS more for each",
	    (daemon_pss() - before) * 1024 / (double)(bench.done != 0 ? bench.done : 1), "octets");
}

/* The first issuance, which also makes the keys that all clients share. */
static void
exchanges_record(void)
{
	struct acme_plan plan = {&device, bench.base, bench.daemon.port, ACME_ALL_NEW, &bench.record, NULL};
	void            *issuance = acme_issuance_open(&plan);

	(void)acme_issuance_once(issuance);
	acme_issuance_close(issuance);
}

static void
peer_start(const char *programs)
{
	AUTO_FREE char *root = file_join(bench.directory, "ca/root.pem");

	bench.peer = acme_peer_start(programs, bench.directory, root, &bench.peer_port);
	(void)snprintf(bench.peer_base, sizeof bench.peer_base, "https://localhost:%d/acme/acme", bench.peer_port);
}

static void
device_clear(struct acme_device *to)
{
	SSL_CTX_free(to->tls);
	forge_ak_clear(&to->ak);
	bytes_clear(&to->ak_certificate);
	bytes_clear(&to->issuing);
	bytes_clear(&to->csr);
}

static void
bench_clear(void)
{
	bench_shell("rm -rf %s", bench.directory);
	acme_record_clear(&bench.record);
	X509_free(bench.root);
	ca_clear(&bench.attestation);
	device_clear(&device);
	device_clear(&rsa_device);
}

/* Issuances by one client, before a server that is counted. */
static void
issue(size_t count)
{
	struct acme_plan plan = {&device, bench.base, bench.daemon.port, ACME_ALL_NEW, NULL, NULL};
	void            *issuance = acme_issuance_open(&plan);

	for (size_t i = 0; i < count; i++)
		(void)acme_issuance_once(issuance);
	acme_issuance_close(issuance);
}

static void
measure(const size_t *clients, size_t runs)
{
	double before = daemon_pss();

	exchanges_record();
	acme_bare_report();
	for (size_t i = 0; i < runs; i++) {
		if (bench.peer != 0)
			report_peer(clients[i]);
		for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
			report(kind, clients[i]);
	}
	report_memory(before);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {"connections", required_argument, NULL, 'c'},
	    {"step-ca", required_argument, NULL, 'p'},
	    {"count", required_argument, NULL, 'n'},
	    {"no-fork", no_argument, NULL, 'f'},
	    {"under", required_argument, NULL, 'u'},
	    {NULL, 0, NULL, 0},
	};
	const char *peer = NULL;
	size_t      clients[8] = {2, 16};
	size_t      runs = 0;
	int         option;

	while ((option = getopt_long(argc, argv, "s:c:", options, NULL)) != -1) {
		if (option == 's')
			bench.seconds = atof(optarg);
		else if (option == 'c' && runs < 8)
			clients[runs++] = strtoul(optarg, NULL, 10);
		else if (option == 'p')
			peer = optarg;
		else if (option == 'n')
			bench.count = strtoul(optarg, NULL, 10);
		else if (option == 'f')
			bench.daemon.no_fork = true;
		else if (option == 'u')
			bench.daemon.under = optarg;
		else
			bench_die("usage: acme_bench [--seconds N] [--connections N]... [--step-ca DIRECTORY]\n"
			          "       acme_bench --count N [--no-fork] [--under COMMAND]");
	}
	for (size_t i = 0; i < runs; i++) {
		if (clients[i] == 0 || clients[i] > BENCH_CLIENTS_MAX)
			bench_die("from 1 to %d connections", BENCH_CLIENTS_MAX);
	}
	if ((bench.daemon.under != NULL || bench.daemon.no_fork) && bench.count == 0)
		bench_die("--under and --no-fork need --count: CPU time is measured by process");
	state_prepare();
	device_prepare(&device, FORGE_AK_P256);
	device_prepare(&rsa_device, FORGE_AK_RSASSA);
	if (bench.count != 0) {
		daemon_start();
		issue(bench.count);
		bench_stop(bench.daemon.supervisor);
		bench_clear();
		return EXIT_SUCCESS;
	}
	bench.bare = acme_bare_start(&device, &bench.attestation, bench.root, &bench.bare_port);
	daemon_start();
	if (peer != NULL)
		peer_start(peer);
	measure(clients, runs != 0 ? runs : 2);
	if (peer != NULL)
		bench_stop(bench.peer);
	acme_bare_stop(bench.bare);
	bench_stop(bench.daemon.supervisor);
	bench_clear();
	return EXIT_SUCCESS;
}
