/*
 * Sockets, threads and processes that cannot be had: the n-th of these calls fails, for n = 1, 2, …, as
 * failing.h does it with memory. The program is linked with $(FAILING_PROCESSES), which sends its calls here.
 */
#ifndef TESTS_UNIT_FAILING_PROCESSES_H
#define TESTS_UNIT_FAILING_PROCESSES_H

/*
 * What the call that fails tells: ENOBUFS at first. EINTR is told by what sends and receives only, and
 * only once in a run. 0: none fails, but getsockopt tells 0 for whatever is asked.
 */
void failing_processes(int error);

#endif
