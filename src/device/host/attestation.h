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

/* EK certificates that a request may hold. */
#define ATTESTATION_CERTIFICATES_MAX 8U

/* The keys of one attestation, loaded. */
struct attestation {
	const struct device_ek *ek;
	uint32_t                ek_handle;
	const struct device_ak *ak;
	uint32_t                ak_handle;
	char                   *request; /* what attestation_run POSTs to /attest; the caller frees */
};

/*
 * Has the attestation host at `url` certify the AK: POST /attest, ActivateCredential,
 * POST /secret. Fills *chain with what came back, not yet verified (device_chain_verify).
 *
 * Fails with the server's own kind and detail when it refuses (NOT_ENROLLED, …);
 * with INTERNAL when it cannot be reached or the TPM fails; with MALFORMED when the
 * answer cannot be decoded. Leaves nothing loaded but the two keys.
 */
int attestation_run(struct device_tpm *tpm, struct attestation *attestation,
    struct http_client *client, const char *url, struct device_chain *chain, struct error *err);

/*
 * POSTs a request that was refused to /attest once more. Returns 0 when it is not refused any more,
 * its challenge unused; or -1 as attestation_run does, with *for_now when the host could not be
 * asked or could not answer, and another time will, and *retry_after in seconds, 0 for none.
 */
int attestation_knock(struct http_client *client, const char *url, const char *request,
    bool *for_now, long *retry_after, struct error *err);

/* The body of POST /attest; the caller frees. */
char *attestation_request_encode(const struct device_tpm_info *info, const struct device_ek *ek,
    const struct bytes *certificates, size_t count, const struct device_ak *ak);

/* Reads the answer to it: both members complete, with nothing left over. MALFORMED otherwise. */
int attestation_challenge_decode(struct view body, TPM2B_ID_OBJECT *credential,
    TPM2B_ENCRYPTED_SECRET *secret, struct error *err);

#endif
