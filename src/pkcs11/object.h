/* Objects of the token: a list of attributes each, made once and never changed. */
#ifndef PKCS11_OBJECT_H
#define PKCS11_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include <p11-kit/pkcs11.h>

#include "util/bytes.h"

struct device_key;
struct error;
struct material_pair;
struct object;

/* Most objects of one pair: two of the key, and certificates. */
#define OBJECT_PAIR_MAX (2U + 8U)

/*
 * Makes the objects of a pair: the private key if there is one, the public key, the certificate,
 * and those above it. Returns how many, which object_free frees, or 0 with MALFORMED,
 * BAD_ATTESTATION or INTERNAL.
 */
size_t object_make(const struct material_pair *pair, struct object *objects[OBJECT_PAIR_MAX],
    struct error *err);
void   object_free(struct object *object);

/* The handle, 0 until it is set. */
CK_OBJECT_HANDLE object_handle(const struct object *object);
void             object_handle_set(struct object *object, CK_OBJECT_HANDLE handle);

/* The key to sign with; NULL for all but private keys. Lives as long as the object. */
const struct device_key *object_key(const struct object *object);

/* Whether both have the same attributes and the same key. */
bool object_equal(const struct object *a, const struct object *b);

/* Whether the object has all attributes of a template, by value. */
bool object_matches(const struct object *object, const CK_ATTRIBUTE *template, CK_ULONG count);

/* Whether a template asks for one certain key or certificate, and not for a kind of object. */
bool object_template_is_of_one(const CK_ATTRIBUTE *template, CK_ULONG count);

/* C_GetAttributeValue (PKCS #11 v2.40 §5.7). */
CK_RV object_get(const struct object *object, CK_ATTRIBUTE *template, CK_ULONG count);

/* Octets of all values. */
CK_ULONG object_size(const struct object *object);

/* The value of an attribute; empty where there is none. */
struct view object_value(const struct object *object, CK_ATTRIBUTE_TYPE type);

#endif
