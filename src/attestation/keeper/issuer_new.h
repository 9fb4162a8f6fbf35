/* One issuing CA, loaded and checked for issuers.c. */
#ifndef ATTESTATION_KEEPER_ISSUER_NEW_H
#define ATTESTATION_KEEPER_ISSUER_NEW_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct issuer;
struct key_access;
struct attestation_settings;

/*
 * Loads the CA that signs, and checks that AK certificates of it will verify under
 * root.pem; `row` is left for the caller, who frees *out with issuer_free. INTERNAL.
 */
int  issuer_new(const struct attestation_settings *settings, const struct key_access *access, int64_t now,
    struct issuer **out, struct error *err);
void issuer_free(void *issuer);

/* True when a URL holds "{issuer}", which stands for the issuer's key identifier. */
bool issuer_url_names(const char *url);

#endif
