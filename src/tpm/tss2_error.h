/* Failures of tss2-mu as ours. */
#ifndef TPM_TSS2_ERROR_H
#define TPM_TSS2_ERROR_H

#include <stddef.h>

#include <tss2/tss2_common.h>

#include "util/error.h"

/*
 * Judges how an Unmarshal function of tss2-mu ended that was given `size` octets
 * and used `used` of them: 0 when it decoded exactly all; else -1 and MALFORMED,
 * the detail beginning with what was decoded.
 */
int tpm_decoded(TSS2_RC rc, size_t used, size_t size, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
