/*
 * Makes credentials. Nothing that the front says is taken over: the AK's
 * attributes, kind and Name and the EK's hash are found out here, where the
 * credential is made, because a TPM activates one for a software key too.
 */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/ek_judge.h"
#include "attestation/keeper/ek_policy.h"
#include "attestation/keeper/peer.h"
#include "attestation/keeper/pending.h"
#include "attestation/keeper/refusals.h"
#include "attestation/keeper/state.h"
#include "attestation/keeper/waiting.h"
#include "attestation/message.h"
#include "attestation/settings.h"
#include "store/inventory/device.h"
#include "tpm/ak.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* Fits the nameAlg digest of every EK. */
#define SECRET_SIZE 32

/* What was found out about the EK of a challenge before it is made. */
struct admission {
	struct ek_judgement judgement;
	bool                known;    /* it is enrolled, if only switched off */
	int64_t             revision; /* of its device */
	char                enroll_name[IDENTIFIER_MAX + 1]; /* there is none yet, and it may enrol itself so; or "" */
};

static struct challenge *
challenge_of(const struct attestation_question *question, const struct tpm_ek *ek,
    const struct admission *admission, struct tpm_ak *ak)
{
	const struct ek_judgement *judgement = &admission->judgement;
	struct challenge          *challenge = challenge_new();
	char                       host[PEER_SIZE];
	char                       source[PEER_SIZE];

	/* Who has all addresses of an IPv6 network has one share with them. */
	peer_host(question->peer, host);
	peer_source(host, source);
	memcpy(challenge->host, source, strlen(source));
	challenge->ek = ek->hash;
	challenge->ak_name = ak->name;
	challenge->ak_key = ak->key;
	ak->key = NULL;
	challenge->revision = admission->revision;
	challenge->evidence = judgement->evidence;
	challenge->trust_revision = judgement->revision;
	memcpy(challenge->serial, judgement->serial, sizeof challenge->serial);
	bytes_append(&challenge->ek_certificate, judgement->certificate.data,
	    judgement->certificate.size);
	if (admission->enroll_name[0] != '\0')
		challenge->enroll_name = memory_strdup(admission->enroll_name);
	return challenge;
}

/* Makes a credential and keeps the challenge open for its secret. */
static int
challenge_open(struct attestation_worker *worker, const struct attestation_question *asked,
    const struct tpm_ek *ek, const struct admission *admission, struct tpm_ak *ak,
    struct bytes *answer, struct error *err)
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
		challenge = challenge_of(asked, ek, admission, ak);
		rc = pending_put(worker->keeper->pending, secret_view, challenge,
		    clock_monotonic_ms(), err);
	}
	bytes_cleanse(secret, sizeof secret);
	if (rc != 0) {
		challenge_free(challenge);
		return -1;
	}
	attestation_answer_encode(
	    &(struct attestation_answer){bytes_view(&credential), bytes_view(&encrypted)}, answer);
	return 0;
}

/* EK_UNTRUSTED when the policy wants another EK certificate than the one that was shown. */
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
 * Whether an EK that is not enrolled may enrol itself, and as what. Nothing is enrolled
 * here: its public part and its certificate prove nobody's possession of it.
 */
static bool
challenge_may_enroll(struct attestation_worker *worker, const struct tpm_ek *ek,
    struct admission *admission, bool *taken)
{
	const struct ek_judgement *judgement = &admission->judgement;
	struct enroll_facts facts = {&judgement->evidence, judgement->serial, false, &ek->hash};
	char                reason[ENROLL_REASON_SIZE];
	char                hash[EK_HASH_TEXT_SIZE];
	struct error        err = {0};

	*taken = false;
	admission->enroll_name[0] = '\0';
	if (worker->keeper->auto_enroll == NULL)
		return false;
	ek_hash_format(&ek->hash, hash);
	if (auto_enroll_decide(worker->keeper->auto_enroll, &facts, admission->enroll_name, reason) !=
	    ENROLL_ALLOW)
		LOG(INFO, {"event", "auto-enroll"}, {"ek", hash}, {"reason", reason});
	else if (auto_enroll_check_store(worker->store, &ek->hash, admission->enroll_name, taken,
	             &err) != 0)
		LOG(INFO, {"event", "auto-enroll"}, {"ek", hash}, {"reason", err.detail});
	else
		return true;
	return false;
}

/*
 * Whether the EK may have an AK certified: it is enrolled, or may enrol itself, and its
 * certificate is what policy wants. Of one that nothing else speaks against than that it
 * is not enrolled, *applicant is filled in.
 */
static int
challenge_admit(struct attestation_worker *worker, const struct attestation_challenge *asked,
    const struct tpm_ek *ek, struct admission *admission, struct applicant *applicant,
    struct error *err)
{
	const struct attestation_keeper *keeper = worker->keeper;
	struct store_device              device = {0};
	struct error                     missing = {0};
	bool                             taken = false;
	bool enrolled = attestation_device_find(worker, ek->hash.bytes, &device, &missing) == 0;

	admission->revision = device.revision;
	admission->known = enrolled || missing.kind == ERROR_DEVICE_DISABLED;
	store_device_clear(&device);
	if (!enrolled && missing.kind != ERROR_NOT_ENROLLED) {
		*err = missing;
		return -1;
	}
	attestation_judge(keeper->vendors, asked, ek, clock_now(), &admission->judgement);
	if (challenge_check_policy(keeper->settings, ek, &admission->judgement, err) != 0)
		return -1;
	if (enrolled || challenge_may_enroll(worker, ek, admission, &taken))
		return 0;
	*applicant = (struct applicant){true, ek->hash, admission->judgement.evidence, taken};
	*err = missing;
	return -1;
}

int
attestation_challenge(struct attestation_worker *worker, const struct attestation_question *asked,
    struct applicant *applicant, struct bytes *answer, struct error *err)
{
	const struct attestation_challenge *challenge = &asked->challenge;
	struct admission                admission = {0};
	struct asker                    asker;
	struct tpm_ak                   ak = {0};
	struct tpm_ek                   ek = {0};
	int                             rc = -1;

	if (tpm_ak_decode(challenge->ak_public, &ak, err) == 0 &&
	    tpm_ek_decode(challenge->ek, challenge->ek_public, &ek, err) == 0 &&
	    challenge_admit(worker, challenge, &ek, &admission, applicant, err) == 0)
		rc = challenge_open(worker, asked, &ek, &admission, &ak, answer, err);
	if (rc != 0 && admission.known) {
		asker_set(&asker, asked);
		refusals_record(worker->keeper->refusals, &asker, ek.hash.bytes, err);
	}
	tpm_ek_clear(&ek);
	tpm_ak_clear(&ak);
	return rc;
}
