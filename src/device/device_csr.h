/* CSRs (PKCS #10, RFC 2986) signed by a key in the TPM. */
#ifndef DEVICE_DEVICE_CSR_H
#define DEVICE_DEVICE_CSR_H

struct bytes;
struct device_key;
struct device_tpm;
struct error;

/*
 * Appends a CSR (DER) of the key for the permanent identifier `name`: as the subject's CN
 * if it fits (64 characters, RFC 5280), and as PermanentIdentifier. CONFLICT when the key
 * is not this TPM's, else INTERNAL.
 */
int device_csr_make(struct device_tpm *tpm, const struct device_key *key, const char *name,
    struct bytes *der, struct error *err);

#endif
