/* The client of the attestation protocol: WIRE.md §1. */
#ifndef DEVICE_HOST_ATTESTATION_H
#define DEVICE_HOST_ATTESTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "device/chain.h"
#include "util/bytes.h"

struct device_ak;
struct device_ek;
struct device_tpm;
struct device_tpm_info;
struct error;
struct http_client;

/* Most EK certificates in a request. */
#define ATTESTATION_CERTIFICATES_MAX 8U

/* The keys of one attestation, loaded. */
struct attestation {
	const struct device_ek *ek;
	uint32_t                ek_handle;
	const struct device_ak *ak;
	uint32_t                ak_handle;
	const char             *wish;    /* the name to ask for, or NULL */
	char                   *request; /* body of POST /attest; the caller frees */
};

/*
 * Has the attestation host at `url` certify the AK: POST /attest, ActivateCredential,
 * POST /secret. Fills *chain with the chain received, not yet verified
 * (device_chain_verify).
 *
 * Fails with the host's kind and detail when it refuses (NOT_ENROLLED, …); with
 * INTERNAL when it cannot be reached or the TPM fails; with MALFORMED when the answer
 * cannot be decoded. Leaves only the two keys loaded.
 */
int attestation_run(struct device_tpm *tpm, struct attestation *attestation,
    struct http_client *client, const char *url, struct device_chain *chain, struct error *err);

/*
 * POSTs a refused request to /attest again. Returns 0 when it is accepted now, and leaves the
 * challenge unused; or -1 as attestation_run does, with *for_now when the failure is transient, and
 * *retry_after in seconds, 0: none.
 */
int attestation_knock(struct http_client *client, const char *url, const char *request,
    bool *for_now, long *retry_after, struct error *err);

/* The body of POST /attest; the caller frees. `wish` may be NULL. */
char *attestation_request_encode(const struct device_tpm_info *info, const struct device_ek *ek,
    const struct bytes *certificates, size_t count, const struct device_ak *ak, const char *wish);

/* Reads its answer: both members complete, with no octets left over. MALFORMED otherwise.
 * Public for tests. */
int attestation_challenge_decode(struct view body, TPM2B_ID_OBJECT *credential,
    TPM2B_ENCRYPTED_SECRET *secret, struct error *err);

#endif
