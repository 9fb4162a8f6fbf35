/*
 * Makes credentials. Trusts nothing from the front: the AK's attributes, kind
 * and Name and the EK's hash are checked here, where the credential is made,
 * because a TPM would activate one for a software key too.
 */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "attestation/keeper/admission.h"
#include "attestation/keeper/challenge_pack.h"
#include "attestation/keeper/ek_keys.h"
#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/operation.h"
#include "attestation/keeper/pending.h"
#include "attestation/keeper/refusals.h"
#include "attestation/keeper/revision.h"
#include "attestation/keeper/waiting.h"
#include "attestation/message.h"
#include "tpm/ak.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/source.h"

/* Fits the nameAlg digest of every EK. */
#define SECRET_SIZE 32

static struct challenge *
challenge_of(const struct call *call, const struct tpm_ek *ek, const struct tpm_ak *ak)
{
	struct view             ak_public = attestation_operation_asked(call)->challenge.ak_public;
	const struct admission *admission = call->state;
	struct challenge       *challenge = challenge_new();

	challenge->source = source_of_text(attestation_operation_asked(call)->peer);
	challenge->row = admission->row;
	challenge->ek = ek->hash;
	bytes_append(&challenge->ak_public, ak_public.data, ak_public.size);
	challenge->ak_number = tpm_ak_number_size(ak);
	challenge->revision = admission->revision;
	if (admission->judgement.postponed)
		bytes_append(&challenge->question, call->body.data, call->body.size);
	else
		admission_grant(admission, call, challenge);
	return challenge;
}

/* Makes a credential and opens the challenge for its secret. */
static int
challenge_open(struct call *call, const struct tpm_ek *ek, const struct tpm_ak *ak,
    struct error *err)
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
		challenge = challenge_of(call, ek, ak);
		rc = pending_put(attestation_operation_keeper(call)->pending, secret_view, challenge,
		    clock_monotonic_ms(), err);
	}
	bytes_cleanse(secret, sizeof secret);
	challenge_free(challenge);
	if (rc != 0)
		return -1;
	attestation_answer_encode(
	    &(struct attestation_answer){bytes_view(&credential), bytes_view(&encrypted)},
	    &call->answer);
	return 0;
}

static int
challenge_look(struct call *call, struct store *store, struct error *err)
{
	const struct attestation_challenge *asked = &attestation_operation_asked(call)->challenge;
	struct admission                   *admission = call->state;
	struct tpm_ak                       ak = {0};
	struct ek_keys                     *keys = attestation_operation_keeper(call)->ek_keys;
	struct ek_read                      read = {0};
	int                                 rc = -1;

	if (tpm_ak_decode(asked->ak_public, &ak, err) == 0 &&
	    ek_keys_decode(keys, asked->ek, asked->ek_public, &read, err) == 0 &&
	    (rc = admission_decide(admission, call, store, asked, &read.ek, false, err)) == 0 &&
	    (rc = challenge_open(call, &read.ek, &ak, err)) == 0 && admission->known)
		ek_keys_keep(keys, &read);
	if (rc > 0)
		rc = waiting_look(&admission->waiting, call, store, asked, &read.ek.hash,
		    &admission->judgement.evidence, err);
	ek_read_clear(&read);
	tpm_ak_clear(&ak);
	return rc;
}

static int
challenge_change(struct call *call, struct store *store, struct error *err)
{
	struct admission *admission = call->state;

	return waiting_change(&admission->waiting, call, store, err);
}

static int
challenge_told(struct call *call, int rc, struct error *err)
{
	struct admission *admission = call->state;

	rc = waiting_told(&admission->waiting, rc, err);
	if (rc != 0 && admission->known)
		refusals_record(attestation_operation_keeper(call)->refusals, &call->asker,
		    admission->ek.bytes, err);
	return rc;
}

const struct call_operation attestation_operation_challenge = {
    .name = "challenge",
    .state_size = sizeof(struct admission),
    .look = challenge_look,
    .change = challenge_change,
    .told = challenge_told,
};
