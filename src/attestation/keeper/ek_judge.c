/*
 * Makes evidence from the certificates and claims that a machine sends. Decides nothing:
 * ek_policy.c does.
 */
#include "config.h"

#include "attestation/keeper/ek_judge.h"

#include <string.h>

#include "attestation/keeper/vendor_trust.h"
#include "attestation/message.h"
#include "pki/ek_shown.h"
#include "tpm/ek.h"
#include "tpm/vendor.h"
#include "util/hex.h"
#include "util/log.h"
#include "util/shared.h"

_Static_assert(2 * EK_SERIAL_MAX + 1 == SERIAL_TEXT_SIZE, "a serial number fits its text");

/* Vendors pad with NULs and spaces, and clients may send anything. */
static void
fact_copy(struct view text, char *fact, size_t size)
{
	tpm_vendor_clean(text.data, text.size, fact, size);
}

/* Converts manufacturer and version from any form to that of certificates. */
static void
facts_write(struct store_evidence *evidence, struct view manufacturer, struct view model,
    struct view version)
{
	char text[256];

	fact_copy(manufacturer, text, sizeof text);
	tpm_vendor_id(text, evidence->manufacturer);
	fact_copy(version, text, sizeof text);
	tpm_version_id(text, evidence->version);
	fact_copy(model, evidence->model, sizeof evidence->model);
}

static void
judge_accept(const struct ek_finding *finding, struct ek_judgement *out)
{
	const struct ek_verdict *verdict = &finding->verdict;
	struct store_evidence   *evidence = &out->evidence;

	evidence->verdict = STORE_VERDICT_VERIFIED;
	evidence->reason[0] = '\0';
	memcpy(evidence->root, verdict->root, sizeof evidence->root);
	facts_write(evidence, view_text(verdict->facts.manufacturer), view_text(verdict->facts.model),
	    view_text(verdict->facts.version));
	memcpy(out->certified, evidence->manufacturer, sizeof out->certified);
	hex_encode(finding->serial, finding->serial_size, out->serial);
}

/* Facts of an unverified certificate, and the reason. */
static void
judge_refuse(const struct ek_verdict *verdict, struct ek_judgement *out)
{
	out->evidence.verdict = STORE_VERDICT_REFUSED;
	fact_copy(view_text(verdict->reason), out->evidence.reason, sizeof out->evidence.reason);
	tpm_vendor_id(verdict->facts.manufacturer, out->certified);
}

/* Logs the cost of the verification, which the client can influence. */
static void
judge_log(const struct ek_finding *finding)
{
	char signatures[LOG_NUMBER_SIZE];

	LOG(DEBUG, {"event", "ek-certificate"},
	    {"verdict", finding->verdict.verified ? "verified" : finding->postponed ? "postponed" : finding->own ? "refused" : "none"},
	    {"remembered", finding->remembered ? "yes" : "no"},
	    {"signatures", log_number(finding->verdict.signatures, signatures)});
}

void
attestation_judge(struct shared *vendors, const struct attestation_challenge *asked,
    const struct tpm_ek *ek, int64_t now, bool no_slow, struct ek_judgement *out)
{
	struct shared_version   *version = vendors != NULL ? shared_acquire(vendors) : NULL;
	const struct vendor_set *set = version != NULL ? version->value : NULL;
	struct ek_finding        finding;

	*out = (struct ek_judgement){.shown = asked->certificate_count};
	facts_write(&out->evidence, asked->manufacturer, asked->model, asked->firmware);
	memcpy(out->claimed, out->evidence.manufacturer, sizeof out->claimed);
	if (set == NULL)
		return;
	out->revision = set->revision;
	if (asked->certificate_count != 0) {
		ek_shown_judge(set->trust, asked->certificates, asked->certificate_count, ek->key, now,
		    no_slow, &finding);
		judge_log(&finding);
		out->postponed = finding.postponed;
		if (finding.own)
			out->certificate = asked->certificates[finding.index];
		if (finding.verdict.verified)
			judge_accept(&finding, out);
		else if (finding.own)
			judge_refuse(&finding.verdict, out);
	}
	shared_release(vendors, version);
}
