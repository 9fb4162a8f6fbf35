/* What a filter of system calls kills a process with: SIGSYS, caught to say which call it was. */
#ifndef DAEMON_VIOLATION_H
#define DAEMON_VIOLATION_H

struct error;

/* The call that the filter must answer by killing the process at once: how the handler ends it. */
#define VIOLATION_END SCMP_SYS(reboot)

/*
 * Catches SIGSYS: writes one line to standard error, in the form of the log, and ends the process
 * by SIGSYS. Not for the file that the C library looks at when a thread returns memory
 * (/proc/sys/vm/overcommit_memory): to open that fails with EACCES. INTERNAL.
 */
int violation_catch(struct error *err);

#endif
