/*
 * Keeps vendors' CAs, ordered by name, and searches a path through them. Decides by
 * what is in it alone: nothing is fetched, and no octet of a client's is believed
 * that no imported key has signed.
 */
#include "config.h"

#include "pki/ek_trust.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/certificate.h"
#include "pki/ek_authority.h"
#include "util/clock.h"
#include "util/error.h"

#define EK_UNTRUSTED_MAX 16
#define EK_SIGNATURES_MAX 16

/* What a reason has room for. */
#define SEARCH_NAME_SIZE 161

struct ek_trust {
	struct ek_authority **authorities; /* by subject; of one subject, roots first */
	size_t                count;
	size_t                capacity;
};

struct ek_trust *
ek_trust_new(void)
{
	struct ek_trust *trust = memory_new(sizeof *trust);

	*trust = (struct ek_trust){0};
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
	free(trust);
}

size_t
ek_trust_count(const struct ek_trust *trust)
{
	return trust->count;
}

/* The first authority whose subject is not below `name`. */
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
	/* Behind the roots of that name, unless it is one. */
	while (!copy->root && at < trust->count && trust->authorities[at]->root &&
	    X509_NAME_cmp(trust->authorities[at]->subject, copy->subject) == 0)
		at++;
	if (trust->count == trust->capacity) {
		trust->capacity = trust->capacity == 0 ? 64 : 2 * trust->capacity;
		trust->authorities =
		    realloc(trust->authorities, trust->capacity * sizeof *trust->authorities);
		if (trust->authorities == NULL)
			abort(); /* as memory_new does */
	}
	memmove(trust->authorities + at + 1, trust->authorities + at,
	    (trust->count - at) * sizeof *trust->authorities);
	trust->authorities[at] = copy;
	trust->count++;
}

