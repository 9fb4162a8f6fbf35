/*
 * Searches a path through CAs: upwards by names alone, to an imported root, and from there
 * downwards by signatures, so that no key of a client's is used before something imported
 * has vouched for it. Fetches nothing.
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
#include "pki/ek_certificate.h"
#include "pki/ek_child.h"
#include "pki/ek_outline.h"
#include "pki/ek_trust.h"
#include "tpm/key.h"
#include "util/clock.h"
#include "util/error.h"

/*
 * Weights of failed signatures: one by P-384 takes 12 times as long to verify as one by P-256 or
 * RSA-4096, and one by RSA-8192 three times. A genuine chain has failures only by CAs of the same
 * name. One of a slow key is as much as a genuine chain of such a vendor costs: no other follows it,
 * and it follows one of another.
 */
#define SEARCH_WEIGHT      1
#define SEARCH_WEIGHT_LONG 3
#define SEARCH_FAST_FIELD  32 /* octets of a coordinate of P-256 */
#define SEARCH_FAST_BITS   4096

/* Bound on the names followed: enough for any genuine set of certificates. */
#define SEARCH_STEPS_MAX 1000

/* The longest key of a CA that is not imported; vendors have 4096. */
#define SEARCH_RSA_MAX 4096

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

/* A CA of the path: imported, or a helper once it is decoded. */
struct link {
	struct ek_authority *authority; /* NULL: not decoded yet */
	struct ek_helper    *helper;    /* NULL: imported */
};

/* The search from one certificate. */
struct search {
	struct ek_search  *scope;
	const struct ek_child *certificate; /* NULL: only the path above it is searched */
	struct link        path[EK_CHAIN_MAX]; /* who issued the EK's certificate first */
	size_t             bottom;  /* of the path: signatures below it are not asked for */
	bool               descent; /* the reason is of a path that was complete by names */
	size_t             reached; /* how far the path was that failed so */
	enum search_stage  stage;
	struct ek_verdict *verdict;
};

