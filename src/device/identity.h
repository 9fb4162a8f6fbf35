/* What a device proves itself with: its AK, and the chain that an attestation host gave for it. */
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
	struct device_ek    ek; /* once attested in this run, else {0} */
	struct device_ak    ak;
	bool                ak_reused;
	struct device_chain chain;
	char               *refused; /* what the host refused to one that it has not enrolled, for approval_wait */
};

void device_identity_clear(struct device_identity *identity);

#define AUTO_IDENTITY __attribute__((cleanup(device_identity_clear))) struct device_identity

/*
 * Has the kept AK, or a new one where there is none that this TPM knows, certified by the
 * attestation host that the settings name, and keeps the chain; *path is where, and the
 * caller frees it. Puts "ek", and "enroll" when the host does not know it, into `out`.
 * Leaves nothing loaded. The server's own kind and detail when it refuses.
 */
int device_identity_attest(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, struct device_identity *identity, char **path, json_t *out,
    struct error *err);

/*
 * Takes what is kept: an AK that this TPM loads, and a chain for it, which leads to a root in the
 * PEM file `root` (NULL: is not asked for that). NOT_FOUND when there is
 * none, CONFLICT when the AK is another TPM's, BAD_ATTESTATION or MALFORMED when what is there
 * is no use; else INTERNAL.
 */
int device_identity_load(struct device_tpm *tpm, const struct device_state *state,
    const char *root, struct device_identity *identity, struct error *err);

#endif
