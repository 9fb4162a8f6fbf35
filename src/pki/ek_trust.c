/*
 * Keeps vendors' CAs, sorted by name, and checks new ones. ek_search.c finds paths
 * through them.
 */
#include "config.h"

#include "pki/ek_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/certificate.h"
#include "pki/ek_authority.h"
#include "pki/ek_child.h"
#include "pki/ek_memory.h"
#include "pki/ek_outline.h"
#include "pki/ek_search.h"
#include "util/clock.h"
#include "util/error.h"

/* Verdicts that are remembered: more than machines attest in a day, and few of strangers'. */
#define TRUST_VERIFIED_MAX 4096
#define TRUST_REFUSED_MAX  1024

struct ek_trust {
	struct ek_authority **authorities; /* sorted by subject; with equal subjects, roots first */
	size_t                count;
	size_t                capacity;
	struct ek_memory     *verified; /* these have locks of their own */
	struct ek_memory     *refused;
};

struct ek_trust *
ek_trust_new(void)
{
	struct ek_trust *trust = memory_new(sizeof *trust);

	*trust = (struct ek_trust){
	    .verified = ek_memory_new(TRUST_VERIFIED_MAX),
	    .refused = ek_memory_new(TRUST_REFUSED_MAX),
	};
	return trust;
}

void
ek_trust_free(struct ek_trust *trust)
{
	if (trust == NULL)
		return;
	for (size_t i = 0; i < trust->count; i++) {
		X509_free(trust->authorities[i]->certificate);
		free(trust->authorities[i]);
	}
	free(trust->authorities);
	ek_memory_free(trust->verified);
	ek_memory_free(trust->refused);
	free(trust);
}

struct ek_memory *
ek_trust_verified(const struct ek_trust *trust)
{
	return trust->verified;
}

struct ek_memory *
ek_trust_refused(const struct ek_trust *trust)
{
	return trust->refused;
}

size_t
ek_trust_count(const struct ek_trust *trust)
{
	return trust->count;
}

void
ek_trust_roots(const struct ek_trust *trust, ek_trust_root_cb *each, void *arg)
{
	for (size_t i = 0; i < trust->count; i++) {
		if (trust->authorities[i]->root)
			each(trust->authorities[i]->certificate, arg);
	}
}

