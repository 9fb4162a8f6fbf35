/* The rules of issuance. Decides only. */
#include "config.h"

#include "acme/keeper/policy.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "pki/alt_name.h"
#include "pki/csr.h"
#include "pki/device_name.h"
#include "tpm/key.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/identifier.h"

#define DNS_NAME_MAX 253

/* RFC 5321 §4.5.3.1.3, without the angle brackets. */
#define ADDRESS_MAX 254

/* Tolerated clock skew of clients that request a notBefore, ahead and behind. */
#define AHEAD_SECONDS_MAX  60
#define BEHIND_SECONDS_MAX 3600

static const char placeholder[] = "{identifier}";

static const struct {
	const char *name;
	const char *curve; /* as tpm_curve.name; NULL: RSA */
	unsigned    bits;
} key_types[] = {
    {"ecc-p256", "P-256", 0},
    {"ecc-p384", "P-384", 0},
    {"ecc-p521", "P-521", 0},
    {"rsa-2048", NULL, 2048},
    {"rsa-3072", NULL, 3072},
    {"rsa-4096", NULL, 4096},
};

static bool
key_type_is(const char *name)
{
	for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++) {
		if (strcmp(name, key_types[i].name) == 0)
			return true;
	}
	return false;
}

/* The template with the identifier in its place; the caller frees. */
static char *
template_expand(const char *template, const char *identifier)
{
	struct bytes text = {0};
	const char  *found;

	while ((found = strstr(template, placeholder)) != NULL) {
		bytes_append(&text, template, (size_t)(found - template));
		bytes_append(&text, identifier, strlen(identifier));
		template = found + sizeof placeholder - 1;
	}
	bytes_append(&text, template, strlen(template) + 1);
	return (char *)text.data;
}

static bool
template_is_valid(const char *template)
{
	AUTO_FREE char *name = template_expand(template, "a");

	return alt_name_dns_is_valid(name, strlen(name));
}

int
policy_check(const struct acme_policy *policy, struct error *err)
{
	for (size_t i = 0; i < policy->key_types.count; i++) {
		if (!key_type_is(policy->key_types.texts[i]))
			return error_set(err, ERROR_MALFORMED,
			    "\"%s\" is no key type; ecc-p256, ecc-p384, ecc-p521, rsa-2048, rsa-3072 and"
			    " rsa-4096 are", policy->key_types.texts[i]);
	}
	if (policy->dns_names.count > POLICY_DNS_MAX)
		return error_set(err, ERROR_MALFORMED, "more than %d dns_names", POLICY_DNS_MAX);
	for (size_t i = 0; i < policy->dns_names.count; i++) {
		if (!template_is_valid(policy->dns_names.texts[i]))
			return error_set(err, ERROR_MALFORMED, "\"%s\" makes no DNS name",
			    policy->dns_names.texts[i]);
	}
	if (policy->lifetime_min > policy->lifetime || policy->lifetime > policy->lifetime_max)
		return error_set(err, ERROR_MALFORMED,
		    "lifetime must lie between lifetime_min and lifetime_max");
	return 0;
}

static bool
list_matches(const struct config_list *globs, const char *text)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (fnmatch(globs->texts[i], text, 0) == 0)
			return true;
	}
	return false;
}

/* Every name for a certificate must be valid. */
static int
check_dns_names(const struct acme_policy *policy, const char *identifier, struct error *err)
{
	for (size_t i = 0; i < policy->dns_names.count; i++) {
		AUTO_FREE char *name = template_expand(policy->dns_names.texts[i], identifier);

		if (!alt_name_dns_is_valid(name, strlen(name)))
			return error_set(err, ERROR_REJECTED_IDENTIFIER,
			    "\"%s\" makes no DNS name of the form %s, which certificates here carry",
			    identifier, policy->dns_names.texts[i]);
	}
	return 0;
}

int
policy_check_identifier(const struct acme_policy *policy, struct view type, struct view value,
    struct error *err)
{
	AUTO_FREE char *text = NULL;

