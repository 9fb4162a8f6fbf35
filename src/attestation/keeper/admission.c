/*
 * Decides on EKs. A stranger can send certificates in the name of any vendor: what takes long to
 * verify waits until the EK is proven.
 */
#include "config.h"

#include "attestation/keeper/admission.h"

#include <stdio.h>
#include <string.h>

#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/challenge_pack.h"
#include "attestation/keeper/ek_policy.h"
#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/operation.h"
#include "attestation/keeper/revision.h"
#include "attestation/message.h"
#include "store/inventory/device.h"
#include "tpm/ek.h"
#include "tpm/key.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* Octets of a coordinate of P-256. To agree on a secret with a larger key takes as long as to
 * verify a signature by one. */
#define FAST_FIELD 32

static bool
ek_is_fast(const struct tpm_ek *ek)
{
	const struct tpm_curve *curve = tpm_key_curve(ek->key);

	return curve == NULL || curve->field_size <= FAST_FIELD;
}

/* What is too large to be kept is refused, as if its signatures were wrong. */
static void
judgement_refuse_large(struct ek_judgement *judgement)
{
	judgement->postponed = false;
	(void)snprintf(judgement->evidence.reason, sizeof judgement->evidence.reason,
	    "more than %zu KiB came along, too much to verify its issuer's signature",
	    ADMISSION_QUESTION_MAX / 1024);
}

static void
admission_judge(struct admission *admission, const struct call *call,
    const struct attestation_challenge *asked, const struct tpm_ek *ek, bool proven)
{
	const struct attestation_settings *settings = &attestation_operation_revision(call)->settings;
	struct shared *vendors = attestation_operation_keeper(call)->vendors;

	attestation_judge(settings->ek_mode != EK_POLICY_IGNORE ? vendors : NULL, asked, ek, clock_now(),
	    !proven && ek_is_fast(ek), &admission->judgement);
	if (admission->judgement.postponed && call->body.size > ADMISSION_QUESTION_MAX)
		judgement_refuse_large(&admission->judgement);
}

/* EK_UNTRUSTED when the policy does not accept the EK certificate that was sent. */
static int
admission_check_policy(const struct attestation_settings *settings, const struct tpm_ek *ek,
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
admission_may_enroll(struct admission *admission, struct auto_enroll *auto_enroll,
    struct store *store, const struct tpm_ek *ek)
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

int
admission_decide(struct admission *admission, const struct call *call, struct store *store,
    const struct attestation_challenge *asked, const struct tpm_ek *ek, bool proven,
    struct error *err)
{
	const struct attestation_revision *revision = attestation_operation_revision(call);
	struct store_device                device = {0};
	struct error                       missing = {0};
	bool enrolled = attestation_operation_device(store, &ek->hash, 0, &device, &missing) == 0;

	admission->ek = ek->hash;
	admission->revision = device.revision;
	admission->row = device.row <= UINT32_MAX ? (uint32_t)device.row : 0;
	admission->known = enrolled || missing.kind == ERROR_DEVICE_DISABLED;
	store_device_clear(&device);
	if (!enrolled && missing.kind != ERROR_NOT_ENROLLED) {
		*err = missing;
		return -1;
	}
	admission_judge(admission, call, asked, ek, proven);
	if (admission->judgement.postponed)
		return 0;
	if (admission_check_policy(&revision->settings, ek, &admission->judgement, err) != 0)
		return -1;
	return enrolled || admission_may_enroll(admission, revision->auto_enroll, store, ek) ? 0 : 1;
}

void
admission_grant(const struct admission *admission, const struct call *call,
    struct challenge *challenge)
{
	const struct ek_judgement *judgement = &admission->judgement;

	challenge->evidence = judgement->evidence;
	challenge->trust_revision = judgement->revision;
	challenge->policy = attestation_operation_revision(call)->policy;
	memcpy(challenge->serial, judgement->serial, sizeof challenge->serial);
	bytes_append(&challenge->ek_certificate, judgement->certificate.data,
	    judgement->certificate.size);
	challenge->enrolls = admission->enroll_name[0] != '\0';
}
