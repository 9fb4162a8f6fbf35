/* How long one try of "attest-device enroll" goes on. */
#ifndef DEVICE_PATIENCE_H
#define DEVICE_PATIENCE_H

#include <stdint.h>

/* How long a try survives transient failures, such as a server's restart: it often runs unattended. */
#define PATIENCE_MS (INT64_C(5) * 60 * 1000)
/* What a try gets at least, on a slow TPM; --wait may be shorter. */
#define PATIENCE_LEAST_MS INT64_C(10000)

/*
 * Deadline for the requests of a try that begins at `now`, on the monotonic clock in milliseconds:
 * PATIENCE_MS later, or at `end`, when the whole command is to end, if that is earlier; but not
 * before PATIENCE_LEAST_MS are over. `end` is 0 without a limit.
 */
int64_t patience_end(int64_t now, int64_t end);

#endif
