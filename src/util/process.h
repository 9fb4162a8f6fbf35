/* Protects a process's memory and core dumps from other processes of its user. */
#ifndef UTIL_PROCESS_H
#define UTIL_PROCESS_H

#include <stdint.h>

struct error;

/*
 * Makes the process not dumpable (prctl(2), PR_SET_DUMPABLE) and forbids core files: no other
 * process of its user can attach to it or open its /proc/PID/mem, and no crash writes keys to
 * a disk. Call it first, and after each change of user. A process that a debugger has started
 * stays open to it. INTERNAL when the kernel refuses.
 */
int process_hide(struct error *err);

/* Capabilities for work on files that are another user's, as masks of process_disarm. */
#define PROCESS_CAPABILITIES_OF_FILES UINT64_C(0xb) /* CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER */

/* No program that the process executes gains a capability; does nothing without CAP_SETPCAP. */
void process_bound(void);

/*
 * Gives up all capabilities but those in `keep` that the process has, in all sets, and for every
 * program that it might execute: for good. INTERNAL.
 */
int process_disarm(uint64_t keep, struct error *err);

#endif
