/*
 * The files of the issuing CAs that attestd serves: root.pem, issuing.pem, crl.pem,
 * and the CRLs at crl and crl/ISSUER. Each is a file on the shelf, from which fronts
 * read. If a file cannot be put there, that is logged, and fronts continue with the
 * last one.
 */
#ifndef ATTESTATION_KEEPER_PUBLISH_H
#define ATTESTATION_KEEPER_PUBLISH_H

#include <stdbool.h>

#include "util/bytes.h"

struct folder;
struct shelf;

/* Serves `content` under `name`. */
void publish_file(struct shelf *shelf, const char *name, struct view content);

/*
 * Serves the CRL (DER) of an issuer under its key identifier `id`; that of the issuer
 * that signs (`current`) also at crl.
 */
void publish_crl(struct shelf *shelf, const char *id, bool current, struct view der);

/* The same for the CRL file of an earlier issuer in the state directory. */
void publish_crl_file(struct shelf *shelf, const struct folder *state, const char *id);

/* Stops serving the CRL of an issuer. */
void publish_crl_remove(struct shelf *shelf, const char *id);

/* Serves crl.pem of the state directory. */
void publish_bundle(struct shelf *shelf, const struct folder *state);

#endif
