/* Decides which EK may enroll itself; does not enroll. */
#include "config.h"

#include "attestation/keeper/enroll_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/ek_policy.h"
#include "tpm/vendor.h"
#include "util/bytes.h"
#include "util/ek_hash.h"
#include "util/error.h"
#include "util/hex.h"

#define HASH_PREFIX_DIGITS 8

/* The placeholders of a template, and their values for an EK. */
static void
write_serial(const struct enroll_facts *facts, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", facts->serial);
}

static void
write_manufacturer(const struct enroll_facts *facts, char *text, size_t size)
{
	char code[TPM_VENDOR_CODE_SIZE];

	tpm_vendor_code(facts->evidence->manufacturer, code);
	(void)snprintf(text, size, "%s", code);
}

static void
write_model(const struct enroll_facts *facts, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", facts->evidence->model);
}

static void
write_version(const struct enroll_facts *facts, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", facts->evidence->version);
}

static void
write_hash(const struct enroll_facts *facts, char *text, size_t size)
{
	char hash[EK_HASH_TEXT_SIZE];

	ek_hash_format(facts->ek, hash);
	(void)snprintf(text, size, "%s", hash);
}

static void
write_hash8(const struct enroll_facts *facts, char *text, size_t size)
{
	char hash[EK_HASH_TEXT_SIZE];

	ek_hash_format(facts->ek, hash);
	(void)snprintf(text, size, "%.*s", HASH_PREFIX_DIGITS, hash);
}

static const struct placeholder {
	const char *name;
	bool        unique; /* unique to an EK */
	void (*write)(const struct enroll_facts *facts, char *text, size_t size);
} placeholders[] = {
    {"serial", true, write_serial},
    {"manufacturer", false, write_manufacturer},
    {"model", false, write_model},
    {"version", false, write_version},
    {"hash", true, write_hash},
    {"hash8", true, write_hash8},
};

/* The placeholder that begins at "{"; sets *end after its "}". NULL for an unknown name. */
static const struct placeholder *
placeholder_find(const char *text, const char **end)
{
	size_t length = strcspn(text + 1, "}");

	if (text[1 + length] != '}')
		return NULL;
	*end = text + length + 2;
	for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++) {
		if (strlen(placeholders[i].name) == length &&
		    strncmp(text + 1, placeholders[i].name, length) == 0)
			return &placeholders[i];
	}
	return NULL;
}

int
enroll_rule_name_check(const char *template, struct error *err)
{
	AUTO_BYTES fixed = {0};
	bool       unique = false;

	for (const char *at = template; *at != '\0';) {
		const struct placeholder *found;

		if (*at != '{') {
			bytes_append_u8(&fixed, (uint8_t)*at++);
			continue;
		}
		if ((found = placeholder_find(at, &at)) == NULL)
			return error_set(err, ERROR_MALFORMED,
			    "\"%.64s\" has a { that begins none of {serial}, {manufacturer}, {model}, {version}, "
			    "{hash}, {hash8}",
			    template);
		unique = unique || found->unique;
	}
	if (!unique)
		return error_set(err, ERROR_MALFORMED,
		    "\"%.64s\" would give every machine the same name: put {serial}, {hash} or {hash8} into it",
		    template);
	return fixed.size == 0 ? 0 : identifier_check((const char *)fixed.data, fixed.size, err);
}

/* False when a value for the template is unknown, or the result is too long or not a valid name. */
static bool
rule_name(const char *template, const struct enroll_facts *facts, char name[IDENTIFIER_MAX + 1])
{
	AUTO_BYTES   text = {0};
	struct error ignored;

	for (const char *at = template; *at != '\0';) {
		const struct placeholder *found;
		char                      value[IDENTIFIER_MAX + 1];

		if (*at != '{') {
			bytes_append_u8(&text, (uint8_t)*at++);
			continue;
		}
		if ((found = placeholder_find(at, &at)) == NULL)
			return false;
		found->write(facts, value, sizeof value);
		if (value[0] == '\0')
			return false;
		bytes_append(&text, value, strlen(value));
	}
	if (text.size > IDENTIFIER_MAX ||
	    identifier_check((const char *)text.data, text.size, &ignored) != 0)
		return false;
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): identifier_check refuses a text that is empty */
	memcpy(name, text.data, text.size);
	name[text.size] = '\0';
	return true;
}

static bool
rule_has_root(const struct config_list *roots, const uint8_t root[32])
{
	char text[2 * 32 + 1];

	hex_encode(root, 32, text);
	for (size_t i = 0; i < roots->count; i++) {
		if (strcmp(roots->texts[i], text) == 0)
			return true;
	}
	return roots->count == 0;
}

enum enroll_verdict
enroll_rule_decide(const struct enroll_rule *rule, const struct enroll_facts *facts,
    char name[IDENTIFIER_MAX + 1], char reason[ENROLL_REASON_SIZE])
{
	const struct store_evidence *evidence = facts->evidence;
	const char                  *why = NULL;

	name[0] = '\0';
	if (evidence->verdict != STORE_VERDICT_VERIFIED)
		why = "its EK certificate is not verified";
	else if (!ek_policy_vendors_have(rule->vendors, evidence->manufacturer))
		why = "its manufacturer is not in auto_enroll_vendors";
	else if (!rule_has_root(rule->roots, evidence->root))
		why = "its root is not in auto_enroll_roots";
	else if (facts->list_fault != NULL)
		why = facts->list_fault;
	else if (facts->serial[0] == '\0' || !facts->listed)
		why = "its serial number is not on the list";
	else if (!rule_name(rule->name, facts, name))
		why = "auto_enroll_name gives it no valid name";
	(void)snprintf(reason, ENROLL_REASON_SIZE, "%s", why != NULL ? why : "");
	return why == NULL ? ENROLL_ALLOW : ENROLL_DENY;
}

int
enroll_rule_roots_normalize(struct config_list *roots, struct error *err)
{
	uint8_t octets[32];

	for (size_t i = 0; i < roots->count; i++) {
		if (strlen(roots->texts[i]) != 2 * sizeof octets ||
		    !hex_decode(roots->texts[i], octets, sizeof octets))
			return error_set(err, ERROR_MALFORMED,
			    "\"%.80s\" is no fingerprint; \"trust list\" of attest-ca shows them", roots->texts[i]);
		hex_encode(octets, sizeof octets, roots->texts[i]);
	}
	return 0;
}
