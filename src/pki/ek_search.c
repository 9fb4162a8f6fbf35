/*
 * Path building: tries every CA with the issuer's name and verifies its signature.
 * Fetches nothing, and believes no octet from a client unless an imported key has
 * signed it.
 */
#include "config.h"

#include "pki/ek_search.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "pki/certificate.h"
#include "pki/ek_authority.h"
#include "pki/ek_trust.h"
#include "util/clock.h"
#include "util/error.h"

#define SEARCH_UNTRUSTED_MAX  16
#define SEARCH_SIGNATURES_MAX 16

/* Largest part of a name in a reason. */
#define SEARCH_NAME_SIZE 161
#define SEARCH_WHY_SIZE  144

/* Why a CA with the wanted name is not on the path; the greatest one is reported. */
enum search_stage {
	SEARCH_NO_ISSUER, /* no CA has that name */
	SEARCH_UNFIT,     /* it is not allowed to issue */
	SEARCH_SIGNATURE, /* its signature does not verify */
	SEARCH_LIMIT,     /* not tried: too many signatures were tried before it */
};

struct search {
	const struct ek_search *scope;
	size_t                  signatures;         /* tried */
	struct ek_authority    *path[EK_CHAIN_MAX]; /* CAs from the EK certificate's issuer upwards */
	size_t                  reached;            /* length of the path that failed for this reason */
	enum search_stage       stage;
	struct ek_verdict      *verdict;
};

static void search_failed(struct search *search, size_t depth, enum search_stage stage,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Keeps the reason of the longest path, and among equal ones the first at its stage. */
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

/* Says why a CA of the right name may not issue `child` at that depth; false when it may. */
static bool
search_is_unfit(const struct search *search, const struct ek_authority *issuer, const X509 *child,
    size_t depth, char why[SEARCH_WHY_SIZE])
{
	char when[CLOCK_TEXT_SIZE];
	char here[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < depth; i++)
		if (memcmp(search->path[i]->fingerprint, issuer->fingerprint,
		        sizeof issuer->fingerprint) == 0) {
			(void)snprintf(why, SEARCH_WHY_SIZE, "it appears twice in the chain");
			return true;
		}
	if (issuer->pathlen >= 0 && (size_t)issuer->pathlen < depth) {
		(void)snprintf(why, SEARCH_WHY_SIZE, "more CAs are below it than it allows");
		return true;
	}
	if (issuer->not_before > search->scope->now) {
		clock_format(issuer->not_before, when);
		clock_format(search->scope->now, here);
		(void)snprintf(why, SEARCH_WHY_SIZE,
		    "it is not valid before %s, and it is %s here; are both clocks right?", when, here);
		return true;
	}
	if (issuer->not_after < certificate_not_before(child)) {
		clock_format(issuer->not_after, when);
		(void)snprintf(why, SEARCH_WHY_SIZE,
		    "it expired at %s, before the certificate that it signed begins", when);
		return true;
	}
	return false;
}

/* Verifies a signature between imported CAs once and caches the result; bounds the number of
 * verifications. */
static bool
search_signed(struct search *search, struct ek_authority *issuer, X509 *child, size_t depth)
{
	struct ek_authority *known = depth > 0 ? search->path[depth - 1] : NULL;

	if (known != NULL && known->imported && atomic_load(&known->issuer) == issuer)
		return true;
	if (search->signatures == SEARCH_SIGNATURES_MAX) {
		search_failed(search, depth, SEARCH_LIMIT, "more than %d CAs could have signed its chain",
		    SEARCH_SIGNATURES_MAX);
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

/* Continues above a CA if it issued `child`. */
static bool
search_try(struct search *search, struct ek_authority *issuer, X509 *child, size_t depth)
{
	char name[SEARCH_NAME_SIZE];
	char why[SEARCH_WHY_SIZE];

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

/* The same with a certificate that the client sent. */
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
	const struct ek_search     *scope = search->scope;
	const X509_NAME            *wanted = X509_get_issuer_name(child);
	struct ek_authority *const *named;
	size_t                      count = ek_trust_named(scope->trust, wanted, &named);
	char                        name[SEARCH_NAME_SIZE];

	certificate_name(wanted, name, sizeof name);
	if (depth == EK_CHAIN_MAX) {
		search_failed(search, depth, SEARCH_NO_ISSUER, "a chain of more than %d CAs", EK_CHAIN_MAX);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (search_try(search, named[i], child, depth))
			return true;
	for (size_t i = 0; i < scope->untrusted_count && i < SEARCH_UNTRUSTED_MAX; i++)
		if (search_try_untrusted(search, scope->untrusted[i], child, depth))
			return true;
	search_failed(search, depth, SEARCH_NO_ISSUER, "its issuer \"%s\" is not imported", name);
	return false;
}

bool
ek_search(const struct ek_search *scope, X509 *certificate, struct ek_verdict *verdict)
{
	struct search search = {.scope = scope, .verdict = verdict};
	bool          found = search_issuer(&search, certificate, 0);

	ERR_clear_error();
	return found;
}

bool
ek_search_above(const struct ek_search *scope, struct ek_authority *authority,
    struct ek_verdict *verdict)
{
	struct search search = {.scope = scope, .path = {authority}, .verdict = verdict};
	bool          found = search_issuer(&search, authority->certificate, 1);

	ERR_clear_error();
	return found;
}
