/* Waits for approval: asks the attestation host again, with growing pauses, until its answer
 * changes. */
#ifndef DEVICE_HOST_APPROVAL_H
#define DEVICE_HOST_APPROVAL_H

#include <stdint.h>

struct error;

/* The first and the longest pause, in milliseconds. */
#define APPROVAL_PAUSE_FIRST   INT64_C(2000)
#define APPROVAL_PAUSE_LONGEST INT64_C(60000)

/*
 * Pause in milliseconds before try number `tried` (from 0): retry_pause between the first and
 * the longest. Public for tests.
 */
int64_t approval_pause(unsigned int tried, long retry_after, uint32_t random);

/*
 * POSTs `request`, the body of a POST /attest that was refused as not enrolled, to the host at
 * `url`, with the roots of `tls_root` (NULL: the system's), until the host no longer refuses it
 * so, at most until `end_ms` (clock_monotonic_ms; 0: unlimited). Does not use the TPM. A
 * transient failure (network, a host that restarts) is printed once on standard error and
 * retried.
 *
 * Returns 0 when the host would accept the machine; or -1 with the kind and detail of its new
 * refusal (ENROLMENT_DENIED, DEVICE_DISABLED, EK_UNTRUSTED, …), with NOT_ENROLLED when the time
 * is over, or INTERNAL when interrupted.
 */
int approval_wait(const char *url, const char *tls_root, const char *request, int64_t end_ms,
    struct error *err);

#endif
