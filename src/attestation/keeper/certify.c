/*
 * Certifies the key of an activated credential: once per challenge, for a device
 * that is enrolled and enabled at the time of the commit, and recorded before
 * the answer.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/admission.h"
#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/challenge_pack.h"
#include "attestation/keeper/issuers.h"
#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/operation.h"
#include "attestation/keeper/pending.h"
#include "attestation/keeper/quota.h"
#include "attestation/keeper/refusals.h"
#include "attestation/keeper/revision.h"
#include "attestation/keeper/waiting.h"
#include "attestation/message.h"
#include "pki/ak_certificate.h"
#include "pki/certificate.h"
#include "service/keeper/keeper.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/inventory/trust.h"
#include "store/store.h"
#include "tpm/ak.h"
#include "tpm/ek.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/log.h"
#include "util/shared.h"

/* A certificate being issued. */
struct issue {
	struct issuers          *issuers; /* to release `issuer` to */
	struct shared_version   *issuer;  /* the issuer, once it has signed */
	struct challenge        *challenge; /* the activated one */
	struct admission         admission; /* decided here, when the challenge was opened without */
	struct store_device      device;    /* with its names, of this revision when it is recorded */
	bool                     found;     /* the device, by its row */
	bool                     enrolls;   /* it is not enrolled yet, and enrolls itself with this */
	char                     enroll_name[IDENTIFIER_MAX + 1];
	bool                     stranger;  /* its EK is not enrolled, and nothing is recorded of it */
	struct store_certificate record;
	struct bytes             certificate;
};

static void
issue_clear_cb(void *state)
{
	struct issue *issue = state;

	if (issue->issuers != NULL)
		issuers_release(issue->issuers, issue->issuer);
	challenge_free(issue->challenge);
	store_device_clear(&issue->device);
	bytes_clear(&issue->certificate);
}

static void
issue_note(struct call *call, const struct issue *issue)
{
	char serial[2 * STORE_SERIAL_MAX + 1];
	char ek[2 * STORE_HASH_SIZE + 1];
	char until[CLOCK_TEXT_SIZE];

	hex_encode(issue->record.serial, issue->record.serial_size, serial);
	hex_encode(issue->record.ek_hash, sizeof issue->record.ek_hash, ek);
	clock_format(issue->record.not_after, until);
	call_note(call, "certified",
	    (const struct log_field[]){{"ek", ek}, {"serial", serial}, {"until", until}, {NULL, NULL}});
}

/* Not the device's fault: it may retry at once. */
static int
issue_refuse_changed(struct error *err)
{
	return error_set(err, ERROR_OVERLOADED,
	    "the device has just been changed; start again with /attest");
}

/*
 * The EK's verification must still hold with the present vendors' certificates: the
 * removal of one takes effect at once.
 */
static int
issue_check_trust(const struct challenge *challenge, struct store *store, struct error *err)
{
	int64_t revision = 0;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): pending_take has found it */
	if (challenge->evidence.verdict != STORE_VERDICT_VERIFIED)
		return 0;
	if (store_trust_revision(store, &revision, err) != 0)
		return -1;
	if (revision == challenge->trust_revision)
		return 0;
	return error_set(err, ERROR_OVERLOADED,
	    "the vendors' certificates have just been changed; start again with /attest");
}

/* Nor do rules that were made stricter wait for the open challenges to end. */
static int
issue_check_policy(const struct challenge *challenge, const struct attestation_revision *revision,
    struct error *err)
{
	if (challenge->policy == revision->policy)
		return 0;
	return error_set(err, ERROR_OVERLOADED,
	    "the rules for EK certificates have just been changed; start again with /attest");
}

/*
 * Decides what the challenge left open: its EK is proven now. Returns 1 when the EK is acceptable
 * except that it is not enrolled; then it goes on the waiting list.
 */
