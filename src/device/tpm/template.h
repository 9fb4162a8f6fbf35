/* Templates of primary keys: TCG EK Credential Profile annex B, TCG Provisioning Guidance (SRK). */
#ifndef DEVICE_TPM_TEMPLATE_H
#define DEVICE_TPM_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

/* An endorsement key as TCG's table has it, and where its things lie in NV. */
struct device_template {
	const char *kind;  /* "RSA-2048"; what tpm_ek calls it */
	const char *label; /* "L-1": low range (policy only), "H-1": high range (password too) */
	TPM2_ALG_ID type;  /* TPM2_ALG_RSA or _ECC */
	uint16_t    size;  /* RSA: key bits; ECC: TPM2_ECC_NIST_… */
	TPM2_ALG_ID name_alg;
	uint16_t    aes_bits;
	bool        high;
	TPM2_HANDLE nv_certificate;
	TPM2_HANDLE nv_template; /* goes before the default template */
	TPM2_HANDLE nv_nonce;    /* goes into `unique`; 0 for the high range */
};

/* Row `index` of the table, in the order in which a default is chosen; NULL behind the last. */
const struct device_template *device_template_at(size_t index);

/*
 * The row that `word` means: a label ("L-1") or a kind ("RSA-2048", its low range
 * first), without regard to case and "-", so that "rsa2048" is one. NULL when none.
 */
const struct device_template *device_template_find(const char *word);

/* The public area from which TPM2_CreatePrimary makes this EK when NV says nothing else. */
TPMT_PUBLIC device_template_public(const struct device_template *template);

/*
 * The public area for the storage root key, RSA-2048 or P-256. As TCG provisions it,
 * `unique` is zero-filled; with `empty_unique` it is the one that a TSS2 key file
 * means by the owner hierarchy (draft-bottomley-tpm2-keys).
 */
TPMT_PUBLIC device_template_storage(TPM2_ALG_ID type, bool empty_unique);

/* True when the areas differ in `unique` at most. */
bool device_template_equal(const TPMT_PUBLIC *a, const TPMT_PUBLIC *b);

#endif
