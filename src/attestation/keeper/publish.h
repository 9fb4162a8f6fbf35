/*
 * What attestd serves of its issuing CAs: root.pem, issuing.pem, crl.pem, and the CRLs
 * at crl and crl/ISSUER. Each is a file on the shelf, from which fronts read. A file
 * that cannot be put there is logged: fronts go on serving the last one.
 */
#ifndef ATTESTATION_KEEPER_PUBLISH_H
#define ATTESTATION_KEEPER_PUBLISH_H

#include <stdbool.h>

#include "util/bytes.h"

struct shelf;

/* Serves `content` under `name`. */
void publish_file(struct shelf *shelf, const char *name, struct view content);

/*
 * Serves the CRL (DER) of an issuer by its key identifier `id`; that of the issuer that
 * signs (`current`) also without one.
 */
void publish_crl(struct shelf *shelf, const char *id, bool current, struct view der);

/* The same, of the CRL of an earlier issuer that lies in the state directory. */
void publish_crl_file(struct shelf *shelf, const char *state_dir, const char *id);

/* No longer serves the CRL of an issuer by its key identifier. */
void publish_crl_remove(struct shelf *shelf, const char *id);

/* Serves crl.pem as it lies in the state directory. */
void publish_bundle(struct shelf *shelf, const char *state_dir);

#endif
