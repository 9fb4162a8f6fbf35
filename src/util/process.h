/* Protects a process's memory and core dumps from other processes of its user. */
#ifndef UTIL_PROCESS_H
#define UTIL_PROCESS_H

#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * Makes the process not dumpable (prctl(2), PR_SET_DUMPABLE) and forbids core files: no other
 * process of its user can attach to it or open its /proc/PID/mem, and no crash writes keys to
 * a disk. Call it first, and after each change of user. A process that a debugger has started
 * stays open to it. INTERNAL when the kernel refuses.
 */
int process_hide(struct error *err);

/*
 * A limit of the size of files (ulimit -f, LimitFSIZE=) fails a write with EFBIG from now on, so that it is
 * told and undone like any other that fails; SIGXFSZ would end the process in the midst of its work.
 */
void process_outlive_file_limit(void);

/*
 * For a program that posix_spawn(3) starts with these attributes: it has SIGPIPE and SIGXFSZ as a shell would
 * give them to it, whatever this process does with them. `flags` are the others of posix_spawnattr_setflags.
 * Its result is an error number, or 0.
 */
int process_spawn_signals(posix_spawnattr_t *attributes, short flags);

/*
 * Locks all memory of the process in RAM, what it has and what it will have, each page when it is first
 * used: none of it is written to a swap device. That takes an infinite RLIMIT_MEMLOCK, which it asks
 * for: with a finite one, memory would run out later. `stays` of a process that keeps its
 * capabilities: CAP_IPC_LOCK will do. False: nothing is locked. Neither fork(2) nor execve(2) passes
 * it on.
 */
bool process_lock(bool stays);

/*
 * Libraries load what a user's configuration names, which may be code, and look for it below XDG_CONFIG_HOME, else
 * HOME, else in the home that the system has for the user. For a process whose user is not who started it, before
 * it uses such a library: XDG_CONFIG_HOME and HOME, where the environment does not name them, become a directory
 * that nobody but root can make. Changes the environment, which other threads must not read meanwhile.
 */
void process_forget_home(void);

/* True when the machine has a swap device now. */
bool process_can_be_swapped(void);

/* Masks of process_disarm: capabilities for work on files that are another user's; and with them one
 * for memory that is locked. */
#define PROCESS_CAPABILITIES_OF_FILES  UINT64_C(0xb)    /* CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER */
#define PROCESS_CAPABILITIES_OF_KEEPER UINT64_C(0x400b) /* CAP_IPC_LOCK too */

/* And what of root's a supervisor and its children need: CAP_KILL, CAP_SETUID, CAP_SETGID, CAP_SETPCAP,
 * CAP_DAC_READ_SEARCH and CAP_SYS_RESOURCE too. */
#define PROCESS_CAPABILITIES_OF_SUPERVISOR UINT64_C(0x10041ef)

/*
 * Gives up all capabilities but those in `keep`, in all sets, for this process and what it executes.
 * INTERNAL.
 */
int process_limit(uint64_t keep, struct error *err);

/* No program that the process executes gains a capability; does nothing without CAP_SETPCAP. */
void process_bound(void);

/*
 * Gives up all capabilities but those in `keep` that the process has, in all sets, and for every
 * program that it might execute: for good. INTERNAL.
 */
int process_disarm(uint64_t keep, struct error *err);

/* The same for the calling thread, which other threads are not: in a signal handler, too. -1 with errno. */
int process_disarm_thread(uint64_t keep);

#endif
