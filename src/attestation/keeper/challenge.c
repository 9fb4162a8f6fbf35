/*
 * Makes credentials. Trusts nothing from the front: the AK's attributes, kind
 * and Name and the EK's hash are checked here, where the credential is made,
 * because a TPM would activate one for a software key too.
 */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/ek_judge.h"
#include "attestation/keeper/ek_policy.h"
#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/operation.h"
#include "attestation/keeper/pending.h"
#include "attestation/keeper/refusals.h"
#include "attestation/keeper/revision.h"
#include "attestation/keeper/waiting.h"
#include "attestation/keeper/wrong_signatures.h"
#include "attestation/message.h"
#include "store/inventory/device.h"
#include "tpm/ak.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/source.h"

/* Fits the nameAlg digest of every EK. */
#define SECRET_SIZE 32

/* The facts about the EK of a challenge. */
struct admission {
	struct ek_hash      ek;
	struct ek_judgement judgement;
	bool                known;    /* it is enrolled, perhaps disabled */
	int64_t             revision; /* revision of its device */
	char                enroll_name[IDENTIFIER_MAX + 1]; /* name for self-enrolment, or "" */
	struct waiting      waiting; /* acceptable, except that it is not enrolled */
};

static struct challenge *
challenge_of(const struct call *call, const struct tpm_ek *ek, struct tpm_ak *ak)
{
	const struct admission    *admission = call->state;
	const struct ek_judgement *judgement = &admission->judgement;
	struct challenge          *challenge = challenge_new();

	challenge->source = source_of_text(attestation_operation_asked(call)->peer);
	challenge->ek = ek->hash;
	challenge->ak_name = ak->name;
	challenge->ak_spki = ak->spki;
	ak->spki = (struct bytes){0};
	challenge->revision = admission->revision;
	challenge->evidence = judgement->evidence;
	challenge->trust_revision = judgement->revision;
	challenge->policy = attestation_operation_revision(call)->policy;
	memcpy(challenge->serial, judgement->serial, sizeof challenge->serial);
	bytes_append(&challenge->ek_certificate, judgement->certificate.data,
	    judgement->certificate.size);
	if (admission->enroll_name[0] != '\0')
		challenge->enroll_name = memory_strdup(admission->enroll_name);
	return challenge;
}

/* Makes a credential and opens the challenge for its secret. */
static int
challenge_open(struct call *call, const struct tpm_ek *ek, struct tpm_ak *ak, struct error *err)
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
	if (rc != 0) {
		challenge_free(challenge);
		return -1;
	}
	attestation_answer_encode(
	    &(struct attestation_answer){bytes_view(&credential), bytes_view(&encrypted)},
	    &call->answer);
	return 0;
}

/* OVERLOADED when there is no verdict yet, for wrong signatures that came from there lately. */
static int
challenge_judge(const struct call *call, const struct tpm_ek *ek, struct ek_judgement *judgement,
    struct error *err)
{
	const struct attestation_keeper *keeper = attestation_operation_keeper(call);
	bool    looked = attestation_operation_revision(call)->settings.ek_mode != EK_POLICY_IGNORE;
	int64_t now_ms = clock_monotonic_ms();
	char    from[SOURCE_TEXT_SIZE];

	attestation_judge(looked ? keeper->vendors : NULL, &attestation_operation_asked(call)->challenge, ek, clock_now(),
	    wrong_signatures_exceeded(keeper->wrong, &call->source, now_ms), judgement);
	wrong_signatures_count(keeper->wrong, &call->source, judgement->slow_wrong, now_ms);
	if (!judgement->postponed)
		return 0;
	return error_set(err, ERROR_OVERLOADED,
	    "too many wrong signatures on EK certificates came from %s; try again in a few seconds",
	    source_format(&call->source, from));
}

