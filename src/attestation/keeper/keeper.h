/*
 * The keeper of the attestation CA: keys, store, open challenges and all
 * decisions; no network, HTTP or JSON.
 */
#ifndef ATTESTATION_KEEPER_KEEPER_H
#define ATTESTATION_KEEPER_KEEPER_H

#include <stdbool.h>

struct error;

/*
 * Loads the state and answers the fronts whose channels come over `control`
 * until SIGTERM (when `signals`) or until the supervisor is gone. Logs one line
 * with `listening` once it serves. Returns 0; or -1 when it cannot start, with
 * a detail that names the file and the remedy. `settings` is a struct attestation_settings.
 */
int attestation_keeper_run(const void *settings, int control, bool signals, const char *listening,
    struct error *err);

/*
 * Opens the store and reads all files of the settings (a struct attestation_settings), as at
 * start, and changes nothing. Returns 0; or -1 as attestation_keeper_run.
 */
int attestation_keeper_check(const void *settings, struct error *err);

#endif
