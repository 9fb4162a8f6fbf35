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
	FILTER_FORBID, /* the call fails with EACCES, as for a file that Landlock leaves out */
};

/* One rule: a call, when `mask` of its argument equals `value` (`differs`: when the argument is another
 * one), and the argument `option_at` equals `option`; a mask of 0: always. */
struct filter_rule {
	int                 call;
	enum filter_verdict verdict;
	unsigned            argument;
	uint64_t            mask;
	uint64_t            value;
	bool                own_pid; /* the value is this process's id */
	bool                differs;
	bool                has_option;
	unsigned            option_at;
	unsigned            option;
};

#define FILTER_ALL (~UINT64_C(0))

/* For a table: a call, and one with an argument, or with some bits of one. */
#define PERMIT(name) {.call = SCMP_SYS(name), .verdict = FILTER_PERMIT}
#define PERMIT_IF(name, at, wanted) PERMIT_MASKED(name, at, UINT32_MAX, wanted)
#define PERMIT_MASKED(name, at, bits, wanted)                                                 \
	{.call = SCMP_SYS(name), .verdict = FILTER_PERMIT, .argument = (at),                  \
	    .mask = (uint64_t)(bits), .value = (uint64_t)(wanted)}
/* getsockopt and setsockopt: one option of a level */
#define PERMIT_OPTION(name, level, wanted)                                                    \
	{.call = SCMP_SYS(name), .verdict = FILTER_PERMIT, .argument = 1, .mask = UINT32_MAX, \
	    .value = (uint64_t)(level), .has_option = true, .option_at = 2, .option = (unsigned)(wanted)}
/* pwritev2: where the file is, which is no place of it, and with these flags */
#define PERMIT_APPENDING(name, flags)                                                         \
	{.call = SCMP_SYS(name), .verdict = FILTER_PERMIT, .argument = 3, .mask = FILTER_ALL, \
	    .value = FILTER_ALL, .has_option = true, .option_at = 5, .option = (unsigned)(flags)}
#define PERMIT_OWN_PID(name)                                                                  \
	{.call = SCMP_SYS(name), .verdict = FILTER_PERMIT, .mask = UINT32_MAX, .own_pid = true}
#define REFUSE(name) {.call = SCMP_SYS(name), .verdict = FILTER_REFUSE}
#define REFUSE_IF(name, at, wanted) REFUSE_MASKED(name, at, UINT32_MAX, wanted)
#define REFUSE_MASKED(name, at, bits, wanted)                                                 \
	{.call = SCMP_SYS(name), .verdict = FILTER_REFUSE, .argument = (at),                  \
	    .mask = (uint64_t)(bits), .value = (uint64_t)(wanted)}
#define FORBID_IF(name, at, wanted) FORBID_MASKED(name, at, UINT32_MAX, wanted)
#define FORBID_MASKED(name, at, bits, wanted)                                                 \
	{.call = SCMP_SYS(name), .verdict = FILTER_FORBID, .argument = (at),                  \
	    .mask = (uint64_t)(bits), .value = (uint64_t)(wanted)}
#define FORBID_NUMBER(number) {.call = (number), .verdict = FILTER_FORBID}
#define FORBID(name) {.call = SCMP_SYS(name), .verdict = FILTER_FORBID}
#define FORBID_UNLESS(name, at, wanted)                                                       \
	{.call = SCMP_SYS(name), .verdict = FILTER_FORBID, .argument = (at),                  \
	    .mask = FILTER_ALL, .value = (uint64_t)(wanted), .differs = true}
#define KILL_UNLESS_OWN_PID(name)                                                             \
	{.call = SCMP_SYS(name), .verdict = FILTER_KILL, .mask = FILTER_ALL, .own_pid = true, \
	    .differs = true}
#define KILL(name) {.call = SCMP_SYS(name), .verdict = FILTER_KILL}
#define KILL_IF(name, at, bits, wanted)                                                       \
	{.call = SCMP_SYS(name), .verdict = FILTER_KILL, .argument = (at),                    \
	    .mask = (uint64_t)(bits), .value = (uint64_t)(wanted)}

