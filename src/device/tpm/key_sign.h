/* Signing with keys of key files, by as few commands as possible. */
#ifndef DEVICE_TPM_KEY_SIGN_H
#define DEVICE_TPM_KEY_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

struct device_key;
struct device_tpm;
struct error;

/*
 * What an earlier signature found out about the parent of a key, which saves two commands; {0}
 * knows nothing. It is of one TPM and of one value of device_key.parent.
 */
struct device_parent_known {
	bool         transient; /* the persistent SRK is not the parent */
	struct bytes handle;    /* ESAPI's data of a persistent parent; empty: not known */
};

void device_parent_known_clear(struct device_parent_known *known);

/*
 * Signs `digest` by `scheme` (ECDSA, RSASSA or RSAPSS) and `hash` with the key: TPM2_Load,
 * TPM2_Sign and TPM2_FlushContext. For a key whose file names the owner hierarchy as its parent,
 * the persistent SRK is tried first, since making a primary takes a chip longer than a signature;
 * *known keeps what was found. Leaves nothing loaded. CONFLICT when the key is not this TPM's, or
 * the TPM was cleared, else INTERNAL.
 */
int device_key_sign(struct device_tpm *tpm, const struct device_key *key,
    struct device_parent_known *known, TPM2_ALG_ID scheme, TPM2_ALG_ID hash, struct view digest,
    TPMT_SIGNATURE *signature, struct error *err);

/* Signs with a loaded key; `doing` begins the detail of a failure. INTERNAL. */
int device_key_sign_loaded(struct device_tpm *tpm, uint32_t handle, TPM2_ALG_ID scheme,
    TPM2_ALG_ID hash, struct view digest, const char *doing, TPMT_SIGNATURE *signature,
    struct error *err);

#endif
