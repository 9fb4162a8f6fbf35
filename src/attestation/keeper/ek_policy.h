/*
 * Whether a machine gets on with the EK certificate that it showed, or did not
 * show. Pure: facts and configuration in, verdict out.
 */
#ifndef ATTESTATION_KEEPER_EK_POLICY_H
#define ATTESTATION_KEEPER_EK_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "store/inventory/evidence.h"
#include "util/config_file.h"

struct error;

/* What is done with EK certificates. Nothing configured is the strictest. */
enum ek_policy_mode {
	EK_POLICY_REQUIRE = 0, /* no AK certificate without a verified one */
	EK_POLICY_RECORD,      /* they are judged and recorded, and demanded of `vendors` only */
	EK_POLICY_IGNORE,      /* they are not looked at */
};

struct ek_policy {
	enum ek_policy_mode       mode;
	const struct config_list *vendors; /* as ek_policy_vendors_normalize leaves them */
};

/* What is known of one machine. */
struct ek_policy_facts {
	enum store_verdict verdict;
	const char        *reason;    /* why it was refused */
	const char        *claimed;   /* manufacturer by the client's word: "id:4E544300" … */
	const char        *certified; /* … and by the EK's certificate, verified or not; "" when none */
	size_t             shown;     /* certificates that came, of whatever key */
};

enum ek_policy_verdict { EK_POLICY_DENY = 0, EK_POLICY_ALLOW };

#define EK_POLICY_REASON_SIZE 448

/*
 * Decides, and says why not, for the machine's administrator. A machine needs a
 * verified certificate when the mode is `require`, or when what it claims or what its
 * certificate says names one of the vendors. So an AK certificate that names such a
 * vendor is always vouched for by one; but a machine that claims to be another's gets on
 * without: only `require` keeps liars out.
 */
enum ek_policy_verdict ek_policy_decide(const struct ek_policy *policy,
    const struct ek_policy_facts *facts, char reason[EK_POLICY_REASON_SIZE]);

/* Reads "ignore", "record" or "require". MALFORMED otherwise. */
int ek_policy_mode_parse(const char *text, enum ek_policy_mode *mode, struct error *err);

/*
 * Makes every vendor of the list comparable, whatever form of it tpm_vendor_id knows
 * (again, too). MALFORMED when one is nobody's.
 */
int ek_policy_vendors_normalize(struct config_list *vendors, struct error *err);

/* True when the list has the vendor of this id, in any form of certificates. */
bool ek_policy_vendors_have(const struct config_list *vendors, const char *id);

#endif
