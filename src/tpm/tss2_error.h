/* Errors of tss2-mu as our errors. */
#ifndef TPM_TSS2_ERROR_H
#define TPM_TSS2_ERROR_H

#include <stddef.h>

#include <tss2/tss2_common.h>

#include "util/error.h"

/*
 * Checks the result of an Unmarshal function of tss2-mu that was given `size`
 * octets and consumed `used`: 0 when it decoded exactly all of them; else -1
 * with MALFORMED, and a detail that begins with what was decoded.
 */
int tpm_decoded(TSS2_RC rc, size_t used, size_t size, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
