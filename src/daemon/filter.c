/* Owns the filter of system calls, by libseccomp. The tables belong to the processes. */
#include "config.h"

#include "daemon/filter.h"

#include <sys/prctl.h>

#include <errno.h>
#include <unistd.h>

#if WITH_SECCOMP
#include <seccomp.h>
#endif

#include "daemon/violation.h"
#include "util/error.h"

/*
 * A descriptor differs from `first` in some highest bit, and is above it when that bit of `first` is 0. The
 * kernel reads 32 bits of the argument, so that comparing all of it would say nothing.
 */
void
filter_descriptors(int call, const unsigned *option, unsigned first,
    struct filter_rule rules[FILTER_DESCRIPTORS])
{
	struct filter_rule rule = {.call = call, .verdict = FILTER_PERMIT, .mask = UINT32_MAX, .value = first,
	    .has_option = option != NULL, .option_at = 1, .option = option != NULL ? *option : 0};

	rules[0] = rule;
	for (unsigned bit = 0; bit < 32; bit++) {
		rule.mask = (uint32_t)(UINT32_MAX << bit);
		rule.value = (first & rule.mask) ^ (UINT64_C(1) << bit);
		rule.verdict = (first >> bit & 1) == 0 ? FILTER_PERMIT : FILTER_FORBID;
		rules[1 + bit] = rule;
	}
}

#if WITH_SECCOMP

bool
filter_is_available(void)
{
	/* The kernel of a container may know neither the call nor the action. */
	return prctl(PR_GET_SECCOMP) >= 0 && seccomp_api_get() >= 2;
}

static uint32_t
filter_action(enum filter_verdict verdict)
{
	switch (verdict) {
	case FILTER_PERMIT:
		return SCMP_ACT_ALLOW;
	case FILTER_REFUSE:
		return SCMP_ACT_ERRNO(ENOSYS);
	case FILTER_FORBID:
		return SCMP_ACT_ERRNO(EACCES);
	case FILTER_KILL:
	default:
		return SCMP_ACT_TRAP;
	}
}

static int
filter_add(scmp_filter_ctx filter, const struct filter_rule *rule, enum filter_verdict others)
{
	scmp_datum_t        value = rule->own_pid ? (scmp_datum_t)getpid() : rule->value;
	struct scmp_arg_cmp when[] = {
	    {rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, value},
	    {rule->option_at, SCMP_CMP_MASKED_EQ, UINT32_MAX, rule->option},
	};

	if (rule->differs)
		when[0] = (struct scmp_arg_cmp){rule->argument, SCMP_CMP_NE, value, 0};
	if (rule->verdict == others) /* libseccomp takes no rule that is the default */
		return 0;
	if (rule->mask == 0)
		return seccomp_rule_add(filter, filter_action(rule->verdict), rule->call, 0);
	return seccomp_rule_add_array(filter, filter_action(rule->verdict), rule->call,
	    rule->has_option ? 2 : 1, when);
}

static int
filter_fill(scmp_filter_ctx filter, const struct filter_rule *rules, size_t count,
    enum filter_verdict others)
{
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = filter_add(filter, &rules[i], others);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, VIOLATION_END, 0);
	return rc == 0 ? seccomp_load(filter) : rc;
}

int
filter_enter(const struct filter_rule *rules, size_t count, enum filter_verdict others,
    struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(filter_action(others));
	int             rc;

	if (filter == NULL)
		return error_set(err, ERROR_INTERNAL, "making the filter of system calls");
	rc = violation_catch(err) != 0 ? -EINVAL : filter_fill(filter, rules, count, others);
	seccomp_release(filter);
	if (rc != 0 && err->detail[0] == '\0') {
		errno = -rc;
		error_set_errno(err, ERROR_INTERNAL, "filtering system calls");
	}
	return rc == 0 ? 0 : -1;
}

#else

bool
filter_is_available(void)
{
	return false;
}

#endif
