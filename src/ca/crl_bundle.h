/*
 * The CRLs of all issuing CAs, of the present one and of earlier ones, and of the root
 * in one PEM file, for verifiers of AK certificates of this CA.
 */
#ifndef CA_CRL_BUNDLE_H
#define CA_CRL_BUNDLE_H

#include "util/bytes.h"

struct error;
struct folder;

/*
 * Appends, as PEM, a CRL (DER) and the CRL of the state directory's root, if there is one.
 * INTERNAL.
 */
int crl_bundle_append(const struct folder *state, struct view crl, struct bytes *pem, struct error *err);

/*
 * Writes STATE_CRL_PEM from the CRLs of the state directory, unless it is up to date.
 * A missing CRL is left out. INTERNAL.
 */
int crl_bundle_write(const struct folder *state, struct error *err);

#endif
