/* Owns the signal, and the list of threads that have had it. Knows nothing of what is done there. */
#include "config.h"

#include "daemon/threads.h"

#include <sys/syscall.h>
#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/bytes.h"

/*
 * The C library's own, by which setuid(2) reaches all threads: GLib's worker blocks every signal, but the C
 * library lets nobody block this one, nor catch it, so that we ask the kernel.
 */
#define THREADS_SIGNAL 33

/* The kernel's struct sigaction, of which we know that the handler comes first, and its signal set. */
#define ACTION_WORDS 8
#define MASK_SIZE    8

/* Listings in which a thread is new: each has been made by one that had not had the signal. */
#define THREADS_LISTINGS 64

/* How often, and how long, it is waited for a thread's answer: a second, unless it ends. */
#define THREADS_WAITS   50
#define THREADS_WAIT_MS 20

/* What the handler works with: there is but one process. */
static struct {
	int      (*work)(void *arg);
	void      *arg;
	sem_t      answered;
	atomic_int thread; /* that is asked; 0: none */
	atomic_int failed;
} asked;

static void
threads_signal_cb(int number)
{
	int before = errno;
	int thread = (int)syscall(SYS_gettid);

	(void)number;
	/* Not one that takes it when nobody waits for it any more. */
	if (atomic_compare_exchange_strong(&asked.thread, &thread, 0)) {
		atomic_store(&asked.failed, asked.work(asked.arg));
		(void)sem_post(&asked.answered);
	}
	errno = before;
}

/* Waits for an answer for so long; false: there is none. */
static bool
answer_comes(long milliseconds)
{
	struct timespec until = {0};
	int             rc;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += milliseconds * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	do
		rc = sem_timedwait(&asked.answered, &until);
	while (rc != 0 && errno == EINTR);
	return rc == 0;
}

static bool
thread_is_there(int thread)
{
	return syscall(SYS_tgkill, (long)getpid(), thread, 0) == 0 || errno != ESRCH;
}

/* False: it was not done there, and the thread is there still. */
static bool
thread_ask(int thread)
{
	bool answered = false;
	int  waiting = thread;

	atomic_store(&asked.thread, thread);
	if (syscall(SYS_tgkill, (long)getpid(), thread, THREADS_SIGNAL) == 0)
		for (int i = 0; i < THREADS_WAITS && !answered && thread_is_there(thread); i++)
			answered = answer_comes(THREADS_WAIT_MS);
	/* Either nobody will answer any more, or the thread is at it. */
	if (!answered && atomic_compare_exchange_strong(&asked.thread, &waiting, 0))
		return !thread_is_there(thread);
	for (; !answered; answered = answer_comes(THREADS_WAIT_MS))
		;
	return atomic_load(&asked.failed) == 0;
}

/* Appends the ids (int) of the other threads. */
static void
threads_list(struct bytes *list)
{
	DIR           *tasks = opendir("/proc/self/task");
	int            self = (int)syscall(SYS_gettid);
	struct dirent *entry;

	while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
		int thread = (int)strtol(entry->d_name, NULL, 10);

		if (thread != 0 && thread != self) /* 0: "." and ".." */
			bytes_append(list, &thread, sizeof thread);
	}
	if (tasks != NULL)
		(void)closedir(tasks);
}

size_t
threads_besides(void)
{
	AUTO_BYTES list = {0};

	threads_list(&list);
	return list.size / sizeof(int);
}

static bool
threads_have(const struct bytes *list, int thread)
{
	for (size_t at = 0; at < list->size; at += sizeof thread)
		if (memcmp(list->data + at, &thread, sizeof thread) == 0)
			return true;
	return false;
}

/* Asks those of a new listing that are not in `done` yet; returns whether there was one. */
static bool
threads_ask_new(struct bytes *done, size_t *left)
{
	AUTO_BYTES list = {0};
	size_t     before = done->size;

	threads_list(&list);
	for (size_t at = 0; at < list.size; at += sizeof(int)) {
		int thread;

		memcpy(&thread, list.data + at, sizeof thread);
		if (threads_have(done, thread))
			continue;
		bytes_append(done, &thread, sizeof thread);
		*left += !thread_ask(thread);
	}
	return done->size != before;
}

static bool
action_change(const uintptr_t *wanted, uintptr_t *before)
{
	return syscall(SYS_rt_sigaction, THREADS_SIGNAL, wanted, before, MASK_SIZE) == 0;
}

/*
 * Puts our handler in the place of the C library's, which came with its first thread, with all that belongs
 * to that; threads that did not come by the C library are not asked.
 */
static bool
action_take(uintptr_t before[ACTION_WORDS])
{
	uintptr_t ours[ACTION_WORDS];

	if (!action_change(NULL, before) || before[0] == (uintptr_t)SIG_DFL || before[0] == (uintptr_t)SIG_IGN)
		return false;
	memcpy(ours, before, sizeof ours);
	ours[0] = (uintptr_t)threads_signal_cb;
	return action_change(ours, NULL);
}

size_t
threads_each(int (*work)(void *arg), void *arg)
{
	uintptr_t  before[ACTION_WORDS] = {0};
	AUTO_BYTES done = {0};
	size_t     left = 0;
	int        listings = 0;

	if (!action_take(before))
		return threads_besides();
	asked.work = work;
	asked.arg = arg;
	(void)sem_init(&asked.answered, 0, 0);
	while (threads_ask_new(&done, &left) && listings < THREADS_LISTINGS)
		listings++;
	/* The C library would take a signal that comes too late for its own. */
	if (left == 0)
		(void)action_change(before, NULL);
	/* The semaphore stays: a thread that has just answered may still be in sem_post. */
	return left;
}
