/* Protects a process's memory and core dumps from other processes of its user. */
#ifndef UTIL_PROCESS_H
#define UTIL_PROCESS_H

struct error;

/*
 * Makes the process not dumpable (prctl(2), PR_SET_DUMPABLE) and forbids core files: no other
 * process of its user can attach to it or open its /proc/PID/mem, and no crash writes keys to
 * a disk. Call it first, and after each change of user. A process that a debugger has started
 * stays open to it. INTERNAL when the kernel refuses.
 */
int process_hide(struct error *err);

#endif
