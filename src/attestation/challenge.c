/*
 * Makes credentials. Nothing that the front says is taken over: the AK's
 * attributes, kind and Name and the EK's hash are found out here, where the
 * credential is made, because a TPM activates one for a software key too.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "attestation/keeper_state.h"
#include "attestation/message.h"
#include "attestation/pending.h"
#include "store/store.h"
#include "tpm/ak.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "tpm/vendor.h"
#include "util/clock.h"
#include "util/error.h"

/* Fits the nameAlg digest of every EK. */
#define SECRET_SIZE 32

/* Copies a claim of the client as text. */
static void
claim_copy(struct view claim, char *text, size_t size)
{
	(void)snprintf(text, size, "%.*s", (int)claim.size, (const char *)claim.data);
}

/*
 * A model is printable ASCII in a certificate: vendors pad it with NULs and
 * spaces, and clients claim what they like. Runs of anything else are one space.
 */
static void
claim_model(struct view claim, char model[PENDING_MODEL_MAX + 1])
{
	size_t used = 0;

	for (size_t i = 0; i < claim.size && used < PENDING_MODEL_MAX; i++) {
		uint8_t c = claim.data[i];

		if (c > 0x20 && c < 0x7f)
			model[used++] = (char)c;
		else if (used > 0 && model[used - 1] != ' ')
			model[used++] = ' ';
	}
	while (used > 0 && model[used - 1] == ' ')
		used--;
	model[used] = '\0';
}

/* "192.0.2.1:51442" without its port; the rest of `host` is zero already. */
static void
host_copy(struct view peer, char host[PENDING_HOST_SIZE])
{
	size_t size = peer.size;

	while (size > 0 && peer.data[size - 1] != ':')
		size--;
	size = size > 0 ? size - 1 : peer.size;
	if (size >= PENDING_HOST_SIZE)
		size = PENDING_HOST_SIZE - 1;
	if (size > 0)
		memcpy(host, peer.data, size);
}

static struct challenge *
challenge_of(const struct message_question *question, const struct tpm_ek *ek, struct tpm_ak *ak)
{
	const struct message_challenge *asked = &question->challenge;
	struct challenge               *challenge = challenge_new();
	char                            text[256];

	host_copy(question->peer, challenge->host);
	challenge->ek = ek->hash;
	challenge->ak_name = ak->name;
	challenge->ak_key = ak->key;
	ak->key = NULL;
	claim_copy(asked->manufacturer, text, sizeof text);
	tpm_vendor_id(text, challenge->manufacturer);
	claim_copy(asked->firmware, text, sizeof text);
	tpm_version_id(text, challenge->version);
	claim_model(asked->model, challenge->model);
	return challenge;
}

/* Makes a credential and keeps the challenge open for its secret. */
static int
challenge_open(struct attestation_worker *worker, const struct message_question *asked,
    const struct tpm_ek *ek, struct tpm_ak *ak, struct bytes *answer, struct error *err)
{
	struct challenge *challenge = NULL;
	AUTO_BYTES        credential = {0};
	AUTO_BYTES        encrypted = {0};
	uint8_t           secret[SECRET_SIZE];
	struct view       secret_view = {secret, sizeof secret};
	int               rc = -1;

	if (RAND_priv_bytes(secret, sizeof secret) != 1) {
		error_set(err, ERROR_INTERNAL, "drawing a secret");
	} else if (tpm_credential_make(ek, &ak->name, secret_view, &credential, &encrypted, err) == 0) {
		challenge = challenge_of(asked, ek, ak);
		rc = pending_put(worker->keeper->pending, secret_view, challenge,
		    clock_monotonic_ms(), err);
	}
	bytes_cleanse(secret, sizeof secret);
	if (rc != 0) {
		challenge_free(challenge);
		return -1;
	}
	message_answer_encode(
	    &(struct message_answer){bytes_view(&credential), bytes_view(&encrypted)}, answer);
	return 0;
}

int
attestation_challenge(struct attestation_worker *worker, const struct message_question *asked,
    struct bytes *answer, struct error *err)
{
	const struct message_challenge *challenge = &asked->challenge;
	struct store_device             device = {0};
	struct tpm_ak                   ak = {0};
	struct tpm_ek                   ek = {0};
	int                             rc = -1;

	if (tpm_ak_decode(challenge->ak_public, &ak, err) == 0 &&
	    tpm_ek_decode(challenge->ek, challenge->ek_public, &ek, err) == 0 &&
	    attestation_device_find(worker, ek.hash.bytes, &device, err) == 0)
		rc = challenge_open(worker, asked, &ek, &ak, answer, err);
	store_device_clear(&device);
	tpm_ek_clear(&ek);
	tpm_ak_clear(&ak);
	return rc;
}
