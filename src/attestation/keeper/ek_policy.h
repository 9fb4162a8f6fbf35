/*
 * Policy on EK certificates: whether a machine may continue with the one that
 * it sent, or without one. Pure: facts and configuration in, verdict out.
 */
#ifndef ATTESTATION_KEEPER_EK_POLICY_H
#define ATTESTATION_KEEPER_EK_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "store/inventory/evidence.h"
#include "util/config_file.h"

struct error;

/* The modes. The zero value is the strictest. */
enum ek_policy_mode {
	EK_POLICY_REQUIRE = 0, /* no AK certificate without a verified one */
	EK_POLICY_RECORD,      /* verified and recorded, and required only for `vendors` */
	EK_POLICY_IGNORE,      /* not examined */
};

struct ek_policy {
	enum ek_policy_mode       mode;
	const struct config_list *vendors; /* normalized by ek_policy_vendors_normalize */
};

/* The facts about one machine. */
struct ek_policy_facts {
	enum store_verdict verdict;
	const char        *reason;    /* why it was refused */
	const char        *claimed;   /* manufacturer as claimed by the client: "id:4E544300" … */
	const char        *certified; /* … and in the EK's certificate, verified or not; "" if none */
	size_t             shown;     /* certificates that came, of whatever key */
};

enum ek_policy_verdict { EK_POLICY_DENY = 0, EK_POLICY_ALLOW };

#define EK_POLICY_REASON_SIZE 424 /* fits an error, behind the EK's hash */

/*
 * Decides, and gives the reason for a refusal. A machine needs a verified certificate
 * when the mode is `require`, or when its claim or its certificate names one of the
 * vendors. So an AK certificate that names such a vendor is always backed by a verified
 * EK certificate; but a machine that claims another vendor needs none: only `require`
 * stops false claims.
 */
enum ek_policy_verdict ek_policy_decide(const struct ek_policy *policy,
    const struct ek_policy_facts *facts, char reason[EK_POLICY_REASON_SIZE]);

/* Reads "ignore", "record" or "require". MALFORMED otherwise. */
int ek_policy_mode_parse(const char *text, enum ek_policy_mode *mode, struct error *err);

/*
 * Normalizes every vendor of the list from any form that tpm_vendor_id knows;
 * idempotent. MALFORMED for an unknown vendor.
 */
int ek_policy_vendors_normalize(struct config_list *vendors, struct error *err);

/* True when the list contains the vendor of this id, in any form used in certificates. */
bool ek_policy_vendors_have(const struct config_list *vendors, const char *id);

#endif
