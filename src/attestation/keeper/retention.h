/*
 * What a keeper does now and then so that the store does not grow for ever: in small
 * steps through the writer, nobody waits for it.
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
 * Whether somebody did something within 30 days before `now`: else the clock may be far
 * ahead, and by such a clock nothing is removed. It would not come back with the right time:
 * certificates that are not on record can be revoked no more, and would be good again.
 */
int retention_check_clock(struct store *store, int64_t now, bool *good, struct error *err);

/* The writer must be stopped before retention_free. */
struct retention *retention_new(const struct attestation_settings *settings, struct store_writer *writer);
void              retention_free(struct retention *retention);

/*
 * To be called each second or so: once a day hands the writer a step, and while there
 * is more, another when the last one is done.
 */
void retention_tick(struct retention *retention, int64_t now_ms);

#endif
