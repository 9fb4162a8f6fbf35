#include "config.h"

#include "failing.h"

#include <sys/mman.h>

#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <sqlite3.h>
#include <unicode/uclean.h>

#include "unit.h"

/* More than any operation needs: the loop ends. */
#define ALLOCATIONS_MAX 20000
/* Of those behind which all fail, one in so many is tried. */
#define LASTING_STEP 7
/* The first few are always tried: they are what an operation begins with, a transaction for example. */
#define FIRST_ONES 4
#define DESCRIPTORS_MAX 32
/* Of the calls that are under way, so many say where a point is; some are our own. Without optimization each
 * function is a call. */
#ifdef __OPTIMIZE__
#define PATH_CALLS 7
#else
#define PATH_CALLS 10
#endif
#define PATHS_MAX (1U << 16)
/* A cache grows once; a leak grows each time. */
#define LEAK_ROUNDS 4

/* In front of each block. All blocks are in a list, so that a sanitizer leaves leaks to us. */
union header {
	struct {
		size_t        size;
		union header *before;
		union header *after;
	};
	max_align_t align;
};

static union header list = {{0, &list, &list}};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below: an operation may have threads */

static bool     armed;
static bool     record; /* this run: see failing_paths */
static bool     spared;
static bool     memory_spared;
static bool     among_threads;
static bool     late; /* the operation calls failing_on */
static unsigned wanted;
static unsigned step = 1;
static unsigned start;
static bool     lasting; /* all that follow fail too */
static unsigned left;    /* allocations until the one that fails */
static bool     failed;
static long     alive; /* blocks */

static struct error last; /* what the last run told */

static uint64_t *tried;     /* hashes of paths, shared with the processes of all cases; NULL: not by paths */
static bool      recording; /* a run in which nothing fails */
static unsigned  points;   /* its points */
static unsigned  fresh[ALLOCATIONS_MAX]; /* those whose paths were not tried, in order */
static unsigned  fresh_count;

