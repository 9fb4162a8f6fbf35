/* An AK's certificate chain as a device reads it. */
#ifndef DEVICE_CHAIN_H
#define DEVICE_CHAIN_H

#include <stdint.h>

#include <jansson.h>
#include <openssl/types.h>

#include "util/bytes.h"

struct ek_hash;
struct error;

/* Leaf first, no root. {0} is none. */
struct device_chain {
	STACK_OF(X509) *certificates;
};

void device_chain_clear(struct device_chain *chain);

#define AUTO_CHAIN __attribute__((cleanup(device_chain_clear))) struct device_chain

/* Reads a JSON array of 1 to 8 strings, base64 of DER. MALFORMED otherwise. */
int device_chain_decode(const json_t *array, struct device_chain *chain, struct error *err);

/*
 * Checks that the chain is for us: the leaf's key is that of `area` (a TPMT_PUBLIC),
 * the leaf names the EK (urn:ek:sha256:…), it is valid at `now`, and each
 * certificate's signature verifies with the key of the next. With `root` (a
 * PEM file of trusted roots) the whole chain verifies up to one of them.
 *
 * BAD_ATTESTATION otherwise; INTERNAL when the root file cannot be read.
 */
int device_chain_verify(const struct device_chain *chain, struct view area,
    const struct ek_hash *ek, const char *root, int64_t now, struct error *err);

/* Appends the certificates as PEM, leaf first. */
int device_chain_encode(const struct device_chain *chain, struct bytes *pem, struct error *err);

/* The leaf's PermanentIdentifiers, a JSON array of strings; the caller decrefs. */
json_t *device_chain_names(const struct device_chain *chain);

/* The leaf's validity, seconds since 1970. */
int64_t device_chain_not_before(const struct device_chain *chain);
int64_t device_chain_not_after(const struct device_chain *chain);

/* The issuer's common name, or its whole name; the caller frees. */
char *device_chain_issuer(const struct device_chain *chain);

#endif
