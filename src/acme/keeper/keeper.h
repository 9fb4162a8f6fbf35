/*
 * The keeper of the ACME server: keys, store, attestation roots and all
 * decisions; no network, and no HTTP, JSON, JWS or CBOR of clients.
 */
#ifndef ACME_KEEPER_KEEPER_H
#define ACME_KEEPER_KEEPER_H

#include <stdbool.h>

struct error;

/*
 * Loads the state and answers the fronts whose channels come over `control`
 * until SIGTERM (when `signals`) or until the supervisor is gone. Logs one line
 * with `listening`, the URLs of the listeners, once it serves. Returns 0; or -1
 * when it cannot start, with a detail that names the file and the remedy.
 * `settings` is a struct acme_settings.
 */
int acme_keeper_run(const void *settings, int control, bool signals, const char *listening,
    struct error *err);

/*
 * Opens the store and reads all files of the settings (a struct acme_settings), as at start,
 * and changes nothing. Returns 0; or -1 as acme_keeper_run.
 */
int acme_keeper_check(const void *settings, struct error *err);

#endif
