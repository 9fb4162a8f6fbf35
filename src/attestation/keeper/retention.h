/*
 * Periodic removal of old records, so that the store does not grow without bound: in
 * small steps through the writer.
 */
#ifndef ATTESTATION_KEEPER_RETENTION_H
#define ATTESTATION_KEEPER_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct retention;
struct attestation_settings;
struct store;
struct store_writer;

/*
 * True when there was an act within 30 days before `now`. Otherwise the clock may be far
 * ahead, and nothing is removed: a removal cannot be undone when the clock is corrected, and
 * certificates without a record could no longer be revoked.
 */
int retention_check_clock(struct store *store, int64_t now, bool *good, struct error *err);

/* For the ages in these settings. The writer must be stopped before retention_free. */
struct retention *retention_new(const struct attestation_settings *settings, struct store_writer *writer);
void              retention_free(struct retention *retention);

/* The ages in these settings from now on; when they are others, the next step is due. */
void retention_limit(struct retention *retention, const struct attestation_settings *settings);

/*
 * Call it about once a second. Once a day it submits a step to the writer, and
 * another one after each step as long as there is more.
 */
void retention_tick(struct retention *retention, int64_t now_ms);

#endif
