/* Owns the one flag that signal handlers set. */
#include "config.h"

#include "device/interrupt.h"

#include <signal.h>

#include "util/error.h"

static volatile sig_atomic_t interrupted;

static void
interrupt_cb(int number)
{
	(void)number;
	interrupted = 1;
}

void
device_interrupt_catch(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
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
