/* Owns the order of the threads. Each has a condition of its own, so that only the next one wakes. */
#include "config.h"

#include "pkcs11/queue.h"

#include <pthread.h>
#include <stdbool.h>

#include <sys/queue.h>

struct waiter {
	TAILQ_ENTRY(waiter) link;
	pthread_cond_t      turn;
	bool                is_next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static TAILQ_HEAD(, waiter) waiters = TAILQ_HEAD_INITIALIZER(waiters);
static bool taken;

void
queue_enter(void)
{
	struct waiter self = {.turn = PTHREAD_COND_INITIALIZER};

	pthread_mutex_lock(&lock);
	if (taken) {
		TAILQ_INSERT_TAIL(&waiters, &self, link);
		while (!self.is_next)
			pthread_cond_wait(&self.turn, &lock);
	}
	taken = true;
	pthread_mutex_unlock(&lock);
	pthread_cond_destroy(&self.turn);
	/* NOLINTNEXTLINE(clang-analyzer-core.StackAddressEscape): who set is_next took it off */
}

void
queue_leave(void)
{
	struct waiter *next;

	pthread_mutex_lock(&lock);
	next = TAILQ_FIRST(&waiters);
	taken = next != NULL; /* handed over: nobody who comes now is faster */
	if (next != NULL) {
		TAILQ_REMOVE(&waiters, next, link);
		next->is_next = true;
		pthread_cond_signal(&next->turn);
	}
	pthread_mutex_unlock(&lock);
}

void
queue_child(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	TAILQ_INIT(&waiters);
	taken = false;
}