/* Fills *authority, and its `root` by whether it signed itself. */
static int
trust_judge(struct ek_authority *authority, X509 *certificate, struct error *err)
{
	if (ek_authority_init(authority, certificate, err) != 0)
		return -1;
	if (!ek_authority_is_own_issuer(authority))
		return 0;
	if (!ek_authority_signed(authority, certificate))
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

/* Why a CA of the name that is asked for is none of the path; what is greater is said. */
enum search_stage {
	SEARCH_NO_ISSUER, /* there is none of that name */
	SEARCH_UNFIT,     /* it may not have issued it */
	SEARCH_SIGNATURE, /* it may have, and has not */
	SEARCH_LIMIT,     /* it may have, and too many were asked before it */
};

struct search {
	const struct ek_trust *trust;
	X509 *const           *untrusted;
	size_t                 untrusted_count;
	int64_t                now;
	size_t                 signatures;         /* tried */
	struct ek_authority   *path[EK_CHAIN_MAX]; /* who issued the EK's certificate first */
	size_t                 reached;            /* how far the path was that failed so */
	enum search_stage      stage;
	struct ek_verdict     *verdict;
};

static void search_failed(struct search *search, size_t depth, enum search_stage stage,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Keeps the reason of the path that went farthest, and of those the first at its stage. */
static void
search_failed(struct search *search, size_t depth, enum search_stage stage, const char *format, ...)
{
	struct ek_verdict *verdict = search->verdict;
	va_list            args;

	if (verdict->reason[0] != '\0' && (depth < search->reached ||
	        (depth == search->reached && stage <= search->stage)))
		return;
	search->reached = depth;
	search->stage = stage;
	va_start(args, format);
	(void)vsnprintf(verdict->reason, sizeof verdict->reason, format, args);
	va_end(args);
}

/* Why a CA of the right name may not have issued `child` at that depth; false when it may. */
static bool
search_is_unfit(const struct search *search, const struct ek_authority *issuer, const X509 *child,
    size_t depth, char why[96])
{
	char when[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < depth; i++)
		if (memcmp(search->path[i]->fingerprint, issuer->fingerprint,
		        sizeof issuer->fingerprint) == 0) {
			(void)snprintf(why, 96, "it is above itself");
			return true;
		}
	if (issuer->pathlen >= 0 && (size_t)issuer->pathlen < depth) {
		(void)snprintf(why, 96, "more CAs are below it than it allows");
		return true;
	}
	if (issuer->not_before > search->now) {
		clock_format(issuer->not_before, when);
		(void)snprintf(why, 96, "it is not valid before %s", when);
		return true;
	}
	if (issuer->not_after < certificate_not_before(child)) {
		clock_format(issuer->not_after, when);
		(void)snprintf(why, 96, "what it signed begins after its own end, at %s", when);
		return true;
	}
	return false;
}

/* Asks for a signature once, as imported CAs stay what they are; and not too often. */
static bool
search_signed(struct search *search, struct ek_authority *issuer, X509 *child, size_t depth)
{
	struct ek_authority *known = depth > 0 ? search->path[depth - 1] : NULL;

	if (known != NULL && known->imported && atomic_load(&known->issuer) == issuer)
		return true;
	if (search->signatures == EK_SIGNATURES_MAX) {
		search_failed(search, depth, SEARCH_LIMIT, "more than %d CAs could have signed its chain",
		    EK_SIGNATURES_MAX);
		return false;
	}
	search->signatures++;
	if (!ek_authority_signed(issuer, child))
		return false;
	if (known != NULL && known->imported && issuer->imported)
		atomic_store(&known->issuer, issuer);
	return true;
}

/* The path is complete. */
static void
search_finish(const struct search *search, size_t depth)
{
	struct ek_verdict         *verdict = search->verdict;
	const struct ek_authority *root = search->path[depth];

	for (size_t i = 0; i <= depth; i++)
		certificate_subject(search->path[i]->certificate, verdict->chain[i],
		    sizeof verdict->chain[i]);
	verdict->chain_count = depth + 1;
	memcpy(verdict->root, root->fingerprint, sizeof verdict->root);
	certificate_subject(root->certificate, verdict->root_name, sizeof verdict->root_name);
	verdict->reason[0] = '\0';
	verdict->verified = true;
}

static bool search_issuer(struct search *search, X509 *child, size_t depth);

/* Goes on above a CA when it issued `child`. */
static bool
search_try(struct search *search, struct ek_authority *issuer, X509 *child, size_t depth)
{
	char name[SEARCH_NAME_SIZE];
	char why[96];

	if (!ek_authority_is_named(issuer, child))
		return false;
	if (search_is_unfit(search, issuer, child, depth, why)) {
		certificate_subject(issuer->certificate, name, sizeof name);
		search_failed(search, depth, SEARCH_UNFIT, "the CA \"%s\": %s", name, why);
		return false;
	}
	if (!search_signed(search, issuer, child, depth)) {
		certificate_subject(issuer->certificate, name, sizeof name);
		search_failed(search, depth, SEARCH_SIGNATURE,
		    "the signature is not by its issuer's key: \"%s\"", name);
		return false;
	}
	search->path[depth] = issuer;
	if (!issuer->root)
		return search_issuer(search, issuer->certificate, depth + 1);
	search_finish(search, depth);
	return true;
}

/* The same with a certificate of the client's. */
static bool
search_try_untrusted(struct search *search, X509 *issuer, X509 *child, size_t depth)
{
	struct ek_authority authority;
	struct error        err;
	char                name[SEARCH_NAME_SIZE];

	if (X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(child)) != 0)
		return false;
	certificate_subject(issuer, name, sizeof name);
	if (ek_authority_init(&authority, issuer, &err) != 0)
		search_failed(search, depth, SEARCH_UNFIT, "\"%s\" issued a certificate: %.64s", name,
		    err.detail);
	else if (ek_authority_is_own_issuer(&authority))
		search_failed(search, depth, SEARCH_UNFIT, "\"%s\" is its own issuer, and not imported",
		    name);
	else
		return search_try(search, &authority, child, depth);
	return false;
}

static bool
search_issuer(struct search *search, X509 *child, size_t depth)
{
	const struct ek_trust *trust = search->trust;
	const X509_NAME       *wanted = X509_get_issuer_name(child);
	char                   name[SEARCH_NAME_SIZE];

	certificate_name(wanted, name, sizeof name);
	if (depth == EK_CHAIN_MAX) {
		search_failed(search, depth, SEARCH_NO_ISSUER, "a chain of more than %d CAs", EK_CHAIN_MAX);
		return false;
	}
	for (size_t i = trust_first(trust, wanted);
	     i < trust->count && X509_NAME_cmp(trust->authorities[i]->subject, wanted) == 0; i++)
		if (search_try(search, trust->authorities[i], child, depth))
			return true;
	for (size_t i = 0; i < search->untrusted_count; i++)
		if (search_try_untrusted(search, search->untrusted[i], child, depth))
			return true;
	search_failed(search, depth, SEARCH_NO_ISSUER, "its issuer \"%s\" is not imported", name);
	return false;
}

bool
ek_trust_has_root(const struct ek_trust *trust, X509 *ca, int64_t now)
{
	struct ek_verdict   verdict = {0};
	struct ek_authority authority;
	struct search       search = {.trust = trust, .now = now, .verdict = &verdict};
	struct error        ignored;
	bool                found;

	if (ek_authority_init(&authority, ca, &ignored) != 0)
		return false;
	search.path[0] = &authority;
	found = search_issuer(&search, ca, 1);
	ERR_clear_error();
	return found;
}

static bool
verdict_refuse(struct ek_verdict *verdict, const char *reason)
{
	(void)snprintf(verdict->reason, sizeof verdict->reason, "%.256s", reason);
	return false;
}

bool
ek_trust_verify(const struct ek_trust *trust, X509 *certificate, X509 *const *untrusted,
    size_t untrusted_count, EVP_PKEY *ek, int64_t now, struct ek_verdict *verdict)
{
	struct search search = {
	    .trust = trust,
	    .untrusted = untrusted,
	    .untrusted_count = untrusted_count < EK_UNTRUSTED_MAX ? untrusted_count : EK_UNTRUSTED_MAX,
	    .now = now,
	    .verdict = verdict,
	};
	struct error err;
	char         when[CLOCK_TEXT_SIZE];
	bool         verified;

	*verdict = (struct ek_verdict){0};
	ek_certificate_facts(certificate, &verdict->facts);
	if (ek_certificate_check(certificate, &err) != 0)
		return verdict_refuse(verdict, err.detail);
	if (ek != NULL && EVP_PKEY_eq(X509_get0_pubkey(certificate), ek) != 1)
		return verdict_refuse(verdict, "its key is not this EK");
	if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0)
		return verdict_refuse(verdict, "it is self-signed: nobody vouches for it");
	if (certificate_not_before(certificate) > now) {
		clock_format(certificate_not_before(certificate), when);
		(void)snprintf(verdict->reason, sizeof verdict->reason, "it is not valid before %s", when);
		return false;
	}
	verified = search_issuer(&search, certificate, 0);
	ERR_clear_error();
	return verified;
}
