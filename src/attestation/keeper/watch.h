/* What of an attestation CA ends: its certificates and its CRL. */
#ifndef ATTESTATION_KEEPER_WATCH_H
#define ATTESTATION_KEEPER_WATCH_H

#include <stdint.h>

struct attestation_keeper;

/* Says in the log what ends soon and what is over. Main thread, at start and each minute. */
void attestation_watch_deadlines(struct attestation_keeper *keeper, int64_t now);

#endif
