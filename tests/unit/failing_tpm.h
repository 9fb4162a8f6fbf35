/*
 * A software TPM of the test's own, of which the n-th command fails, for n = 1, 2, …, as failing.h does it with
 * memory. The program is linked with $(FAILING_TPM), so that whatever TCTI device/tpm/ opens is this one. What
 * is flushed is flushed: TPM2_FlushContext does not fail, since nobody could do anything about it.
 */
#ifndef TESTS_UNIT_FAILING_TPM_H
#define TESTS_UNIT_FAILING_TPM_H

#include <stddef.h>

#include <check.h>
#include <tss2/tss2_tpm2_types.h>

/*
 * Runs the suite as unit_run with one that is new, and ends with it; its state is in a directory that is
 * removed. tss2 logs nothing of what fails. Without swtpm the suite is skipped.
 */
int failing_tpm_run(Suite *suite);

/*
 * What a command that fails is answered: TPM2_RC_FAILURE at first. 0: the connection breaks instead, and
 * what was loaded through it is flushed when it is closed, as a resource manager does it.
 */
void failing_tpm(TPM2_RC code);

/* What those behind the first are answered that fails, until the next failing_tpm. */
void failing_tpm_then(TPM2_RC code);

/* How many objects and sessions are loaded now. */
size_t failing_tpm_loaded(void);

#endif