static int
issue_admit(struct issue *issue, const struct call *call, struct store *store, struct error *err)
{
	struct challenge            *challenge = issue->challenge;
	struct admission            *admission = &issue->admission;
	struct attestation_question  question;
	struct attestation_challenge *asked = &question.challenge;
	struct tpm_ek                ek = {0};
	int                          rc = -1;

	if (challenge->question.size == 0)
		return 0;
	if (attestation_question_decode(bytes_view(&challenge->question), &question, err) == 0 &&
	    tpm_ek_decode(asked->ek, asked->ek_public, &ek, err) == 0) {
		rc = admission_decide(admission, call, store, asked, &ek, true, err);
		issue->stranger = !admission->known;
		if (rc == 0)
			admission_grant(admission, call, challenge);
		else if (rc > 0 && waiting_look(&admission->waiting, call, store, asked, &ek.hash,
		             &admission->judgement.evidence, err) != 0)
			rc = -1;
	}
	tpm_ek_clear(&ek);
	return rc;
}

/* By the rule, which gives it its name; the store is asked in the transaction. */
static bool
issue_may_enroll(const struct challenge *challenge, struct auto_enroll *auto_enroll,
    char name[IDENTIFIER_MAX + 1])
{
	struct enroll_facts facts = {&challenge->evidence, challenge->serial, false, &challenge->ek, NULL};
	char                reason[ENROLL_REASON_SIZE];
	char                hash[EK_HASH_TEXT_SIZE];

	if (auto_enroll_decide(auto_enroll, &facts, name, reason) == ENROLL_ALLOW)
		return true;
	ek_hash_format(&challenge->ek, hash);
	LOG(INFO, {"event", "auto-enroll"}, {"ek", hash}, {"reason", reason});
	return false;
}

/* Records a certificate, and the evidence about its EK. */
static int
issue_record(const struct call *call, struct store *store, int64_t now, struct error *err)
{
	const struct issue          *issue = call->state;
	const struct challenge      *challenge = issue->challenge;
	int64_t                      revision = issue->device.revision;
	const struct store_evidence *evidence =
	    attestation_operation_revision(call)->settings.ek_mode != EK_POLICY_IGNORE ? &challenge->evidence
	                                                                               : NULL;
	char serial[2 * STORE_SERIAL_MAX + 1];
	char until[CLOCK_TEXT_SIZE];
	char detail[160];

	hex_encode(issue->record.serial, issue->record.serial_size, serial);
	clock_format(issue->record.not_after, until);
	(void)snprintf(detail, sizeof detail, "certificate %s until %s, EK certificate %s", serial,
	    until, evidence != NULL ? store_verdict_word(evidence->verdict) : "ignored");
	if (issue_check_trust(challenge, store, err) != 0)
		return -1;
	if (issue->enrolls &&
	    auto_enroll_run(attestation_operation_revision(call)->auto_enroll, store, &challenge->ek,
	        issue->enroll_name, now, &revision, err) != 0)
		return -1;
	if (store_certificate_add(store, &issue->record, revision, err) != 0 ||
	    store_evidence_record(store, challenge->ek.bytes, evidence,
	        bytes_view(&challenge->ek_certificate), now, err) != 0)
		return -1;
	return store_audit_add_of(store, AUDIT_CERTIFY, &issue->device, "done", detail, now, err);
}

/*
 * Still by the rule as it is now, in the transaction: a reload, or another list, takes effect at
 * once.
 */
static int
issue_check_rule(const struct issue *issue, const struct call *call, struct error *err)
{
	void *present = service_keeper_hold(call->worker->keeper);
	bool  same = present == call->held;
	char  name[IDENTIFIER_MAX + 1];

	service_keeper_release(call->worker->keeper, present);
	if (same && issue_may_enroll(issue->challenge, attestation_operation_revision(call)->auto_enroll, name) &&
	    strcmp(name, issue->enroll_name) == 0)
		return 0;
	return error_set(err, ERROR_CONFLICT, "the rule was changed meanwhile");
}

static int
certify_change(struct call *call, struct store *store, struct error *err)
{
	struct issue *issue = call->state;

	if (issue->admission.waiting.written)
		return waiting_change(&issue->admission.waiting, call, store, err);
	if (issue->enrolls && issue_check_rule(issue, call, err) != 0)
		return -1;
	return issue_record(call, store, clock_now(), err);
}

