/* An AK's certificate chain as a device reads it. */
#ifndef DEVICE_CHAIN_H
#define DEVICE_CHAIN_H

#include <stdint.h>

#include <jansson.h>
#include <openssl/x509.h>

#include "pki/ak_check.h"
#include "util/bytes.h"

struct ek_hash;
struct error;
struct trust;

/* Longest accepted validity, in seconds: a certificate for a hundred years is refused. */
#define DEVICE_CHAIN_LIFETIME_MAX (INT64_C(10) * 366 * 86400)

/* Leaf first, without the root. {0} is empty. */
struct device_chain {
	STACK_OF(X509) *certificates;
	struct ak_names names; /* the leaf's permanent identifiers, after verification */
};

void device_chain_clear(struct device_chain *chain);

#define AUTO_CHAIN __attribute__((cleanup(device_chain_clear))) struct device_chain

/* Reads a JSON array of 1 to 8 strings, base64 of DER. MALFORMED otherwise. */
int device_chain_decode(const json_t *array, struct device_chain *chain, struct error *err);

/* Reads the text of device_chain_encode: 1 to 8 certificates. MALFORMED otherwise; INTERNAL without memory. */
int device_chain_read(const struct bytes *pem, struct device_chain *chain, struct error *err);

/* Appends the DER of each certificate, leaf first, to its buffer in `der`. Returns their number, at
 * most `max`; -1 with INTERNAL. */
int device_chain_export(const struct device_chain *chain, struct bytes *der, int max,
    struct error *err);

/*
 * Checks that the chain is for this machine: the leaf has the profile of an AK certificate and the
 * key of `area` (a TPMT_PUBLIC), it names the EK (urn:ek:sha256:…; not checked if `ek` is NULL, for
 * a chain that was checked before it was kept), all certificates are valid at `now` and end within
 * ten years, and each one's signature verifies with the key of the next. With `trust` (NULL: none)
 * the chain verifies up to one of its roots.
 *
 * Returns 0 and fills chain->names; or -1 with BAD_ATTESTATION.
 */
int device_chain_verify(struct device_chain *chain, struct view area, const struct ek_hash *ek,
    const struct trust *trust, int64_t now, struct error *err);

/* Checks that each certificate was issued and signed by the next. BAD_ATTESTATION. */
int device_chain_links_verify(const struct device_chain *chain, struct error *err);

/* Appends the certificates as PEM, leaf first. */
int device_chain_encode(const struct device_chain *chain, struct bytes *pem, struct error *err);

/* The validity of the leaf, in seconds since 1970. */
int64_t device_chain_not_before(const struct device_chain *chain);
int64_t device_chain_not_after(const struct device_chain *chain);

/* The issuer's common name, or the whole name if it has none; the caller frees. */
char *device_chain_issuer(const struct device_chain *chain);

#endif
