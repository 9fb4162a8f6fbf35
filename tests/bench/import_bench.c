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
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/hex.h"

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

static char     directory[64];
static uint64_t state = 1;

/* splitmix64: hashes as evenly spread as real ones. */
static uint64_t
draw(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15U);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static void
draw_hash(uint8_t hash[STORE_HASH_SIZE])
{
	for (size_t i = 0; i < STORE_HASH_SIZE; i += sizeof(uint64_t)) {
		uint64_t part = draw();

		memcpy(hash + i, &part, sizeof part);
	}
}

static void
write_file(const char *path, uint64_t devices)
{
	FILE   *out = fopen(path, "w");
	uint8_t hash[STORE_HASH_SIZE];
	char    text[2 * STORE_HASH_SIZE + 1];

	if (out == NULL)
		bench_die("cannot write %s", path);
	(void)fputs("ek_hash,name,note,tags\n", out);
	for (uint64_t i = 0; i < devices; i++) {
		draw_hash(hash);
		hex_encode(hash, sizeof hash, text);
		(void)fprintf(out, "%s,host-%012" PRIx64 ".example.org,\"rack %d, row %d\",site-%d model-%d\n",
		    text, draw() >> 16, (int)(i % 977), (int)(i % 31), (int)(i % 50), (int)(i % 7));
	}
	if (fclose(out) != 0)
		bench_die("cannot write %s", path);
}

static void *
writer_main(void *arg)
{
	struct writer  *writer = arg;
	struct timespec pause = {0, 1000L * WRITER_PAUSE_US};

	while (!writer->stop && writer->count < WRITER_SAMPLES_MAX) {
		struct store_device device = {.name_count = 0};
		struct error        err = {0};
		double              begun = bench_now_ms();

		draw_hash(device.ek_hash);
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
writer_stop(struct writer *writer, const char *when)
{
	writer->stop = true;
	(void)pthread_join(writer->thread, NULL);
	store_close(writer->store);
	if (writer->count == 0)
		bench_die("nothing was committed %s", when);
	qsort(writer->waits, writer->count, sizeof *writer->waits, compare_cb);
	printf("  commits %-14s %6zu: %.1f ms p50, %.1f ms p99, %.1f ms at most\n", when, writer->count,
	    writer->waits[writer->count / 2], writer->waits[writer->count * 99 / 100],
	    writer->waits[writer->count - 1]);
	free(writer->waits);
}

/* Runs attest-ca with a command and an operand; prints time and peak memory. */
static void
run(const char *command, const char *operand, uint64_t devices)
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
	printf("  %-22s %6.1f s, %.0f devices/s, %.1f s CPU, %ld MiB at most\n", command, seconds,
	    (double)devices / seconds,
	    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
	    usage.ru_maxrss / 1024);
}

static void
measure(uint64_t devices, const char *into)
{
	AUTO_FREE char *file = NULL;
	struct writer   writer = {.count = 0};

	if (asprintf(&file, "%s/devices.csv", directory) < 0)
		abort();
	write_file(file, devices);
	printf("%" PRIu64 " devices into %s\n", devices, into);
	writer_start(&writer);
	run("import", file, devices);
	writer_stop(&writer, "beside it");
	(void)unlink(file);
}

static void
measure_alone(void)
{
	struct timespec time = {WRITER_ALONE_MS / 1000, 0};
	struct writer   writer = {.count = 0};

	printf("nothing beside\n");
	writer_start(&writer);
	(void)nanosleep(&time, NULL);
	writer_stop(&writer, "alone");
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
	run("export", "--format=csv", 2 * devices);
	return EXIT_SUCCESS;
}