static void search_failed(struct search *search, bool descent, size_t depth,
    enum search_stage stage, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Keeps the reason of the longest path, and among equal ones the first at its stage. */
static void
search_failed(struct search *search, bool descent, size_t depth, enum search_stage stage,
    const char *format, ...)
{
	struct ek_verdict *verdict = search->verdict;
	va_list            args;

	if (verdict->reason[0] != '\0') {
		if (descent != search->descent ? search->descent
		                               : depth < search->reached ||
		            (depth == search->reached && stage <= search->stage))
			return;
	}
	search->descent = descent;
	search->reached = depth;
	search->stage = stage;
	va_start(args, format);
	(void)vsnprintf(verdict->reason, sizeof verdict->reason, format, args);
	va_end(args);
}

static void
search_failed_unnamed(struct search *search, bool descent, size_t depth, const X509_NAME *wanted)
{
	char name[SEARCH_NAME_SIZE];

	certificate_name(wanted, name, sizeof name);
	search_failed(search, descent, depth, SEARCH_NO_ISSUER, "its issuer \"%s\" is not imported",
	    name);
}

/* ---- downwards, by signatures ---- */

/* Why a CA of the right name may not have issued `child` at that depth; false when it may. */
static bool
search_is_unfit(struct search *search, const struct ek_authority *issuer,
    const struct ek_child *child, size_t depth, char why[SEARCH_WHY_SIZE])
{
	char when[CLOCK_TEXT_SIZE];
	char here[CLOCK_TEXT_SIZE];

	if (issuer->pathlen >= 0 && (size_t)issuer->pathlen < depth) {
		(void)snprintf(why, SEARCH_WHY_SIZE, "more CAs are below it than it allows");
		return true;
	}
	if (issuer->not_before > search->scope->now) {
		search->scope->early = true;
		clock_format(issuer->not_before, when);
		clock_format(search->scope->now, here);
		(void)snprintf(why, SEARCH_WHY_SIZE,
		    "it is not valid before %s, and it is %s here; are both clocks right?", when, here);
		return true;
	}
	if (issuer->not_after < child->not_before) {
		clock_format(issuer->not_after, when);
		(void)snprintf(why, SEARCH_WHY_SIZE,
		    "it expired at %s, before the certificate that it signed begins", when);
		return true;
	}
	return false;
}

static unsigned
search_budget(const struct ek_search *scope)
{
	return scope->wrong_max != 0 ? scope->wrong_max : EK_SEARCH_WRONG_MAX;
}

/* An attacker cannot choose slow keys among imported CAs. */
static bool
search_is_slow(const struct ek_authority *issuer, bool imported)
{
	const struct tpm_curve *curve = tpm_key_curve(X509_get0_pubkey(issuer->certificate));

	return !imported && curve != NULL && curve->field_size > SEARCH_FAST_FIELD;
}

/* The weight of a failed signature by this CA. */
static unsigned
search_weight(const struct ek_search *scope, const struct ek_authority *issuer, bool imported)
{
	if (search_is_slow(issuer, imported))
		return search_budget(scope) - SEARCH_WEIGHT;
	return tpm_key_rsa_bits(X509_get0_pubkey(issuer->certificate)) > SEARCH_FAST_BITS
	    ? SEARCH_WEIGHT_LONG
	    : SEARCH_WEIGHT;
}

/* True when one more signature by this CA is within the budget; else the reason is set. */
static bool
search_may_verify(struct search *search, const struct ek_authority *issuer, size_t depth,
    bool imported)
{
	struct ek_search *scope = search->scope;

	if (scope->signatures == EK_SEARCH_SIGNATURES_MAX) {
		search_failed(search, true, depth, SEARCH_LIMIT, "more than %d CAs could have signed its chain",
		    EK_SEARCH_SIGNATURES_MAX);
		return false;
	}
	if (scope->wrong + search_weight(scope, issuer, imported) > search_budget(scope)) {
		search_failed(search, true, depth, SEARCH_LIMIT,
		    "too many wrong signatures came along to try one more by a key as slow as its issuer's");
		return false;
	}
	if (scope->no_slow && search_is_slow(issuer, imported)) {
		scope->postponed = true;
		search_failed(search, true, depth, SEARCH_LIMIT, "its issuer's signature is not verified yet");
		return false;
	}
	return true;
}

/* Verifies a signature that was not tried before in this search, within the budget. */
static bool
search_verify(struct search *search, const struct ek_authority *issuer,
    const struct ek_child *child, size_t depth, bool imported)
{
	struct ek_search *scope = search->scope;
	bool              good;

	for (size_t i = 0; i < scope->signatures; i++) {
		if (scope->tried[i].issuer == issuer && ek_child_equal(&scope->tried[i].child, child))
			return scope->tried[i].good;
	}
	if (!search_may_verify(search, issuer, depth, imported))
		return false;
	good = ek_authority_signed(issuer, child);
	scope->tried[scope->signatures].issuer = issuer;
	scope->tried[scope->signatures].child = *child;
	scope->tried[scope->signatures].good = good;
	scope->signatures++;
	scope->wrong += good ? 0 : search_weight(scope, issuer, imported);
	return good;
}

/*
 * True when the issuer's key signed `child`. The result is cached for imported CAs, but
 * not for a client's, which exist only during this search.
 */
static bool
search_signed(struct search *search, struct ek_authority *issuer, const struct ek_child *child,
    size_t depth)
{
	struct ek_authority *known = depth > 0 ? search->path[depth - 1].authority : NULL;
	bool                 lasting = known != NULL && known->imported && issuer->imported;

	if (lasting && atomic_load(&known->issuer) == issuer)
		return true;
	if (!search_verify(search, issuer, child, depth, lasting))
		return false;
	if (lasting)
		atomic_store(&known->issuer, issuer);
	return true;
}

/* True when the CA at that depth issued `child`. */
static bool
search_issued(struct search *search, size_t depth, const struct ek_child *child)
{
	struct ek_authority *issuer = search->path[depth].authority;
	char                 name[SEARCH_NAME_SIZE];
	char                 why[SEARCH_WHY_SIZE];

	if (!ek_authority_is_named(issuer, child)) {
		search_failed_unnamed(search, true, depth, child->issuer);
		return false;
	}
	if (search_is_unfit(search, issuer, child, depth, why)) {
		certificate_subject(issuer->certificate, name, sizeof name);
		search_failed(search, true, depth, SEARCH_UNFIT, "the CA \"%s\": %s", name, why);
		return false;
	}
	if (search_signed(search, issuer, child, depth))
		return true;
	certificate_subject(issuer->certificate, name, sizeof name);
	search_failed(search, true, depth, SEARCH_SIGNATURE,
	    "the signature is not by its issuer's key: \"%s\"", name);
	return false;
}

static bool
helper_is_own_issuer(const struct ek_helper *helper)
{
	return X509_NAME_cmp(helper->subject, helper->issuer) == 0;
}

/* It as what is issued: by its outline, where there is one. */
static struct ek_child
helper_child(const struct ek_helper *helper)
{
	return helper->outline != NULL ? ek_child_of_outline(helper->outline)
	                               : ek_child_of(helper->certificate);
}

static bool
helper_is_too_long(const struct ek_helper *helper)
{
	return helper->outline != NULL && helper->outline->rsa_bits > SEARCH_RSA_MAX;
}

static void
helper_refuse_length(struct ek_helper *helper, unsigned bits)
{
	(void)snprintf(helper->why, sizeof helper->why, "its key has %u bits, and it is not imported", bits);
}

/* Decodes a client's certificate and checks whether it may be a CA's. */
static void
helper_read(struct ek_helper *helper)
{
	struct error err = {0};
	unsigned     bits;

	helper->state = EK_HELPER_UNFIT;
	if (helper->certificate == NULL && helper_is_too_long(helper)) {
		helper_refuse_length(helper, helper->outline->rsa_bits);
		return;
	}
	if (helper->certificate == NULL) {
		if (ek_certificate_decode(helper->der, &helper->certificate, &err) != 0) {
			(void)snprintf(helper->why, sizeof helper->why, "%.64s", err.detail);
			return;
		}
		helper->decoded = true;
	}
	if (ek_authority_init(&helper->authority, helper->certificate, &err) != 0) {
		(void)snprintf(helper->why, sizeof helper->why, "%.64s", err.detail);
		return;
	}
	bits = tpm_key_rsa_bits(X509_get0_pubkey(helper->certificate));
	if (bits > SEARCH_RSA_MAX) {
		helper_refuse_length(helper, bits);
		return;
	}
	helper->state = EK_HELPER_FIT;
}

static bool
search_failed_own(struct search *search, const struct ek_helper *helper, size_t depth)
{
	char name[SEARCH_NAME_SIZE];

	certificate_name(helper->subject, name, sizeof name);
	search_failed(search, true, depth, SEARCH_UNFIT, "\"%s\" is its own issuer, and not imported", name);
	return false;
}

/* True when a client's CA may be at that depth; decodes it. */
static bool
search_read(struct search *search, struct link *link, size_t depth)
{
	struct ek_helper *helper = link->helper;
	char              name[SEARCH_NAME_SIZE];

	if (helper == NULL)
		return true;
	if (helper->state == EK_HELPER_UNREAD)
		helper_read(helper);
	link->authority = helper->state == EK_HELPER_FIT ? &helper->authority : NULL;
	if (link->authority == NULL) {
		certificate_name(helper->subject, name, sizeof name);
		search_failed(search, true, depth, SEARCH_UNFIT, "\"%s\" issued a certificate: %s", name,
		    helper->why);
		return false;
	}
	return !ek_authority_is_own_issuer(link->authority) || search_failed_own(search, helper, depth);
}

/* The path is complete. */
static void
search_finish(const struct search *search, size_t depth)
{
	struct ek_verdict         *verdict = search->verdict;
	const struct ek_authority *root = search->path[depth].authority;

	for (size_t i = 0; i <= depth; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): search_read has read them all */
		certificate_subject(search->path[i].authority->certificate, verdict->chain[i],
		    sizeof verdict->chain[i]);
	verdict->chain_count = depth + 1;
	memcpy(verdict->root, root->fingerprint, sizeof verdict->root);
	certificate_subject(root->certificate, verdict->root_name, sizeof verdict->root_name);
	verdict->reason[0] = '\0';
	verdict->verified = true;
}

/*
 * True when the CA at that depth issued the client's below it, as far as that can be told without
 * decoding it, which takes as long as a few signatures; or when the decoding tells why it is refused.
 */
static bool
search_vouched(struct search *search, size_t depth, const struct ek_helper *helper)
{
	struct ek_child child;

	if (helper->outline == NULL)
		return search_may_verify(search, search->path[depth].authority, depth, false);
	if (helper_is_too_long(helper))
		return true;
	if (ek_outline_is_own_issuer(helper->outline))
		return search_failed_own(search, helper, depth - 1);
	child = helper_child(helper);
	return search_issued(search, depth, &child);
}

/* Verifies that the CA at that depth issued the one below it. */
static bool
search_descend_one(struct search *search, size_t depth)
{
	struct link            *below = &search->path[depth - 1];
	const struct ek_helper *helper = below->helper;
	struct ek_child         child;

	if (helper != NULL && helper->state == EK_HELPER_UNREAD && !search_vouched(search, depth, helper))
		return false;
	if (!search_read(search, below, depth - 1))
		return false;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a step without a helper is an authority */
	child = helper != NULL ? helper_child(helper) : ek_child_of(below->authority->certificate);
	return search_issued(search, depth, &child);
}

/* Verifies the path from the imported root at that depth down to the certificate. */
static bool
search_descend(struct search *search, size_t depth)
{
	for (size_t i = depth; i > search->bottom; i--) {
		if (!search_descend_one(search, i))
			return false;
	}
	if (search->bottom == 0 && search->certificate != NULL &&
	    !search_issued(search, 0, search->certificate))
		return false;
	search_finish(search, depth);
	return true;
}

/* ---- upwards, by names ---- */

static bool search_climb(struct search *search, const X509_NAME *wanted, const struct ek_child *child,
    size_t depth);

/* Continues above an imported CA. `child` is NULL if it is not decoded. */
static bool
search_climb_imported(struct search *search, struct ek_authority *issuer,
    const struct ek_child *child, size_t depth)
{
	struct ek_child above;
	char            name[SEARCH_NAME_SIZE];

	if (child != NULL && !ek_authority_is_named(issuer, child))
		return false;
	for (size_t i = 0; i < depth; i++) {
		const struct ek_authority *below = search->path[i].authority;

		if (below != NULL &&
		    memcmp(below->fingerprint, issuer->fingerprint, sizeof issuer->fingerprint) == 0) {
			certificate_subject(issuer->certificate, name, sizeof name);
			search_failed(search, false, depth, SEARCH_UNFIT,
			    "the CA \"%s\": it appears twice in the chain", name);
			return false;
		}
	}
	search->path[depth] = (struct link){.authority = issuer};
	if (issuer->root)
		return search_descend(search, depth);
	above = ek_child_of(issuer->certificate);
	return search_climb(search, above.issuer, &above, depth + 1);
}

/* The same with a certificate that the client sent. */
static bool
search_climb_helper(struct search *search, struct ek_helper *helper, size_t depth)
{
	struct ek_authority *const *named;
	struct ek_child             child;
	char                        name[SEARCH_NAME_SIZE];

	for (size_t i = 0; i < depth; i++) {
		if (search->path[i].helper == helper)
			return false;
	}
	search->path[depth] = (struct link){.helper = helper};
	if (helper->state == EK_HELPER_UNFIT)
		return search_read(search, &search->path[depth], depth); /* says why */
	if (helper_is_own_issuer(helper) &&
	    ek_trust_named(search->scope->trust, helper->subject, &named) == 0) {
		certificate_name(helper->subject, name, sizeof name);
		search_failed(search, false, depth, SEARCH_UNFIT,
		    "\"%s\" is its own issuer, and not imported", name);
		return false;
	}
	if (helper->state != EK_HELPER_FIT)
		return search_climb(search, helper->issuer, NULL, depth + 1);
	child = helper_child(helper);
	return search_climb(search, helper->issuer, &child, depth + 1);
}

/* The cached issuer of the imported CA at the end of the path, or NULL. */
static struct ek_authority *
search_remembered(struct search *search, size_t depth)
{
	const struct ek_authority *below = depth > 0 ? search->path[depth - 1].authority : NULL;

	return below != NULL && below->imported
	    ? (struct ek_authority *)(uintptr_t)atomic_load(&below->issuer)
	    : NULL;
}

static bool
search_climb(struct search *search, const X509_NAME *wanted, const struct ek_child *child,
    size_t depth)
{
	struct ek_search           *scope = search->scope;
	struct ek_authority        *remembered = search_remembered(search, depth);
	struct ek_authority *const *named;
	size_t                      count = ek_trust_named(scope->trust, wanted, &named);

	if (depth == EK_CHAIN_MAX) {
		search_failed(search, false, depth, SEARCH_NO_ISSUER, "a chain of more than %d CAs",
		    EK_CHAIN_MAX);
		return false;
	}
	if (++scope->steps > SEARCH_STEPS_MAX) {
		search_failed(search, false, depth, SEARCH_LIMIT, "its certificates name each other too often");
		return false;
	}
	/* The cached issuer is tried first, to avoid trying the others each time. */
	if (remembered != NULL && search_climb_imported(search, remembered, child, depth))
		return true;
	for (size_t i = 0; i < count && !scope->postponed; i++) {
		if (named[i] != remembered && search_climb_imported(search, named[i], child, depth))
			return true;
	}
	for (size_t i = 0; i < scope->helper_count && !scope->postponed; i++) {
		if (X509_NAME_cmp(scope->helpers[i].subject, wanted) == 0 &&
		    search_climb_helper(search, &scope->helpers[i], depth))
			return true;
	}
	search_failed_unnamed(search, false, depth, wanted);
	return false;
}

/* ---- from outside ---- */

void
ek_search_add(struct ek_search *search, X509 *certificate)
{
	if (search->helper_count < EK_SEARCH_HELPERS_MAX)
		search->helpers[search->helper_count++] = (struct ek_helper){
		    .issuer = X509_get_issuer_name(certificate),
		    .subject = X509_get_subject_name(certificate),
		    .certificate = certificate,
		};
}

void
ek_search_clear(struct ek_search *search)
{
	for (size_t i = 0; i < search->helper_count; i++) {
		if (search->helpers[i].decoded)
			X509_free(search->helpers[i].certificate);
	}
	search->helper_count = 0;
}

bool
ek_search_names_reach(const struct ek_search *search, const X509_NAME *issuer)
{
	struct ek_authority *const *named;
	bool                        seen[EK_SEARCH_HELPERS_MAX] = {false};
	const X509_NAME            *wanted[EK_SEARCH_HELPERS_MAX + 1] = {issuer};
	size_t                      count = 1;

	for (size_t i = 0; i < count; i++) {
		if (ek_trust_named(search->trust, wanted[i], &named) != 0)
			return true;
		for (size_t j = 0; j < search->helper_count; j++) {
			if (seen[j] || X509_NAME_cmp(search->helpers[j].subject, wanted[i]) != 0)
				continue;
			seen[j] = true;
			wanted[count++] = search->helpers[j].issuer;
		}
	}
	return false;
}

bool
ek_search_reaches(struct ek_search *scope, const X509_NAME *issuer)
{
	struct ek_verdict verdict = {0};
	struct search     search = {.scope = scope, .verdict = &verdict};
	bool              found = ek_search_names_reach(scope, issuer) && search_climb(&search, issuer, NULL, 0);

	ERR_clear_error();
	return found;
}

bool
ek_search(struct ek_search *scope, const struct ek_child *certificate, struct ek_verdict *verdict)
{
	struct search search = {.scope = scope, .certificate = certificate, .verdict = verdict};
	bool found = search_climb(&search, certificate->issuer, certificate, 0);

	ERR_clear_error();
	return found;
}

bool
ek_search_above(struct ek_search *scope, struct ek_authority *authority, struct ek_verdict *verdict)
{
	struct search search = {
	    .scope = scope, .path = {{.authority = authority}}, .bottom = 1, .verdict = verdict};
	struct ek_child child = ek_child_of(authority->certificate);
	bool found = search_climb(&search, child.issuer, &child, 1);

	ERR_clear_error();
	return found;
}
