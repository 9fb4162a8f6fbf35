/* Templates of primary keys: TCG EK Credential Profile annex B, TCG Provisioning Guidance (SRK). */
#ifndef DEVICE_TPM_TEMPLATE_H
#define DEVICE_TPM_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

/* A row of TCG's table of endorsement keys, with its NV indices. */
struct device_template {
	const char *kind;  /* "RSA-2048", as in tpm_ek */
	const char *label; /* "L-1": low range (policy only), "H-1": high range (password too) */
	TPM2_ALG_ID type;  /* TPM2_ALG_RSA or _ECC */
	uint16_t    size;  /* RSA: key bits; ECC: TPM2_ECC_NIST_… */
	TPM2_ALG_ID name_alg;
	uint16_t    aes_bits;
	bool        high;
	TPM2_HANDLE nv_certificate;
	TPM2_HANDLE nv_template; /* overrides the default template */
	TPM2_HANDLE nv_nonce;    /* goes into `unique`; 0 for the high range */
};

/* Row `index` of the table, in the order in which the default is chosen; NULL after the last. */
const struct device_template *device_template_at(size_t index);

/*
 * The row for `word`: a label ("L-1") or a kind ("RSA-2048", its low range first),
 * ignoring case and "-", so that "rsa2048" is valid. NULL for any other.
 */
const struct device_template *device_template_find(const char *word);

/* The template for TPM2_CreatePrimary, unless NV has another. */
TPMT_PUBLIC device_template_public(const struct device_template *template);

/*
 * The template of the storage root key, RSA-2048 or P-256. As provisioned by TCG,
 * `unique` is zero-filled; with `empty_unique` it is the one that a TSS2 key file
 * denotes by the owner hierarchy (draft-bottomley-tpm2-keys).
 */
TPMT_PUBLIC device_template_storage(TPM2_ALG_ID type, bool empty_unique);

/* Of the keys below it that attest-device makes; an AK is restricted besides. */
#define DEVICE_KEY_ATTRIBUTES                                                                   \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |     \
	    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT)

/* True when the areas are equal apart from `unique`. */
bool device_template_equal(const TPMT_PUBLIC *a, const TPMT_PUBLIC *b);

#endif
