/* Sets up attestd by the programs of this build, as an administrator would. */
#include "config.h"

#include "attest_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static void
config_write(const char *directory, const char *name, const struct bytes *text)
{
	AUTO_FREE char *path = file_join(directory, name);
	struct error    err = {0};

	if (file_replace(path, text->data, text->size, 0600, &err) != 0)
		bench_die("%s", err.detail);
}

/* attest-ca with that command, its output dropped. */
static void
administer(const struct attest_server *server, const char *command, const char *operands)
{
	AUTO_FREE char *admin = bench_built("src/attest-ca");

	bench_shell("admin=$(realpath %s) && cd %s && $admin --state-dir ca %s %s >/dev/null", admin,
	    server->directory, command, operands);
}

void
attest_server_make(struct attest_server *server)
{
	(void)snprintf(server->directory, sizeof server->directory, "/tmp/attest_bench.XXXXXX");
	if (mkdtemp(server->directory) == NULL)
		bench_die("cannot make %s", server->directory);
	administer(server, "init", "");
}

void
attest_server_enroll(const struct attest_server *server, const struct machine *machines, size_t count)
{
	AUTO_BYTES text = {0};
	char       line[256];

	bytes_append(&text, "ek_hash,name\n", 13);
	for (size_t i = 0; i < count; i++) {
		int length = snprintf(line, sizeof line, "%s,bench-%.16s\n", machines[i].hash, machines[i].hash);

		bytes_append(&text, line, (size_t)length);
	}
	config_write(server->directory, "machines.csv", &text);
	administer(server, "import", "machines.csv");
}

void
attest_server_trust(const struct attest_server *server, const char *files)
{
	administer(server, "trust import", files);
}

void
attest_server_start(struct attest_server *server, const char *settings)
{
	static const char limits[] = "device_challenges = 100000\n"
	                             "device_certificates = 0\n"
	                             "challenges = 100000\n";
	AUTO_BYTES        text = {0};

	bytes_append(&text, limits, sizeof limits - 1);
	bytes_append(&text, settings, strlen(settings));
	config_write(server->directory, "attestd.conf", &text);
	AUTO_FREE char *config = file_join(server->directory, "attestd.conf");
	AUTO_FREE char *state = file_join(server->directory, "ca");
	AUTO_FREE char *log = file_join(server->directory, "log");
	bench_daemon_start(&server->daemon, "attestd", state, config, log);
}

void
attest_server_stop(struct attest_server *server)
{
	bench_stop(server->daemon.supervisor);
}

double
attest_server_cpu(const struct attest_server *server)
{
	return bench_cpu_exact_of(server->daemon.front) + bench_cpu_exact_of(server->daemon.keeper);
}

long
attest_server_pss(const struct attest_server *server)
{
	return bench_pss_of(server->daemon.front) + bench_pss_of(server->daemon.keeper) +
	    bench_pss_of(server->daemon.supervisor);
}

void
attest_server_remove(const struct attest_server *server)
{
	bench_shell("rm -rf %s", server->directory);
}