	if (!view_equal(type, (struct view){(const uint8_t *)POLICY_IDENTIFIER,
	                          sizeof POLICY_IDENTIFIER - 1}))
		return error_set(err, ERROR_UNSUPPORTED_IDENTIFIER,
		    "identifiers of type \"%.*s\" are not supported here, only " POLICY_IDENTIFIER,
		    (int)(type.size < 64 ? type.size : 64), (const char *)type.data);
	if (identifier_check((const char *)value.data, value.size, err) != 0)
		return -1;
	text = view_dup(value);
	if (list_matches(&policy->deny, text))
		return error_set(err, ERROR_REJECTED_IDENTIFIER,
		    "the policy of this server denies certificates for \"%s\"", text);
	if (!list_matches(&policy->allow, text))
		return error_set(err, ERROR_REJECTED_IDENTIFIER,
		    "the policy of this server allows no certificates for \"%s\"", text);
	return check_dns_names(policy, text, err);
}

int
policy_contact(struct view contact, char **out, struct error *err)
{
	static const char scheme[] = "mailto:";
	AUTO_FREE char   *said = view_dup(contact);
	bool              bare = strchr(said, ':') == NULL && strchr(said, '@') != NULL;
	size_t            size = sizeof scheme + contact.size;
	AUTO_FREE char   *text = memory_new(size);
	const char       *address = text + sizeof scheme - 1;
	const char       *at;

	/* Some clients send a bare address, as the user typed it. */
	(void)snprintf(text, size, "%s%s", bare ? scheme : "", said);
	if (strncasecmp(text, scheme, sizeof scheme - 1) != 0)
		return error_set(err, ERROR_UNSUPPORTED_CONTACT,
		    "contacts begin with mailto: here, not \"%.64s\"", text);
	at = strchr(address, '@');
	if (at == NULL || at == address || at[1] == '\0' || strchr(at + 1, '@') != NULL ||
	    strpbrk(address, ",? ") != NULL)
		return error_set(err, ERROR_INVALID_CONTACT,
		    "\"%.64s\" is not mailto: and one address, without header fields", text);
	if (strlen(address) > ADDRESS_MAX)
		return error_set(err, ERROR_INVALID_CONTACT, "an address of more than %d octets", ADDRESS_MAX);
	*out = text;
	text = NULL;
	return 0;
}

/*
 * No certificates in reserve: the validity begins now, within the tolerated skew, and its
 * length is counted from now, not from notBefore.
 */
static int
check_ahead(const struct acme_policy *policy, int64_t not_before, int64_t not_after, int64_t now,
    struct error *err)
{
	char asked[CLOCK_TEXT_SIZE];
	char here[CLOCK_TEXT_SIZE];

	clock_format(now, here);
	if (not_before > now + AHEAD_SECONDS_MAX) {
		clock_format(not_before, asked);
		return error_set(err, ERROR_MALFORMED,
		    "notBefore is %s, more than %d seconds ahead of this server's clock, which says %s;"
		    " leave it out, or correct the clock", asked, AHEAD_SECONDS_MAX, here);
	}
	if (not_after > now + policy->lifetime_max)
		return error_set(err, ERROR_MALFORMED,
		    "notAfter lies more than %lld minutes ahead, the longest life of a certificate here; it is %s"
		    " now", (long long)policy->lifetime_max / 60, here);
	return 0;
}

int
policy_check_validity(const struct acme_policy *policy, int64_t not_before, int64_t not_after,
    int64_t now, struct error *err)
{
	int64_t start = not_before > now ? not_before : now;

	if (not_before != 0 && not_before < now - BEHIND_SECONDS_MAX)
		return error_set(err, ERROR_MALFORMED, "notBefore lies more than an hour back");
	if (check_ahead(policy, not_before, not_after, now, err) != 0)
		return -1;
	if (not_after != 0 && (not_after < start || not_after - start < policy->lifetime_min))
		return error_set(err, ERROR_MALFORMED,
		    "notAfter leaves less than %lld minutes, the shortest life of a certificate here",
		    (long long)policy->lifetime_min / 60);
	return 0;
}

int
policy_validity(const struct acme_policy *policy, int64_t begin, int64_t asked_not_before,
    int64_t asked_not_after, int64_t now, int64_t *not_before, int64_t *not_after,
    struct error *err)
{
	*not_before = asked_not_before != 0 ? asked_not_before : begin;
	*not_after = asked_not_after != 0 ? asked_not_after : now + policy->lifetime;
	if (policy->lifetime <= 0)
		return error_set(err, ERROR_INTERNAL, "the policy has no lifetime");
	if (*not_after <= now)
		return error_set(err, ERROR_MALFORMED,
		    "the notAfter that was ordered has passed; make a new order");
	/* The configuration may have changed since the order was made. */
	return check_ahead(policy, asked_not_before, *not_after, now, err);
}

