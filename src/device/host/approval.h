/* Waits for approval: asks the attestation host again, with growing pauses, until its answer
 * changes. */
#ifndef DEVICE_HOST_APPROVAL_H
#define DEVICE_HOST_APPROVAL_H

#include <stdint.h>

#include "device/host/retry.h"

struct error;

/* How often a machine asks: the first and the longest pause, in milliseconds. */
#define APPROVAL_PACE ((const struct retry_pace){2000, 60000})

/*
 * POSTs `request`, the body of a POST /attest that was refused as not enrolled, to the host at
 * `url`, with the roots of `tls_root` (NULL: the system's), until the host no longer refuses it
 * so, at most until `end_ms` (clock_monotonic_ms; 0: unlimited). Pauses by `pace` before each try
 * (retry_pause). Does not use the TPM. A transient failure (network, a host that restarts) is printed once on standard error and
 * retried.
 *
 * Returns 0 when the host would accept the machine; or -1 with the kind and detail of its new
 * refusal (ENROLMENT_DENIED, DEVICE_DISABLED, EK_UNTRUSTED, …), with NOT_ENROLLED when the time
 * is over, or INTERNAL when interrupted.
 */
int approval_wait(const char *url, const char *tls_root, const char *request,
    const struct retry_pace *pace, int64_t end_ms, struct error *err);

#endif
