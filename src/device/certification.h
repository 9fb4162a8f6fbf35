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
 * Makes a key, obtains a certificate for it, and replaces the old pair, which stays until then. A
 * `renewal` keeps the key and replaces its chain only, unless the settings want a new key (new_key,
 * rekey, another key_type) or the kept one cannot be used. Uses the kept AK chain if it has the name and is not past two thirds of its life; else obtains a
 * new one first. An AK that this TPM does not know is a CONFLICT at a renewal; otherwise a new
 * AK is made. Records what it did in `out`. When the server refuses, fails with its kind and
 * detail; if the machine is not enrolled, *refused (`refused` may be NULL) is the request for
 * approval_wait, and the caller frees it.
 */
int certification_run(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, bool renewal, char **refused, json_t *out,
    struct error *err);

/* Fills *err with a CONFLICT: the TPM was cleared or replaced, and the remedy. Returns -1. */
int certification_lost(struct error *err);

#endif
