/* One issuing CA, loaded and checked for issuers.c. */
#ifndef ATTESTATION_KEEPER_ISSUER_NEW_H
#define ATTESTATION_KEEPER_ISSUER_NEW_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct folder;
struct issuer;
struct key_access;
struct attestation_settings;

/*
 * Loads the CA that signs, and checks that its AK certificates will verify under
 * root.pem. The caller sets `row`, and frees *out with issuer_free. INTERNAL.
 */
int  issuer_new(const struct attestation_settings *settings, const struct folder *state,
    const struct key_access *access, int64_t now, struct issuer **out, struct error *err);
void issuer_free(void *issuer);

/* True when a URL contains "{issuer}", which stands for the issuer's key identifier. */
bool issuer_url_names(const char *url);

#endif
