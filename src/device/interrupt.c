/* Owns the one flag that signal handlers set. */
#include "config.h"

#include "device/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "util/clock.h"
#include "util/error.h"

static volatile sig_atomic_t interrupted;

static void
interrupt_cb(int number)
{
	(void)number;
	interrupted = 1;
}

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

void
device_interrupt_catch(void)
{
	struct sigaction action = {.sa_handler = interrupt_cb, .sa_flags = SA_RESTART};

	(void)sigemptyset(&action.sa_mask);
	for (unsigned int i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		(void)sigaction(numbers[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

bool
device_interrupt_pending(void)
{
	return interrupted != 0;
}

int
device_interrupt_check(struct error *err)
{
	return interrupted ? error_set(err, ERROR_INTERNAL, "interrupted") : 0;
}

/* The signals are blocked except during the sleep, so none is lost between the check and the
 * sleep. */
int
device_interrupt_sleep(int64_t ms, struct error *err)
{
	int64_t  end = clock_monotonic_ms() + ms;
	sigset_t held;
	sigset_t before;

	(void)sigemptyset(&held);
	for (unsigned int i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		(void)sigaddset(&held, numbers[i]);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	for (int64_t left = ms; left > 0 && !interrupted; left = end - clock_monotonic_ms()) {
		struct timespec timeout = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};

		(void)ppoll(NULL, 0, &timeout, &before);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return device_interrupt_check(err);
}
