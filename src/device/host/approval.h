/* Waiting to be enrolled: asks the attestation host again, politely, until it says something else. */
#ifndef DEVICE_HOST_APPROVAL_H
#define DEVICE_HOST_APPROVAL_H

#include <stdint.h>

struct error;

/* The first pause and the longest, in milliseconds. */
#define APPROVAL_PAUSE_FIRST   INT64_C(2000)
#define APPROVAL_PAUSE_LONGEST INT64_C(60000)

/*
 * How long to pause, in milliseconds, before asking for the time `tried` (from 0): retry_pause
 * from the first pause to the longest.
 */
int64_t approval_pause(unsigned int tried, long retry_after, uint32_t random);

/*
 * POSTs `request`, the body of a POST /attest that was refused as not enrolled, to the host
 * at `url`, with the roots of `tls_root` (NULL: the system's), until it is not refused so any
 * more, without the TPM, at most until `end_ms` (clock_monotonic_ms; 0: without end). What fails
 * for now (network, a host that restarts) is said on standard error, once, and tried again.
 *
 * Returns 0 when the host would let the machine in; or -1 with the kind and detail of what
 * it says instead (ENROLMENT_DENIED, DEVICE_DISABLED, EK_UNTRUSTED, …), with NOT_ENROLLED
 * when the time is over, or INTERNAL when interrupted.
 */
int approval_wait(const char *url, const char *tls_root, const char *request, int64_t end_ms,
    struct error *err);

#endif
