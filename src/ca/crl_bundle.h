/*
 * The CRLs of all issuing CAs, of the present one and of earlier ones, and of the root
 * in one PEM file: what somebody watches who checks any AK certificate of this CA.
 */
#ifndef CA_CRL_BUNDLE_H
#define CA_CRL_BUNDLE_H

#include "util/bytes.h"

struct error;

/*
 * Appends, as PEM, a CRL (DER) and that of the root of the state directory, where there is
 * one. INTERNAL.
 */
int crl_bundle_append(const char *state_dir, struct view crl, struct bytes *pem, struct error *err);

/*
 * Writes STATE_CRL_PEM of the state directory from the CRLs that lie there, unless it
 * is as it should be. One that is missing is left out. INTERNAL.
 */
int crl_bundle_write(const char *state_dir, struct error *err);

#endif
