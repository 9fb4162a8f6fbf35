/* The CRL of the issuing CA, kept fresh. RFC 5280 §5. */
#ifndef ATTESTATION_CRL_H
#define ATTESTATION_CRL_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct ca;
struct crl;
struct error;
struct store;

/* Makes the keeper of a CRL that lives `lifetime` seconds and is signed again at half of that. */
struct crl *crl_new(const struct ca *issuer, int64_t lifetime);
void        crl_free(struct crl *crl);

/*
 * Signs the CRL again when the store names other certificates than the last one
 * did, when half its life has passed, when it begins after `now`, or when there is none yet. Sets *fresh when
 * it did. On failure the old one stays.
 */
int crl_refresh(struct crl *crl, struct store *store, int64_t now, bool *fresh, struct error *err);

/* The CRL, DER; borrowed until the next crl_refresh. */
struct view crl_der(const struct crl *crl);

#endif
