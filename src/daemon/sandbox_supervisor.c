/*
 * Owns what the supervisor may do. It starts the other two, and what it may not they may not either:
 * so it keeps what any of the three needs at its start, and gives up the rest for all of them.
 */
#include "config.h"

#include <sys/socket.h>

#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#if WITH_SECCOMP
#include <seccomp.h>
#endif

#include "daemon/filter.h"
#include "daemon/sandbox.h"
#include "util/error.h"
#include "util/process.h"

#if WITH_SECCOMP && WITH_SANDBOX

/* Refused, and not killed for: before a child's own sandbox nobody says which call it was. clone3 hides
 * its flags from the filter. */
static const struct filter_rule rules[] = {
    FILTER_RULES_NOBODY(REFUSE, REFUSE_MASKED),
    REFUSE(clone3),
};

static int
filter_enter_supervisor(struct error *err)
{
	return filter_enter(rules, sizeof rules / sizeof rules[0], FILTER_PERMIT, err);
}

#else

static int
filter_enter_supervisor(struct error *err)
{
	(void)err;
	return 0;
}

#endif

int
sandbox_enter_supervisor(enum sandbox_mode mode, struct error *err)
{
	if (!WITH_SANDBOX || mode == SANDBOX_OFF)
		return 0;
	if (process_limit(PROCESS_CAPABILITIES_OF_SUPERVISOR, err) != 0)
		return -1;
	if (mode == SANDBOX_AVAILABLE && !filter_is_available())
		return 0;
	return filter_enter_supervisor(err);
}