/* Signs the certificate of the AK that will be recorded. */
static int
issue_sign_ak(struct issue *issue, const struct call *call, const struct store_device *device,
    const struct tpm_ak *ak, struct error *err)
{
	const struct attestation_settings *settings = &attestation_operation_revision(call)->settings;
	const struct challenge          *challenge = issue->challenge;
	const struct issuer             *issuer;
	AUTO_FREE char                  *urn = ek_hash_urn(&challenge->ek);
	char                             hash[EK_HASH_TEXT_SIZE];
	const char                      *hash_name = hash;
	int64_t                          now = clock_now();
	struct ak_profile                profile = {
	                   .spki = bytes_view(&ak->spki),
	                   .ek_urn = urn,
	                   .manufacturer = challenge->evidence.manufacturer,
	                   .model = challenge->evidence.model,
	                   .version = challenge->evidence.version,
	                   .names = (const char *const *)device->names,
	                   .name_count = device->name_count,
	                   .not_after = now + settings->ak_lifetime,
        };

	issue->issuers = attestation_operation_keeper(call)->issuers;
	issue->issuer = issuers_acquire(issue->issuers);
	issuer = issue->issuer->value;
	profile.crl_url = issuer->crl_url;
	profile.not_before = certificate_begin(issuer->files.ca.certificate, now,
	    settings->service.backdate);
	/* At least one identifier: without one, an ACME server would accept any name. */
	ek_hash_format(&challenge->ek, hash);
	if (device->name_count == 0) {
		profile.names = &hash_name;
		profile.name_count = 1;
	}
	if (ak_certificate_issue(&issuer->files.ca, &profile, issue->record.serial,
	        &issue->record.not_after, &issue->certificate, err) != 0)
		return error_wrap(err, "signing the AK certificate");
	issue->record.serial_size = CERTIFICATE_SERIAL_SIZE;
	issue->record.issuer = issuer->row;
	issue->record.not_before = profile.not_before;
	memcpy(issue->record.ek_hash, challenge->ek.bytes, sizeof issue->record.ek_hash);
	memcpy(issue->record.ak_name, ak->name.bytes, ak->name.size);
	issue->record.ak_name_size = ak->name.size;
	return 0;
}

static int
issue_sign(struct issue *issue, const struct call *call, const struct store_device *device,
    struct error *err)
{
	struct tpm_ak ak;
	int           rc;

	if (tpm_ak_decode_again(bytes_view(&issue->challenge->ak_public), &ak, err) != 0)
		return -1;
	rc = issue_sign_ak(issue, call, device, &ak, err);
	tpm_ak_clear(&ak);
	return rc;
}

/*
 * Finds who is in the row that the challenge waited with, and so its EK, unless it is another one for
 * certain; issue_check_device tells that it is the same. Before this, and if it fails, the EK is not known: it may
 * be enrolled again, in another row, so that it must ask again to be told.
 */
static int
issue_find_row(struct issue *issue, struct store *store, struct error *err)
{
	struct challenge    *challenge = issue->challenge;
	struct store_device *device = &issue->device;

	if (challenge->row == 0)
		return 0;
	if (store_device_at(store, challenge->row, STORE_DEVICE_NAMES, device, err) != 0)
		return err->kind == ERROR_NOT_ENROLLED ? issue_refuse_changed(err) : -1;
	if (memcmp(challenge->ek.bytes, device->ek_hash, CHALLENGE_EK_BEGIN) != 0)
		return issue_refuse_changed(err);
	memcpy(challenge->ek.bytes, device->ek_hash, sizeof challenge->ek.bytes);
	issue->found = true;
	return 0;
}

/*
 * The challenge is bound to a revision of the device: if the device was disabled,
 * renamed or enrolled again meanwhile, it must ask again, even if everything looks
 * unchanged.
 */
static int
issue_check_device(const struct issue *issue, const struct store_device *device, struct error *err)
{
	if (issue->challenge->revision == device->revision)
		return 0;
	return issue_refuse_changed(err);
}

