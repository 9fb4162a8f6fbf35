/*
 * What a CRL costs as it grows: signing it from the store, noticing that nothing is
 * new, one revocation more, and at the other side reading and asking it. Nothing is
 * asserted.
 */
#include "config.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <openssl/x509.h>

#include "bench.h"
#include "ca/crl.h"
#include "ca/crl_inventory.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/revocation.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

#define DAY      ((int64_t)24 * 60 * 60)
#define LOOK_UPS 100000

static struct error err;
static char         directory[] = "/tmp/crl-bench.XXXXXX";
static struct ca    issuing;
static struct ca    root;
static int64_t      now;

static void
must(int rc)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "crl_bench: %s\n", err.detail);
	exit(EXIT_FAILURE);
}

static double
seconds(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
setup(struct store **store)
{
	now = clock_now();
	if (mkdtemp(directory) == NULL)
		exit(EXIT_FAILURE);
	must(key_generate(KEY_TYPE_P256, &root.key, &err));
	must(key_generate(KEY_TYPE_P256, &issuing.key, &err));
	must(ca_root_create(root.key, "Root", now, 365 * DAY, &root.certificate, &err));
	must(ca_issuing_create(&root, issuing.key, "Issuing", now, 365 * DAY, &issuing.certificate,
	    &err));
	must(store_create(directory, &err));
	must(store_open(directory, store, &err));
}

static void
teardown(struct store *store)
{
	char command[sizeof directory + 16];

	store_close(store);
	ca_clear(&issuing);
	ca_clear(&root);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
	if (system(command) != 0)
		exit(EXIT_FAILURE);
}

/* Devices with a certificate each, up to `total`, all revoked. */
static void
revoke_up_to(struct store *store, int64_t issuer, uint32_t *have, uint32_t total)
{
	struct store_device device = {.enabled = false};
	struct store_device found;
	size_t              revoked;

	must(store_begin(store, &err));
	(void)RAND_bytes(device.ek_hash, sizeof device.ek_hash);
	must(store_device_enroll(store, &device, now, &err));
	must(store_device_find(store, device.ek_hash, &found, &err));
	for (; *have < total; ++*have) {
		struct store_certificate certificate = {
		    .serial_size = 20, .ak_name = {0, 0x0b}, .ak_name_size = 34, .not_before = now,
		    .not_after = now + 90 * DAY, .issuer = issuer};

		memcpy(certificate.ek_hash, device.ek_hash, sizeof device.ek_hash);
		must(certificate_serial_draw(certificate.serial, &err));
		must(store_certificate_add(store, &certificate, found.revision, &err));
	}
	must(store_revoke_device(store, device.ek_hash, REASON_SUPERSEDED, now, &revoked, &err));
	store_device_clear(&found);
	must(store_commit(store, &err));
}

/* Whoever watches the file: reading it, and one question of many. */
static void
bench_reader(const char *path, double *load, double *ask)
{
	struct revocation *revocation = revocation_new(false);
	X509              *leaf = X509_new();
	ASN1_INTEGER      *serial = X509_get_serialNumber(leaf);
	double             begun = seconds();

	must(revocation_add_file(revocation, path, &err));
	(void)revocation_check(revocation, leaf, issuing.certificate, now, &err); /* verifies it */
	*load = seconds() - begun;
	begun = seconds();
	for (int i = 0; i < LOOK_UPS; i++) {
		(void)ASN1_INTEGER_set_uint64(serial, (uint64_t)i << 32 | 1);
		(void)revocation_check(revocation, leaf, issuing.certificate, now, &err);
	}
	*ask = (seconds() - begun) / LOOK_UPS;
	X509_free(leaf);
	revocation_free(revocation);
}

static void
bench_one(struct store *store, struct crl_keeper *crl, int64_t issuer, uint32_t *have, uint32_t total)
{
	AUTO_FREE char *path = file_join(directory, STATE_ISSUING_CRL);
	double          sign;
	double          idle;
	double          load;
	double          ask;
	double          begun;
	bool            fresh;
	struct stat     st;
	char            row[64];

	revoke_up_to(store, issuer, have, total - 1);
	must(crl_keeper_refresh(crl, store, now, &fresh, &err));
	revoke_up_to(store, issuer, have, total);
	begun = seconds();
	must(crl_keeper_refresh(crl, store, now, &fresh, &err));
	sign = seconds() - begun;
	must(crl_keeper_refresh(crl, store, now, &fresh, &err));
	begun = seconds();
	for (int i = 0; i < 1000; i++)
		must(crl_keeper_refresh(crl, store, now, &fresh, &err));
	idle = (seconds() - begun) / 1000;
	bench_reader(path, &load, &ask);
	(void)stat(path, &st);
	(void)snprintf(row, sizeof row, "CRL of %" PRIu32 " entries", total);
	bench_figure(row, "size", (double)st.st_size / 1e6, "MB");
	bench_figure(row, "one more revoked", sign * 1e3, "ms");
	bench_figure(row, "nothing new", idle * 1e6, "us");
	bench_figure(row, "read", load * 1e3, "ms");
	bench_figure(row, "asked", ask * 1e6, "us");
}

/* With a number, up to so many entries. */
int
main(int argc, char **argv)
{
	static const uint32_t sizes[] = {1000, 10000, 100000, 1000000};
	struct store         *store = NULL;
	struct crl_keeper    *crl;
	AUTO_FOLDER           state = {.fd = -1};
	int64_t               issuer;
	uint32_t              have = 0;

	setup(&store);
	must(folder_open(directory, &state, &err));
	must(issuer_record(store, issuing.certificate, now, &issuer, &err));
	crl = crl_keeper_new(&state, STATE_ISSUING_CRL, crl_source_inventory(), issuer, &issuing,
	    7 * DAY);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (argc < 2 || sizes[i] <= strtoul(argv[1], NULL, 10))
			bench_one(store, crl, issuer, &have, sizes[i]);
	crl_keeper_free(crl);
	teardown(store);
	return EXIT_SUCCESS;
}
