/* The device's state directory: the AK, its proof and its chain. One process at a time. */
#ifndef DEVICE_STATE_H
#define DEVICE_STATE_H

#include "util/bytes.h"

struct device_ak;
struct error;

/* PEM, TSS2 PRIVATE KEY: wrapped to this TPM. */
#define DEVICE_STATE_AK "ak.pem"
/* JSON: the `params` that POST /attest sends for this AK. */
#define DEVICE_STATE_AK_CREATION "ak-creation.json"
/* PEM: the AK's certificate and those above it, without the root. */
#define DEVICE_STATE_AK_CHAIN "ak-chain.pem"
/* PEM: the private key of the ACME account. */
#define DEVICE_STATE_ACCOUNT "acme-account.pem"
/* JSON: how the certificate was obtained, for its renewal. */
#define DEVICE_STATE_SETTINGS "certificate.json"

/* An open state directory, locked; {.lock = -1} is closed. */
struct device_state {
	char *path;
	int   lock;
};

/*
 * Returns where state is when nobody says: /var/lib/attest-device for root, otherwise
 * attest-device in $XDG_STATE_HOME or ~/.local/state. The caller frees.
 */
char *device_state_default(void);

/*
 * Opens the directory (NULL: the default one), making it with mode 0700 and the
 * directories above it when missing, and waits for another process that has it open.
 * INTERNAL on failure.
 */
int device_state_open(const char *path, struct device_state *state, struct error *err);

void device_state_close(struct device_state *state);

/* Locals that close themselves: AUTO_STATE state = {.lock = -1}; */
#define AUTO_STATE __attribute__((cleanup(device_state_close))) struct device_state

/*
 * Reads the AK and its proof, and checks that they belong together.
 * NOT_FOUND when there is none; MALFORMED or BAD_ATTESTATION when what is there is
 * no use and a new one should be made; else INTERNAL.
 */
int device_state_ak_load(const struct device_state *state, struct device_ak *ak, struct error *err);

/*
 * Keeps the AK in place of another; a chain for that one goes. A crash in between
 * leaves something that device_state_ak_load refuses, or the old or the new AK.
 */
int device_state_ak_save(const struct device_state *state, const struct device_ak *ak,
    struct error *err);

/* Keeps the chain, PEM, in place of another. *path is where; the caller frees it. */
int device_state_chain_save(const struct device_state *state, struct view pem, char **path,
    struct error *err);

/* Reads the chain, PEM. NOT_FOUND when there is none, else INTERNAL or TOO_LARGE. */
int device_state_chain_load(const struct device_state *state, struct bytes *pem, struct error *err);

/* Any of the files: the same, and in place of another. */
int device_state_read(const struct device_state *state, const char *name, struct bytes *out,
    struct error *err);
int device_state_write(const struct device_state *state, const char *name, struct view data,
    struct error *err);

#endif
