/* The name of a TPM, as tss2-tctildr(3) reads it. */
#ifndef TPM_TCTI_H
#define TPM_TCTI_H

/*
 * The path in it, part of `tcti`: of a device ("device:/dev/tpmrm0") or of a software TPM's socket
 * ("swtpm:path=SOCKET"). NULL for others, which are reached through a program, a daemon or a network.
 */
const char *tpm_tcti_path(const char *tcti);

#endif
