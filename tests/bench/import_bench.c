/*
 * What it costs to import very many devices in random order, and what those wait who write
 * meanwhile: a thread enrols one device after the other, in a transaction each, first alone
 * and then beside the import. Also the export of all of them.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "devices.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"

#define WRITER_SAMPLES_MAX 1000000
#define WRITER_PAUSE_US    2000 /* between two commits, as of a daemon with something to do */
#define WRITER_ALONE_MS    3000

struct writer {
	pthread_t     thread;
	atomic_bool   stop;
	struct store *store;
	double       *waits; /* milliseconds */
	size_t        count;
};

static char directory[64];

static void *
writer_main(void *arg)
{
	struct writer  *writer = arg;
	struct timespec pause = {0, 1000L * WRITER_PAUSE_US};

	while (!writer->stop && writer->count < WRITER_SAMPLES_MAX) {
		struct store_device device = {.name_count = 0};
		struct error        err = {0};
		double              begun = bench_now_ms();

		devices_draw_hash(device.ek_hash);
		if (store_device_enroll(writer->store, &device, time(NULL), &err) != 0)
			bench_die("enrolling beside the import: %s", err.detail);
		writer->waits[writer->count++] = bench_now_ms() - begun;
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

static void
writer_start(struct writer *writer)
{
	struct error err = {0};

	writer->stop = false;
	writer->count = 0;
	writer->waits = memory_new(WRITER_SAMPLES_MAX * sizeof *writer->waits);
	if (store_open(directory, &writer->store, &err) != 0)
		bench_die("%s", err.detail);
	if (pthread_create(&writer->thread, NULL, writer_main, writer) != 0)
		bench_die("cannot start a thread");
}

static int
compare_cb(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
writer_stop(struct writer *writer, const char *row)
{
	writer->stop = true;
	(void)pthread_join(writer->thread, NULL);
	store_close(writer->store);
	if (writer->count == 0)
		bench_die("%s: nothing was committed", row);
	qsort(writer->waits, writer->count, sizeof *writer->waits, compare_cb);
	bench_figure(row, "commits", (double)writer->count, "");
	bench_figure(row, "wait, median", writer->waits[writer->count / 2], "ms");
	bench_figure(row, "wait, p99", writer->waits[writer->count * 99 / 100], "ms");
	bench_figure(row, "wait, at most", writer->waits[writer->count - 1], "ms");
	free(writer->waits);
}

/* Runs attest-ca with a command and an operand; notes time and peak memory. */
static void
run(const char *row, const char *command, const char *operand, uint64_t devices)
{
	AUTO_FREE char *program = bench_built("src/attest-ca");
	double          begun = bench_now_ms();
	struct rusage   usage;
	double          seconds;
	pid_t           child = fork();
	int             status;

	if (child == 0) {
		if (freopen("/dev/null", "w", stdout) != NULL)
			(void)execl(program, program, "--state-dir", directory, command, operand,
			    (char *)NULL);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
		bench_die("attest-ca %s failed", command);
	seconds = (bench_now_ms() - begun) / 1000;
	bench_figure(row, "time", seconds, "s");
	bench_figure(row, "devices a second", (double)devices / seconds, "");
	bench_figure(row, "CPU",
	    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
	    "s");
	bench_figure(row, "memory at most", (double)usage.ru_maxrss, "KiB");
}

static void
measure(uint64_t devices, const char *into)
{
	char            row[128];
	AUTO_FREE char *file = NULL;
	struct writer   writer = {.count = 0};

	if (asprintf(&file, "%s/devices.csv", directory) < 0)
		abort();
	devices_write(file, devices);
	(void)snprintf(row, sizeof row, "import of %" PRIu64 " devices into %s", devices, into);
	writer_start(&writer);
	run(row, "import", file, devices);
	(void)snprintf(row, sizeof row, "commits of a writer beside it, into %s", into);
	writer_stop(&writer, row);
	(void)unlink(file);
}

static void
measure_alone(void)
{
	struct timespec time = {WRITER_ALONE_MS / 1000, 0};
	struct writer   writer = {.count = 0};

	writer_start(&writer);
	(void)nanosleep(&time, NULL);
	writer_stop(&writer, "commits of a writer alone");
}

static void
remove_directory(void)
{
	bench_shell("rm -rf '%s'", directory);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"devices", required_argument, NULL, 'd'},
	    {NULL, 0, NULL, 0},
	};
	AUTO_FREE char *program = bench_built("src/attest-ca");
	uint64_t        devices = 1000000;
	char            row[128];
	int             option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option != 'd' || (devices = strtoull(optarg, NULL, 10)) == 0)
			bench_die("usage: import_bench [--devices N]");
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)snprintf(directory, sizeof directory, "/tmp/import_bench.XXXXXX");
	if (mkdtemp(directory) == NULL)
		bench_die("cannot make a directory");
	(void)atexit(remove_directory);
	bench_shell("'%s' --state-dir '%s' init >/dev/null", program, directory);
	measure_alone();
	measure(devices, "an empty inventory");
	measure(devices, "one of as many");
	(void)snprintf(row, sizeof row, "export of %" PRIu64 " devices", 2 * devices);
	run(row, "export", "--format=csv", 2 * devices);
	return EXIT_SUCCESS;
}
