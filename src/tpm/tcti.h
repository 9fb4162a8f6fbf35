/* The name of a TPM, as tss2-tctildr(3) reads it: "NAME", "NAME:CONFIGURATION" or "libtss2-tcti-NAME.so…". */
#ifndef TPM_TCTI_H
#define TPM_TCTI_H

#include <stdbool.h>

/* Whether the TCTI has this name. */
bool tpm_tcti_is(const char *tcti, const char *name);

/* What stands behind the name, part of `tcti`; "" when nothing does. */
const char *tpm_tcti_configuration(const char *tcti);

/*
 * The path in it, part of `tcti`: of a device ("device:/dev/tpmrm0") or of a software TPM's socket
 * ("swtpm:path=SOCKET"). NULL for others, which are reached through a program, a daemon or a network.
 */
const char *tpm_tcti_path(const char *tcti);

#endif
