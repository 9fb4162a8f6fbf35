/*
 * System calls that fail: the n-th one of our code, for n = 1, 2, …, as failing.h does it with memory.
 * The program is linked with $(FAILING_CALLS), which sends its calls here.
 */
#ifndef TESTS_UNIT_FAILING_CALLS_H
#define TESTS_UNIT_FAILING_CALLS_H

/*
 * What the call that fails tells: EIO at first. EINTR is told by read and write only, and only once
 * in a run.
 */
void failing_calls(int error);

#endif
