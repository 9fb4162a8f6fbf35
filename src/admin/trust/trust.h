/* Shared by the commands "trust …". */
#ifndef ADMIN_TRUST_TRUST_H
#define ADMIN_TRUST_TRUST_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <openssl/types.h>

#include "store/inventory/trust.h"

struct ek_trust;
struct error;

/* Writes a whole fingerprint as 64 digits. */
#define TRUST_FINGERPRINT_TEXT_SIZE (2 * STORE_FINGERPRINT_SIZE + 1)
void trust_fingerprint_format(const uint8_t fingerprint[STORE_FINGERPRINT_SIZE],
    char text[TRUST_FINGERPRINT_TEXT_SIZE]);

/*
 * Copies text as far as it fits, with "?" for every invalid or control character, so that
 * it can be stored and put in JSON.
 */
void trust_clean(const char *text, char *out, size_t size);

/* {fingerprint, role, subject, issuer, key, not_before, not_after, source, added}; the caller
 * frees. */
json_t *trust_describe_json(const struct store_trusted *trusted);

/* "RSA-2048", "P-256", …; "" for any other key. */
#define TRUST_KEY_SIZE 16
void trust_key_kind(const X509 *certificate, char kind[TRUST_KEY_SIZE]);

/*
 * All imported certificates as a trust set; the caller frees it. An unusable one is left
 * out with a line on standard error, as in attestd.
 */
int trust_load(struct store *store, struct ek_trust **out, struct error *err);

#endif
