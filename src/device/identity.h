/* A device's identity: its AK, and the chain from an attestation host for it. */
#ifndef DEVICE_IDENTITY_H
#define DEVICE_IDENTITY_H

#include <stdbool.h>

#include <jansson.h>

#include "device/chain.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/device_ek.h"

struct device_settings;
struct device_state;
struct device_tpm;
struct error;

/* {0} is none. */
struct device_identity {
	struct device_ek    ek; /* set if attested in this run, else {0} */
	struct device_ak    ak;
	bool                ak_reused;
	struct device_chain chain;
	char               *refused; /* refused as not enrolled; for approval_wait */
};

void device_identity_clear(struct device_identity *identity);

#define AUTO_IDENTITY __attribute__((cleanup(device_identity_clear))) struct device_identity

/*
 * Has the attestation host of the settings certify the kept AK, or a new one if this TPM
 * knows none, and keeps the chain at *path, which the caller frees. Adds "ek" to `out`,
 * and "enroll" (with a wished name also "replace") if the host does not know the EK. Leaves
 * nothing loaded. When the host refuses, fails with its kind and detail.
 */
int device_identity_attest(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, struct device_identity *identity, char **path, json_t *out,
    struct error *err);

/*
 * Loads the kept identity: an AK that this TPM loads, and a chain for it, which must lead to a
 * root in the PEM file `root` (NULL: not checked). NOT_FOUND when there is none, CONFLICT when
 * the AK is another TPM's, BAD_ATTESTATION or MALFORMED when the files are unusable; else
 * INTERNAL.
 */
int device_identity_load(struct device_tpm *tpm, const struct device_state *state,
    const char *root, struct device_identity *identity, struct error *err);

#endif
