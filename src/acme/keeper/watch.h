/* What of an ACME server ends: its certificates, its CRL, and the attestation CAs' CRLs. */
#ifndef ACME_KEEPER_WATCH_H
#define ACME_KEEPER_WATCH_H

#include <stdint.h>

struct acme_keeper;

/* Says in the log what ends soon and what is over. Main thread, at start and each minute. */
void acme_watch_deadlines(struct acme_keeper *keeper, int64_t now);

#endif
