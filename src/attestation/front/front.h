/* The front of the attestation CA: HTTP and JSON in, questions out. WIRE.md §1. */
#ifndef ATTESTATION_FRONT_FRONT_H
#define ATTESTATION_FRONT_FRONT_H

struct supervisor_child;

/* Serves until SIGTERM or until the keeper goes; returns the exit status. */
int attestation_front_run(const struct supervisor_child *child);

#endif
