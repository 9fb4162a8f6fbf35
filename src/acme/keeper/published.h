/*
 * The CRL as fronts fetch it: the issuing CA's (DER), and with the root's behind it (PEM).
 * For any thread.
 */
#ifndef ACME_KEEPER_PUBLISHED_H
#define ACME_KEEPER_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;
struct published;

/* Nothing is published yet. `root_crl` is the root's, DER, or empty. published_free takes NULL too. */
struct published *published_new(struct view root_crl);
void              published_free(struct published *published);

/*
 * Publishes a CRL, DER, in place of the last. `version` is its number, which grows with each.
 * INTERNAL when it cannot be encoded; then the last one stays.
 */
int published_set(struct published *published, uint64_t version, struct view der,
    struct error *err);

/* The version of what is published; 0: nothing. */
uint64_t published_version(struct published *published);

/*
 * Appends at most `max` octets of a file from `offset` on, or from its beginning when *version
 * is another than the current one, which it then becomes, or when `offset` is behind its end.
 * Fills how long the whole is.
 */
void published_piece(struct published *published, bool pem, uint64_t *version, uint64_t offset,
    size_t max, uint64_t *size, struct bytes *out);

#endif
