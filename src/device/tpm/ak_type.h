/* The kinds of attestation keys that we make. */
#ifndef DEVICE_TPM_AK_TYPE_H
#define DEVICE_TPM_AK_TYPE_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

/* One kind: the word on the command line, and the parameters for TPM2_Create. */
struct device_ak_type {
	const char *word;
	TPM2_ALG_ID type;     /* TPM2_ALG_RSA or _ECC */
	uint16_t    size;     /* RSA: key bits; ECC: TPM2_ECC_NIST_… */
	TPM2_ALG_ID scheme;   /* TPM2_ALG_RSASSA, _RSAPSS or _ECDSA */
	TPM2_ALG_ID hash;     /* hash of the scheme */
	TPM2_ALG_ID name_alg;
};

/* Row `index` of the table; the first is the default; NULL after the last. */
const struct device_ak_type *device_ak_type_at(size_t index);

/* The row with this word, or NULL. */
const struct device_ak_type *device_ak_type_find(const char *word);

/* The row that describes this public area, or NULL. */
const struct device_ak_type *device_ak_type_of(const TPMT_PUBLIC *area);

/* The template for TPM2_Create: WIRE.md §2 rule 5, and noDA. */
TPMT_PUBLIC device_ak_type_public(const struct device_ak_type *type);

#endif
