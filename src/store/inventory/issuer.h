/* Issuing CAs, and the numbers of their CRLs. */
#ifndef STORE_INVENTORY_ISSUER_H
#define STORE_INVENTORY_ISSUER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "util/bytes.h"

/*
 * Sets the issuer of all certificates from now on: its subjectKeyIdentifier and
 * certificate (DER). *issuer is its number; certificates without a number count as the
 * first issuer's.
 */
int store_issuer_use(struct store *store, struct view key_id, struct view certificate, int64_t now,
    int64_t *issuer, struct error *err);

/* Tells whether an issuer has a certificate that is not past notAfter at `now`. */
int store_issuer_needed(struct store *store, int64_t issuer, int64_t now, bool *needed,
    struct error *err);

/*
 * Draws the number of the issuer's next CRL: greater than any before, of any issuer, and at least
 * `least`. Issuer 0 draws it for all issuers, so that no present CRL is the last of its
 * issuer.
 */
int store_crl_number_next(struct store *store, int64_t issuer, int64_t least, int64_t *number,
    struct error *err);

/* The last number drawn for this issuer; 0: none. */
int store_crl_number_last(struct store *store, int64_t issuer, int64_t *number,
    struct error *err);

#endif