/*
 * Finds the device; or enrolls an EK that may enroll itself, now that the secret has
 * come back, which only the TPM with the EK could decrypt: by the rule as it is now, and under
 * its name, whatever the rule was when the challenge was opened.
 */
static int
issue_find_device(struct issue *issue, struct auto_enroll *auto_enroll, struct store *store,
    struct store_device *device, struct error *err)
{
	const struct challenge *challenge = issue->challenge;

	if (issue->found)
		return attestation_operation_enabled(device, err);
	if (attestation_operation_device(store, &challenge->ek, STORE_DEVICE_NAMES, device, err) == 0)
		return 0;
	if (err->kind != ERROR_NOT_ENROLLED || !challenge->enrolls ||
	    auto_enroll == NULL)
		return -1;
	if (!issue_may_enroll(challenge, auto_enroll, issue->enroll_name))
		return -1;
	issue->enrolls = true;
	memcpy(device->ek_hash, challenge->ek.bytes, sizeof device->ek_hash);
	device->names = memory_new(sizeof *device->names);
	device->names[device->name_count++] = memory_strdup(issue->enroll_name);
	return 0;
}

/* Possession of the EK is proven by now, so no other machine can use up its quota. */
static int
issue_check_quota(const struct issue *issue, const struct call *call, struct error *err)
{
	if (quota_take(attestation_operation_keeper(call)->quota, &issue->challenge->ek, clock_monotonic_ms()))
		return 0;
	return error_set(err, ERROR_RATE_LIMITED,
	    "this machine has had its AK certificates of a day, %lld (device_certificates); use the last",
	    (long long)attestation_operation_revision(call)->settings.device_certificates);
}

static int
certify_look(struct call *call, struct store *store, struct error *err)
{
	const struct attestation_revision *revision = attestation_operation_revision(call);
	struct pending                    *pending = attestation_operation_keeper(call)->pending;
	struct view                        secret = attestation_operation_asked(call)->certify.secret;
	struct issue                      *issue = call->state;
	struct store_device               *device = &issue->device;
	int                                rc = -1;

	if (pending_take(pending, secret, clock_monotonic_ms(), &issue->challenge, err) != 0 ||
	    issue_find_row(issue, store, err) != 0)
		return -1;
	if ((rc = issue_admit(issue, call, store, err)) != 0)
		return rc > 0 ? 0 : -1; /* the change is that of the waiting list */
	rc = -1;
	if (issue_check_policy(issue->challenge, revision, err) == 0 &&
	    issue_find_device(issue, revision->auto_enroll, store, device, err) == 0 &&
	    issue_check_device(issue, device, err) == 0 && issue_check_quota(issue, call, err) == 0)
		rc = issue_sign(issue, call, device, err);
	return rc;
}

static int
certify_told(struct call *call, int rc, struct error *err)
{
	struct issue           *issue = call->state;
	const struct challenge *challenge = issue->challenge;
	const struct issuer    *issuer;

	if ((rc = waiting_told(&issue->admission.waiting, rc, err)) != 0 && issue->stranger)
		return -1;
	if (rc != 0) {
		if (err->kind == ERROR_CONFLICT)
			issue_refuse_changed(err);
		/* A secret without a challenge belongs to no known EK, nor does a row that has changed. */
		refusals_record(attestation_operation_keeper(call)->refusals, &call->asker,
		    challenge != NULL && (challenge->row == 0 || issue->found) ? challenge->ek.bytes : NULL, err);
		return -1;
	}
	pending_answered(attestation_operation_keeper(call)->pending, &challenge->ek, &challenge->source);
	issuer = issue->issuer->value;
	issue_note(call, issue);
	attestation_answer_encode(&(struct attestation_answer){bytes_view(&issue->certificate),
	                              bytes_view(&issuer->chain)},
	    &call->answer);
	return 0;
}

const struct call_operation attestation_operation_certify = {
    .name = "certify",
    .state_size = sizeof(struct issue),
    .clear = issue_clear_cb,
    .look = certify_look,
    .change = certify_change,
    .told = certify_told,
};
