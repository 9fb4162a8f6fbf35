/*
 * A process's filter of system calls (seccomp), made from a table of rules. A call that it does not
 * permit kills the process by SIGSYS, after one line in the log that names the call.
 */
#ifndef DAEMON_FILTER_H
#define DAEMON_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* What a rule says of a call. */
enum filter_verdict {
	FILTER_PERMIT,
	FILTER_KILL,   /* with its line in the log */
	FILTER_REFUSE, /* the call fails with ENOSYS, so that the C library does without it */
};

/* One rule: a call, when `mask` of its argument equals `value`; a mask of 0: always. */
struct filter_rule {
	int                 call;
	enum filter_verdict verdict;
	unsigned            argument;
	uint64_t            mask;
	uint64_t            value;
	bool                own_pid; /* the value is this process's id */
};

#define FILTER_ALL (~UINT64_C(0))

/* For a table: a call, and one with an argument, or with the lower 32 bits of one. */
#define PERMIT(name) {SCMP_SYS(name), FILTER_PERMIT, 0, 0, 0, false}
#define PERMIT_IF(name, argument, value) \
	{SCMP_SYS(name), FILTER_PERMIT, argument, UINT32_MAX, (uint64_t)(value), false}
#define PERMIT_MASKED(name, argument, mask, value) \
	{SCMP_SYS(name), FILTER_PERMIT, argument, (uint64_t)(mask), (uint64_t)(value), false}
#define PERMIT_OWN_PID(name) {SCMP_SYS(name), FILTER_PERMIT, 0, UINT32_MAX, 0, true}
#define REFUSE(name) {SCMP_SYS(name), FILTER_REFUSE, 0, 0, 0, false}
#define REFUSE_IF(name, argument, value) \
	{SCMP_SYS(name), FILTER_REFUSE, argument, UINT32_MAX, (uint64_t)(value), false}
#define KILL(name) {SCMP_SYS(name), FILTER_KILL, 0, 0, 0, false}
#define KILL_IF(name, argument, mask, value) \
	{SCMP_SYS(name), FILTER_KILL, argument, (uint64_t)(mask), (uint64_t)(value), false}

/* What clone(2) is told by pthread_create, among all flags that make it something else. */
#define FILTER_THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define FILTER_THREAD_MASK                                                                  \
	(FILTER_THREAD_FLAGS | CSIGNAL | CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT | CLONE_NEWNS | \
	    CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* True when the kernel filters calls for this process, and this build knows how. */
bool filter_is_available(void);

/*
 * Filters all threads of the process from now on and for ever. A call of no rule gets the verdict
 * `others`. INTERNAL.
 */
int filter_enter(const struct filter_rule *rules, size_t count, enum filter_verdict others,
    struct error *err);

#endif
