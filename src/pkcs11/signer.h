/* The way to the TPM: opened for each signature, used by one thread after the other, and closed. */
#ifndef PKCS11_SIGNER_H
#define PKCS11_SIGNER_H

#include <stdbool.h>

#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

struct device_key;
struct error;
struct place;

/*
 * Signs a digest as device_key_sign does, at the TPM of `place`. Waits for the threads that came
 * earlier; tries again for some seconds while the TPM is busy or full, or another process has it
 * open. NOT_FOUND, CONFLICT or INTERNAL with the remedy in the detail; nothing goes to stderr.
 */
int signer_sign(const struct place *place, bool forked, const struct device_key *key,
    TPM2_ALG_ID scheme, TPM2_ALG_ID hash, struct view digest, TPMT_SIGNATURE *signature,
    struct error *err);

/* Whether this process has opened a TPM. */
bool signer_has_worked(void);

/* Frees what is remembered of the TPM. */
void signer_forget(void);

/*
 * What a fork calls. signer_prepare waits, some seconds at most, until no other thread uses the
 * TPM, and none begins to until signer_parent: the child would have a copy of the connection, and
 * the TPM take it for open as long as the child lives. They take no lock, and do nothing in a
 * thread that is making a signature, since the TCTI "cmd:" forks then. signer_child forgets what
 * may be half written.
 */
void signer_prepare(void);
void signer_parent(void);
void signer_child(void);

#endif