/* What clone(2) is told by pthread_create, among all flags that make it something else. */
#define FILTER_THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define FILTER_THREAD_MASK                                                                  \
	(FILTER_THREAD_FLAGS | CSIGNAL | CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT | CLONE_NEWNS | \
	    CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/*
 * For a table: what every one of our processes does. It waits, has memory, none of it executable,
 * and threads; clone3 is refused because the filter cannot see its flags. Signals 32 and 33 are the C
 * library's own, for the first thread, and SIGPIPE is libevent's; tgkill is of abort(3), and
 * sched_getaffinity tells malloc how many heaps to make, sysinfo qsort(3) how much memory to take.
 */
#define FILTER_RULES_PROCESS \
	PERMIT(epoll_ctl), PERMIT(epoll_wait), PERMIT(epoll_pwait), PERMIT(epoll_pwait2), PERMIT(poll), \
	PERMIT(ppoll), PERMIT(futex), PERMIT(nanosleep), PERMIT(clock_nanosleep), \
	PERMIT(restart_syscall), PERMIT(sched_yield), PERMIT(clock_gettime), \
	PERMIT(gettimeofday), PERMIT(time), PERMIT(getrandom), PERMIT(brk), \
	PERMIT_MASKED(mmap, 2, PROT_EXEC, 0), PERMIT_MASKED(mprotect, 2, PROT_EXEC, 0), \
	PERMIT(munmap), PERMIT(mremap), PERMIT(madvise), \
	PERMIT_MASKED(clone, 0, FILTER_THREAD_MASK, FILTER_THREAD_FLAGS), REFUSE(clone3), \
	PERMIT(set_robust_list), PERMIT(rseq), PERMIT_IF(rt_sigaction, 0, 32), \
	PERMIT_IF(rt_sigaction, 0, 33), PERMIT_IF(rt_sigaction, 0, SIGPIPE), \
	PERMIT(rt_sigprocmask), PERMIT(rt_sigreturn), PERMIT(sigaltstack), PERMIT(gettid), \
	PERMIT(getpid), PERMIT(sched_getaffinity), PERMIT(sysinfo), PERMIT_IF(prctl, 0, PR_SET_NAME), \
	PERMIT_OWN_PID(tgkill), PERMIT(exit), PERMIT(exit_group)

/*
 * For a table: what none of our processes needs, nor a library or a program that one of them uses, and
 * what an attacker does. `deny` is KILL or REFUSE, `deny_if` KILL_IF or REFUSE_MASKED.
 */
#define FILTER_RULES_NOBODY(deny, deny_if) \
	deny(ptrace), deny(process_vm_readv), deny(process_vm_writev), deny(kcmp), deny(pidfd_getfd), \
	deny(mount), deny(umount2), deny(pivot_root), deny(chroot), deny(move_mount), deny(open_tree), \
	deny(fsopen), deny(fsconfig), deny(fsmount), deny(fspick), deny(mount_setattr), deny(setns), \
	deny(unshare), deny(bpf), deny(perf_event_open), deny(userfaultfd), deny(io_uring_setup), \
	deny(io_uring_enter), deny(io_uring_register), deny(init_module), deny(finit_module), \
	deny(delete_module), deny(kexec_load), deny(kexec_file_load), deny(swapon), deny(swapoff), \
	deny(acct), deny(quotactl), deny(syslog), deny(settimeofday), deny(clock_settime), \
	deny(adjtimex), deny(clock_adjtime), deny(sethostname), deny(setdomainname), deny(keyctl), \
	deny(add_key), deny(request_key), deny(personality), deny(iopl), deny(ioperm), \
	deny(open_by_handle_at), deny(name_to_handle_at), deny(listen), \
	deny_if(socket, 0, UINT32_MAX, AF_PACKET), deny_if(socket, 0, UINT32_MAX, AF_VSOCK), \
	deny_if(socket, 0, UINT32_MAX, AF_ALG), deny_if(socket, 0, UINT32_MAX, AF_KEY), \
	deny_if(clone, 0, CLONE_NEWUSER, CLONE_NEWUSER), deny_if(clone, 0, CLONE_NEWNS, CLONE_NEWNS)

/* How many rules say which descriptors a call may be about. */
#define FILTER_DESCRIPTORS 33

/*
 * Fills in the rules by which a call, `call`, whose first argument is a descriptor (and whose second is
 * *option, unless that is NULL) is permitted from the descriptor `first` on, and fails with EACCES below.
 */
void filter_descriptors(int call, const unsigned *option, unsigned first,
    struct filter_rule rules[FILTER_DESCRIPTORS]);

/* True when the kernel filters calls for this process, and this build knows how. */
bool filter_is_available(void);

/*
 * Filters all threads of the process from now on and for ever. A call of no rule gets the verdict
 * `others`. INTERNAL. Only where the build has seccomp.
 */
int filter_enter(const struct filter_rule *rules, size_t count, enum filter_verdict others,
    struct error *err);

#endif
