/* From a TPM to a certificate in files: AK chain, device key, ACME, the two files. */
#ifndef DEVICE_CERTIFICATION_H
#define DEVICE_CERTIFICATION_H

#include <stdbool.h>

#include <jansson.h>

struct device_settings;
struct device_state;
struct device_tpm;
struct error;

/*
 * Makes a new key, obtains a certificate for it, and puts both in place of the old ones,
 * which stay until then. The AK chain that is kept is used when it is for the name and has not passed
 * two thirds of its life, otherwise a new one is obtained first; with `same_tpm`, an AK
 * that this TPM does not know is a CONFLICT, otherwise a reason for a new one.
 * Puts what it did into `out`. Fails with the server's own kind and detail when it refuses;
 * when that is because the machine is not enrolled, *refused (which may be NULL) is what
 * approval_wait wants, and the caller frees it.
 */
int certification_run(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, bool same_tpm, char **refused, json_t *out,
    struct error *err);

/* Where the two files go: --out, or the state directory. Borrowed. */
const char *certification_directory(const struct device_settings *settings,
    const struct device_state *state);

/* Words a CONFLICT: the TPM was cleared or replaced, and what to do. Returns -1. */
int certification_lost(struct error *err);

#endif