/* Lower bound: the first authority whose subject is not less than `name`. */
static size_t
trust_first(const struct ek_trust *trust, const X509_NAME *name)
{
	size_t low = 0;
	size_t high = trust->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (X509_NAME_cmp(trust->authorities[middle]->subject, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
trust_insert(struct ek_trust *trust, const struct ek_authority *authority)
{
	struct ek_authority *copy = memory_new(sizeof *copy);
	size_t               at = trust_first(trust, authority->subject);

	memcpy(copy, authority, sizeof *copy);
	copy->imported = true;
	/* An intermediate goes after the roots of its name. */
	while (!copy->root && at < trust->count && trust->authorities[at]->root &&
	    X509_NAME_cmp(trust->authorities[at]->subject, copy->subject) == 0)
		at++;
	if (trust->count == trust->capacity) {
		trust->capacity = trust->capacity == 0 ? 64 : 2 * trust->capacity;
		trust->authorities = memory_check(
		    realloc(trust->authorities, trust->capacity * sizeof *trust->authorities));
	}
	memmove(trust->authorities + at + 1, trust->authorities + at,
	    (trust->count - at) * sizeof *trust->authorities);
	trust->authorities[at] = copy;
	trust->count++;
}

/* Fills *authority, and sets `root` if it is self-signed. */
static int
trust_judge(struct ek_authority *authority, X509 *certificate, struct error *err)
{
	struct ek_child child;

	if (ek_authority_init(authority, certificate, err) != 0)
		return -1;
	child = ek_child_of(certificate);
	if (!ek_authority_is_own_issuer(authority))
		return 0;
	if (!ek_authority_signed(authority, &child))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "it is its own issuer, but its signature is not by its key");
	authority->root = true;
	return 0;
}

int
ek_trust_check(X509 *certificate, bool *root, struct error *err)
{
	struct ek_authority authority;

	if (trust_judge(&authority, certificate, err) != 0)
		return -1;
	*root = authority.root;
	return 0;
}

int
ek_trust_add(struct ek_trust *trust, struct view der, bool root, struct error *err)
{
	struct ek_authority authority;
	X509               *certificate;

	if (certificate_decode(der, &certificate, err) != 0)
		return -1;
	if (trust_judge(&authority, certificate, err) != 0) {
		X509_free(certificate);
		return -1;
	}
	if (root && !authority.root) {
		X509_free(certificate);
		return error_set(err, ERROR_BAD_ATTESTATION, "it is not self-signed, and so no root");
	}
	authority.root = root;
	trust_insert(trust, &authority);
	return 0;
}

size_t
ek_trust_named(const struct ek_trust *trust, const X509_NAME *name,
    struct ek_authority *const **authorities)
{
	size_t first = trust_first(trust, name);
	size_t end = first;

	while (end < trust->count && X509_NAME_cmp(trust->authorities[end]->subject, name) == 0)
		end++;
	*authorities = end > first ? trust->authorities + first : NULL; /* an empty set has no array */
	return end - first;
}

bool
ek_trust_has_root(const struct ek_trust *trust, X509 *ca, int64_t now)
{
	struct ek_search    search = {.trust = trust, .now = now};
	struct ek_verdict   verdict = {0};
	struct ek_authority authority;
	struct error        ignored;

	return ek_authority_init(&authority, ca, &ignored) == 0 &&
	    ek_search_above(&search, &authority, &verdict);
}

static bool
verdict_refuse(struct ek_verdict *verdict, const char *reason)
{
	(void)snprintf(verdict->reason, sizeof verdict->reason, "%.256s", reason);
	return false;
}

bool
ek_trust_refutes(struct ek_search *search, struct ek_outline *outline, struct ek_verdict *verdict)
{
	unsigned        wrong = search->wrong;
	struct ek_child child;

	*verdict = (struct ek_verdict){0};
	/* These are refused, too, and no signature is verified for that. */
	if (X509_NAME_cmp(outline->subject, outline->issuer) == 0 || outline->not_before > search->now ||
	    !ek_search_names_reach(search, outline->issuer))
		return false;
	child = ek_child_of_outline(outline);
	if (ek_search(search, &child, verdict) || (search->wrong == wrong && !search->postponed))
		return false;
	ek_certificate_facts_of(outline->decoded, &verdict->facts);
	return true;
}

bool
ek_trust_search(struct ek_search *search, X509 *certificate, struct ek_outline *outline,
    EVP_PKEY *ek, struct ek_verdict *verdict)
{
	struct ek_child child = outline != NULL ? ek_child_of_outline(outline) : ek_child_of(certificate);
	struct error err;
	char         when[CLOCK_TEXT_SIZE];
	char         here[CLOCK_TEXT_SIZE];

	*verdict = (struct ek_verdict){0};
	ek_certificate_facts(certificate, &verdict->facts);
	if (ek_certificate_check(certificate, &err) != 0)
		return verdict_refuse(verdict, err.detail);
	if (ek != NULL && EVP_PKEY_eq(X509_get0_pubkey(certificate), ek) != 1)
		return verdict_refuse(verdict, "its key is not this EK");
	if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0)
		return verdict_refuse(verdict, "it is self-signed: no CA vouches for it");
	if (certificate_not_before(certificate) > search->now) {
		search->early = true;
		clock_format(certificate_not_before(certificate), when);
		clock_format(search->now, here);
		(void)snprintf(verdict->reason, sizeof verdict->reason,
		    "it is not valid before %s, and it is %s here; are both clocks right?", when, here);
		return false;
	}
	return ek_search(search, &child, verdict);
}

bool
ek_trust_verify(const struct ek_trust *trust, X509 *certificate, X509 *const *untrusted,
    size_t untrusted_count, EVP_PKEY *ek, int64_t now, struct ek_verdict *verdict)
{
	struct ek_search search = {.trust = trust, .now = now};
	bool             verified;

	for (size_t i = 0; i < untrusted_count && i < EK_SEARCH_HELPERS_MAX; i++)
		ek_search_add(&search, untrusted[i]);
	verified = ek_trust_search(&search, certificate, NULL, ek, verdict);
	verdict->signatures = search.signatures;
	ek_search_clear(&search);
	return verified;
}
