/* Decides the consequence of a missing verified EK certificate; reads no certificate. */
#include "config.h"

#include "attestation/keeper/ek_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tpm/vendor.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/own_command.h"

static const char *const mode_names[] = {
    [EK_POLICY_REQUIRE] = "require",
    [EK_POLICY_RECORD] = "record",
    [EK_POLICY_IGNORE] = "ignore",
};

static const char remedy_show[] = "let the machine send the one from its TPM's NV or its vendor";

/* The normal form of a vendor: its code, or its id if the TCG has assigned no code. */
static void
vendor_name(const char *id, char name[TPM_VENDOR_ID_SIZE])
{
	char code[TPM_VENDOR_CODE_SIZE];

	tpm_vendor_code(id, code);
	(void)snprintf(name, TPM_VENDOR_ID_SIZE, "%s", code[0] != '\0' ? code : id);
}

bool
ek_policy_vendors_have(const struct config_list *vendors, const char *id)
{
	char name[TPM_VENDOR_ID_SIZE];

	vendor_name(id, name);
	for (size_t i = 0; i < vendors->count; i++) {
		if (strcmp(vendors->texts[i], name) == 0)
			return true;
	}
	return false;
}

/* The reason why this machine needs a verified certificate; NULL if it does not. */
static const char *
policy_demand(const struct ek_policy *policy, const struct ek_policy_facts *facts)
{
	if (policy->mode == EK_POLICY_REQUIRE)
		return "every machine needs";
	if (policy->mode == EK_POLICY_RECORD &&
	    (ek_policy_vendors_have(policy->vendors, facts->claimed) ||
	        ek_policy_vendors_have(policy->vendors, facts->certified)))
		return "a machine of this manufacturer needs";
	return NULL;
}

/* The reason is cut, if need be, and not the remedy behind it. */
static void
policy_refuse(const char *demand, const char *wanted, const char *why,
    char reason[EK_POLICY_REASON_SIZE])
{
	char   remedy[64 + OWN_COMMAND_SIZE];
	char   what[128];
	size_t room = EK_POLICY_REASON_SIZE - 1;

	(void)snprintf(what, sizeof what, "%s %s, and this one is not: ", demand, wanted);
	(void)snprintf(remedy, sizeof remedy, "; import its vendor's certificates with: %s trust import",
	    own_command("attest-ca"));
	room -= strlen(what) + strlen(remedy);
	(void)snprintf(reason, EK_POLICY_REASON_SIZE, "%s%.*s%s", what, (int)room, why, remedy);
}

enum ek_policy_verdict
ek_policy_decide(const struct ek_policy *policy, const struct ek_policy_facts *facts,
    char reason[EK_POLICY_REASON_SIZE])
{
	static const char wanted[] = "an EK certificate of a trusted vendor";
	const char       *demand = policy_demand(policy, facts);

	reason[0] = '\0';
	if (demand == NULL || facts->verdict == STORE_VERDICT_VERIFIED)
		return EK_POLICY_ALLOW;
	if (facts->verdict == STORE_VERDICT_REFUSED)
		policy_refuse(demand, wanted, facts->reason, reason);
	else if (facts->shown != 0)
		(void)snprintf(reason, EK_POLICY_REASON_SIZE,
		    "%s %s, and of the %zu that came none is for this EK; %s", demand, wanted,
		    facts->shown, remedy_show);
	else
		(void)snprintf(reason, EK_POLICY_REASON_SIZE, "%s %s, and none came; %s", demand, wanted,
		    remedy_show);
	return EK_POLICY_DENY;
}

int
ek_policy_mode_parse(const char *text, enum ek_policy_mode *mode, struct error *err)
{
	for (size_t i = 0; i < sizeof mode_names / sizeof mode_names[0]; i++) {
		if (strcmp(text, mode_names[i]) == 0) {
			*mode = (enum ek_policy_mode)i;
			return 0;
		}
	}
	return error_set(err, ERROR_MALFORMED,
	    "ek_certificate \"%.32s\" is none of ignore, record, require", text);
}

int
ek_policy_vendors_normalize(struct config_list *vendors, struct error *err)
{
	char nobody[TPM_VENDOR_ID_SIZE];
	char id[TPM_VENDOR_ID_SIZE];
	char name[TPM_VENDOR_ID_SIZE];

	tpm_vendor_id("", nobody);
	for (size_t i = 0; i < vendors->count; i++) {
		tpm_vendor_id(vendors->texts[i], id);
		if (strcmp(id, nobody) == 0)
			return error_set(err, ERROR_MALFORMED,
			    "\"%.32s\" is no TPM manufacturer; write its code at the TCG, as in \"NTC\" or \"INTC\"",
			    vendors->texts[i]);
		vendor_name(id, name);
		free(vendors->texts[i]);
		vendors->texts[i] = memory_strdup(name);
	}
	return 0;
}