int
policy_check_key(const struct acme_policy *policy, const EVP_PKEY *key, struct error *err)
{
	const struct tpm_curve *curve = tpm_key_curve(key);
	unsigned                bits = tpm_key_rsa_bits(key);

	for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++) {
		bool same = key_types[i].curve != NULL
		    ? curve != NULL && strcmp(curve->name, key_types[i].curve) == 0
		    : bits == key_types[i].bits;

		for (size_t j = 0; same && j < policy->key_types.count; j++) {
			if (strcmp(policy->key_types.texts[j], key_types[i].name) == 0)
				return 0;
		}
	}
	if (curve != NULL)
		return error_set(err, ERROR_BAD_PUBLIC_KEY,
		    "no certificates are made for keys on %s here", curve->name);
	return error_set(err, ERROR_BAD_PUBLIC_KEY,
	    "no certificates are made for keys of this kind (%s%u bits) here",
	    bits != 0 ? "RSA, " : "", bits != 0 ? bits : (unsigned)EVP_PKEY_get_bits(key));
}

size_t
policy_dns_names(const struct acme_policy *policy, const char *identifier,
    char *names[POLICY_DNS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < policy->dns_names.count && count < POLICY_DNS_MAX; i++)
		names[count++] = template_expand(policy->dns_names.texts[i], identifier);
	return count;
}

static bool
dns_name_is_granted(const struct acme_policy *policy, const char *identifier, const char *asked)
{
	for (size_t i = 0; i < policy->dns_names.count; i++) {
		AUTO_FREE char *name = template_expand(policy->dns_names.texts[i], identifier);

		if (strcasecmp(name, asked) == 0)
			return true;
	}
	return false;
}

static int
check_csr_name(const struct acme_policy *policy, const struct csr_name *name,
    const char *identifier, struct error *err)
{
	switch (name->kind) {
	case CSR_NAME_PERMANENT_IDENTIFIER:
		if (strcmp(name->value, identifier) == 0)
			return 0;
		return error_set(err, ERROR_BAD_CSR,
		    "the CSR asks for the identifier \"%s\", the order is for \"%s\"", name->value,
		    identifier);
	case CSR_NAME_DNS:
		if (dns_name_is_granted(policy, identifier, name->value))
			return 0;
		return error_set(err, ERROR_BAD_CSR,
		    "the CSR asks for the DNS name %s, which goes with no order for \"%s\"",
		    name->value, identifier);
	default:
		return error_set(err, ERROR_BAD_CSR,
		    "the CSR asks for a name of a kind that no certificate here has");
	}
}

int
policy_check_csr(const struct acme_policy *policy, const struct csr *csr,
    const char *identifier, struct view spki, struct error *err)
{
	char name[DEVICE_COMMON_NAME_SIZE];

	if (spki.size == 0 || !view_equal(bytes_view(&csr->spki), spki))
		return error_set(err, ERROR_BAD_CSR, "the key of the CSR is not the key that was attested");
	(void)device_common_name(identifier, name);
	if (csr->common_name != NULL && strcmp(csr->common_name, identifier) != 0 &&
	    strcmp(csr->common_name, name) != 0)
		return error_set(err, ERROR_BAD_CSR, "the CN of the CSR is \"%s\", the order is for \"%s\"",
		    csr->common_name, identifier);
	for (size_t i = 0; i < csr->name_count; i++) {
		if (check_csr_name(policy, &csr->names[i], identifier, err) != 0)
			return -1;
	}
	if (csr->excess != NULL)
		return error_set(err, ERROR_BAD_CSR, "the CSR asks for %s, which no certificate here has",
		    csr->excess);
	if (csr->server_auth && !policy->server_auth)
		return error_set(err, ERROR_BAD_CSR,
		    "the CSR asks for extendedKeyUsage serverAuth, which certificates here do not have"
		    " (server_auth)");
	return 0;
}
