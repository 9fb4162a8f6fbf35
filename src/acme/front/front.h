/* The front of the ACME server: HTTP, JSON, JWS and CBOR in, questions out. WIRE.md §6, §7. */
#ifndef ACME_FRONT_FRONT_H
#define ACME_FRONT_FRONT_H

struct supervisor_child;

/* Serves until SIGTERM or until the keeper goes; returns the exit status. */
int acme_front_run(const struct supervisor_child *child);

#endif