/* FNV-1a of the calls that are under way. */
static uint64_t
path_hash(void)
{
	void    *calls[PATH_CALLS];
	int      count = backtrace(calls, PATH_CALLS);
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (int i = 0; i < count; i++)
		hash = (hash ^ (uint64_t)(uintptr_t)calls[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* False when it was there. */
static bool
path_enter(uint64_t path)
{
	size_t at = path % PATHS_MAX;

	while (tried[at] != 0 && tried[at] != path)
		at = (at + 1) % PATHS_MAX;
	if (tried[at] == path)
		return false;
	tried[at] = path;
	return true;
}

static bool
due_now(void)
{
	if (recording) {
		points++;
		if (path_enter(path_hash())) {
			ck_assert_uint_lt(fresh_count, ALLOCATIONS_MAX);
			fresh[fresh_count++] = points;
		}
		return false;
	}
	if (!armed || (failed && !lasting))
		return false;
	if (left > 0 && --left > 0)
		return false;
	failed = true;
	return true;
}

bool
failing_now(void)
{
	bool now;

	(void)pthread_mutex_lock(&lock);
	now = due_now();
	(void)pthread_mutex_unlock(&lock);
	return now;
}

static void *
block_enter(union header *header, size_t size)
{
	(void)pthread_mutex_lock(&lock);
	header->size = size;
	header->before = list.before;
	header->after = &list;
	list.before->after = header;
	list.before = header;
	alive++;
	(void)pthread_mutex_unlock(&lock);
	return header + 1;
}

static union header *
block_leave(void *block)
{
	union header *header = (union header *)block - 1;

	(void)pthread_mutex_lock(&lock);
	header->before->after = header->after;
	header->after->before = header->before;
	alive--;
	(void)pthread_mutex_unlock(&lock);
	return header;
}

static void *
block_new(size_t size)
{
	union header *header;

	if (size > SIZE_MAX - sizeof *header || (!memory_spared && failing_now()) || (header = malloc(sizeof *header + size)) == NULL)
		return NULL;
	return block_enter(header, size);
}

static void
block_free(void *block)
{
	if (block != NULL)
		free(block_leave(block));
}

/* A block that grows always moves: who keeps the old address is found out. */
static void *
block_resize(void *block, size_t size)
{
	void  *moved = block_new(size);
	size_t kept = block != NULL ? ((union header *)block - 1)->size : 0;

	if (moved != NULL && block != NULL) {
		memcpy(moved, block, kept < size ? kept : size);
		block_free(block);
	}
	return moved;
}

/* ---- OpenSSL ---- */

static void *
openssl_new(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size != 0 ? block_new(size) : NULL;
}

static void
openssl_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	block_free(block);
}

static void *
openssl_resize(void *block, size_t size, const char *file, int line)
{
	if (block != NULL && size == 0) {
		openssl_free(block, file, line);
		return NULL;
	}
	return block_resize(block, size);
}

/* ---- SQLite ---- */

static void *
sqlite_new(int size)
{
	return block_new((size_t)size);
}

static void *
sqlite_resize(void *block, int size)
{
	return block_resize(block, (size_t)size);
}

static int
sqlite_size(void *block)
{
	return block != NULL ? (int)((union header *)block - 1)->size : 0;
}

static int
sqlite_round(int size)
{
	return (size + 7) & ~7;
}

static int
sqlite_begin(void *arg)
{
	(void)arg;
	return SQLITE_OK;
}

static void
sqlite_end(void *arg)
{
	(void)arg;
}

static sqlite3_mem_methods sqlite_methods = {
    sqlite_new, block_free, sqlite_resize, sqlite_size, sqlite_round, sqlite_begin, sqlite_end, NULL};

void
failing_prepare(void)
{
	if (CRYPTO_set_mem_functions(openssl_new, openssl_resize, openssl_free) != 1 ||
	    sqlite3_config(SQLITE_CONFIG_MALLOC, &sqlite_methods) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK) /* it would hide most of them */
		abort(); /* too late */
}

void
failing_prepare_events(void)
{
	event_set_mem_functions(block_new, block_resize, block_free);
}

/* ---- ICU ---- */

static void *
names_new(const void *context, size_t size)
{
	(void)context;
	return block_new(size);
}

static void *
names_resize(const void *context, void *block, size_t size)
{
	(void)context;
	return block_resize(block, size);
}

static void
names_free(const void *context, void *block)
{
	(void)context;
	block_free(block);
}

void
failing_prepare_names(void)
{
	UErrorCode status = U_ZERO_ERROR;

	u_setMemoryFunctions(NULL, names_new, names_resize, names_free, &status);
	if (U_FAILURE(status))
		abort(); /* too late */
}

/* ---- running ---- */

void
failing_every(unsigned n, unsigned from)
{
	step = n;
	start = from;
}

void
failing_paths(void)
{
	tried = mmap(NULL, PATHS_MAX * sizeof *tried, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tried == MAP_FAILED)
		abort();
}

void
failing_on(void)
{
	(void)pthread_mutex_lock(&lock);
	late = true;
	armed = wanted != 0 && !spared;
	recording = record && tried != NULL;
	(void)pthread_mutex_unlock(&lock);
}

void
failing_among_threads(void)
{
	among_threads = true;
}

void
failing_spare_memory(void)
{
	memory_spared = true;
}

void
failing_spare(void)
{
	(void)pthread_mutex_lock(&lock);
	spared = true;
	(void)pthread_mutex_unlock(&lock);
}

void
failing_off(void)
{
	(void)pthread_mutex_lock(&lock);
	armed = false;
	recording = false;
	(void)pthread_mutex_unlock(&lock);
}

bool
failing_lasts(void)
{
	bool lasts;

	(void)pthread_mutex_lock(&lock);
	lasts = failed && lasting;
	(void)pthread_mutex_unlock(&lock);
	return lasts;
}

/* How many of the first ones are open. */
static int
descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* One run in which the n-th allocation fails, 0: none; *end: it needs fewer than n. */
static int
run(failing_operation *operation, const void *arg, unsigned n, bool on, bool *end)
{
	struct error err = {0};
	int          before = descriptors();
	int          rc;

	(void)pthread_mutex_lock(&lock);
	failed = false;
	spared = false;
	left = wanted = n;
	lasting = on;
	armed = n != 0 && !late;
	(void)pthread_mutex_unlock(&lock);
	rc = operation(arg, &err);
	(void)pthread_mutex_lock(&lock);
	armed = false;
	recording = false;
	*end = !failed;
	(void)pthread_mutex_unlock(&lock);
	ERR_clear_error();
	last = err;
	ck_assert_msg(among_threads || descriptors() == before, "%u: a descriptor stays open", n);
	ck_assert_msg(rc == 0 || err.detail[0] != '\0', "%u: it failed and does not say why", n);
	ck_assert_msg(rc == 0 || rc == -1, "%u: %d", n, rc);
	return rc;
}

/* Looks whether the run leaves something behind each time. */
static void
check_leak(failing_operation *operation, const void *arg, unsigned n, bool on)
{
	bool end;
	long before;

	for (int i = 0; i < LEAK_ROUNDS; i++) {
		before = alive;
		(void)run(operation, arg, n, on, &end);
		if (alive <= before)
			return;
	}
	ck_abort_msg("%u: %ld blocks leak each time", n, alive - before);
}

static unsigned
next(unsigned n, unsigned by)
{
	if (n == FIRST_ONES && start > n)
		n = start;
	return n < FIRST_ONES ? n + 1 : n + by;
}

/* One that fails at the n-th point, for failing_each; false: it needs fewer than n. */
static bool
each_at(failing_operation *operation, const void *arg, int due, bool always, unsigned n, bool on)
{
	long before = alive;
	bool end;
	int  rc = run(operation, arg, n, on, &end);

	ck_assert_msg(rc == due || (rc == -1 && !end && !always), "%u%s: the verdict is another one: %s",
	    n, on ? " and all behind it" : "", last.detail);
	if (alive > before)
		check_leak(operation, arg, n, on);
	return !end;
}

/* The points that a run without a failure has on paths that no case has tried. */
static void
each_path(failing_operation *operation, const void *arg, int due, bool always)
{
	bool end;

	points = fresh_count = 0;
	record = true;
	recording = !late;
	ck_assert_int_eq(run(operation, arg, 0, false, &end), due);
	record = false;
	for (unsigned i = 0; i < fresh_count; i++)
		(void)each_at(operation, arg, due, always, fresh[i], false);
}

static void
each(failing_operation *operation, const void *arg, int due, bool always)
{
	bool end;

	late = false;
	for (int i = 0; i < 3; i++) /* what is fetched once is there from then on */
		ck_assert_msg(run(operation, arg, 0, false, &end) == due, "nothing fails: %s", last.detail);
	if (tried != NULL)
		each_path(operation, arg, due, always);
	for (int on = tried != NULL; on < 2; on++) {
		unsigned n = 0;

		do {
			ck_assert_uint_lt(n, ALLOCATIONS_MAX);
			n = next(n, on != 0 ? LASTING_STEP * step : step);
		} while (each_at(operation, arg, due, always, n, on != 0));
	}
	ck_assert_int_eq(run(operation, arg, 0, false, &end), due);
}

void
failing_each(failing_operation *operation, const void *arg)
{
	each(operation, arg, 0, false);
}

void
failing_succeeds(failing_operation *operation, const void *arg)
{
	each(operation, arg, 0, true);
}

void
failing_refuses(failing_operation *operation, const void *arg)
{
	each(operation, arg, -1, true);
}

void
failing_refuses_at(failing_operation *operation, const void *arg, unsigned n)
{
	bool end;

	ck_assert_msg(run(operation, arg, n, false, &end) == -1, "%u: the verdict is another one", n);
}