/* EK_UNTRUSTED when the policy does not accept the EK certificate that was sent. */
static int
challenge_check_policy(const struct attestation_settings *settings, const struct tpm_ek *ek,
    const struct ek_judgement *judgement, struct error *err)
{
	const struct ek_policy policy = {settings->ek_mode, &settings->ek_certificate_require};
	struct ek_policy_facts facts = {
	    .verdict = judgement->evidence.verdict,
	    .reason = judgement->evidence.reason,
	    .claimed = judgement->claimed,
	    .certified = judgement->certified,
	    .shown = judgement->shown,
	};
	char reason[EK_POLICY_REASON_SIZE];
	char hash[EK_HASH_TEXT_SIZE];

	if (ek_policy_decide(&policy, &facts, reason) == EK_POLICY_ALLOW)
		return 0;
	ek_hash_format(&ek->hash, hash);
	return error_set(err, ERROR_EK_UNTRUSTED, "EK %s is not trusted: %s", hash, reason);
}

/*
 * Decides whether an EK that is not enrolled may enroll itself, and its name. Does not
 * enroll it here: public key and certificate do not prove possession.
 */
static bool
challenge_may_enroll(struct auto_enroll *auto_enroll, struct store *store,
    const struct tpm_ek *ek, struct admission *admission)
{
	const struct ek_judgement *judgement = &admission->judgement;
	struct enroll_facts facts = {&judgement->evidence, judgement->serial, false, &ek->hash, NULL};
	char                reason[ENROLL_REASON_SIZE];
	char                hash[EK_HASH_TEXT_SIZE];
	struct error        err = {0};

	admission->enroll_name[0] = '\0';
	if (auto_enroll == NULL)
		return false;
	ek_hash_format(&ek->hash, hash);
	if (auto_enroll_decide(auto_enroll, &facts, admission->enroll_name, reason) !=
	    ENROLL_ALLOW)
		LOG(INFO, {"event", "auto-enroll"}, {"ek", hash}, {"reason", reason});
	else if (auto_enroll_check_store(auto_enroll, store, &ek->hash, admission->enroll_name,
	             &admission->waiting.name_taken, &err) != 0)
		LOG(INFO, {"event", "auto-enroll"}, {"ek", hash}, {"reason", err.detail});
	else
		return true;
	return false;
}

/*
 * Decides whether the EK may have an AK certified: it is enrolled, or may enroll itself,
 * and its certificate satisfies the policy. Returns 1 when it is acceptable except that it
 * is not enrolled.
 */
static int
challenge_admit(struct call *call, struct store *store, const struct tpm_ek *ek, struct error *err)
{
	const struct attestation_revision *revision = attestation_operation_revision(call);
	struct admission                  *admission = call->state;
	struct store_device                device = {0};
	struct error                       missing = {0};
	bool enrolled = attestation_operation_device(store, &ek->hash, &device, &missing) == 0;

	admission->ek = ek->hash;
	admission->revision = device.revision;
	admission->known = enrolled || missing.kind == ERROR_DEVICE_DISABLED;
	store_device_clear(&device);
	if (!enrolled && missing.kind != ERROR_NOT_ENROLLED) {
		*err = missing;
		return -1;
	}
	if (challenge_judge(call, ek, &admission->judgement, err) != 0)
		return -1;
	if (challenge_check_policy(&revision->settings, ek, &admission->judgement, err) != 0)
		return -1;
	return enrolled || challenge_may_enroll(revision->auto_enroll, store, ek, admission) ? 0 : 1;
}

static int
challenge_look(struct call *call, struct store *store, struct error *err)
{
	const struct attestation_challenge *asked = &attestation_operation_asked(call)->challenge;
	struct admission                   *admission = call->state;
	struct tpm_ak                       ak = {0};
	struct tpm_ek                       ek = {0};
	int                                 rc = -1;

	if (tpm_ak_decode(asked->ak_public, &ak, err) == 0 &&
	    tpm_ek_decode(asked->ek, asked->ek_public, &ek, err) == 0 &&
	    (rc = challenge_admit(call, store, &ek, err)) == 0)
		rc = challenge_open(call, &ek, &ak, err);
	if (rc > 0)
		rc = waiting_look(&admission->waiting, call, store, &ek.hash,
		    &admission->judgement.evidence, err);
	tpm_ek_clear(&ek);
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
