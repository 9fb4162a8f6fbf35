/* Compares CRLs with their watermarks; the store keeps the marks. */
#include "config.h"

#include "acme/keeper/crl_mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "pki/certificate.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "store/acme/acme.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hex.h"

_Static_assert(REVOCATION_NUMBER_MAX == STORE_CRL_NUMBER_SIZE, "the store keeps a CRL's number");

/* "number 17 of 2026-11-21T09:30:00Z" */
#define MARK_TEXT_SIZE (64 + CLOCK_TEXT_SIZE)

static void
mark_text(bool has_number, const uint8_t number[STORE_CRL_NUMBER_SIZE], int64_t this_update,
    char text[MARK_TEXT_SIZE])
{
	char     when[CLOCK_TEXT_SIZE];
	char     hex[2 * STORE_CRL_NUMBER_SIZE + 1];
	uint64_t value = 0;
	size_t   zeros = 0;

	clock_format(this_update, when);
	while (zeros < STORE_CRL_NUMBER_SIZE && number[zeros] == 0)
		zeros++;
	for (size_t i = STORE_CRL_NUMBER_SIZE - sizeof value; i < STORE_CRL_NUMBER_SIZE; i++)
		value = value << 8 | number[i];
	hex_encode(number, STORE_CRL_NUMBER_SIZE, hex);
	if (!has_number)
		(void)snprintf(text, MARK_TEXT_SIZE, "without a number, of %s", when);
	else if (zeros >= STORE_CRL_NUMBER_SIZE - sizeof value)
		(void)snprintf(text, MARK_TEXT_SIZE, "number %" PRIu64 " of %s", value, when);
	else
		(void)snprintf(text, MARK_TEXT_SIZE, "number 0x%s of %s", hex + 2 * zeros, when);
}

/* Below 0 when the CRL is older than its mark, above 0 when it is newer. */
static int
mark_compare(const struct revocation_facts *facts, const struct store_crl_mark *mark)
{
	if (facts->has_number && mark->has_number)
		return memcmp(facts->number, mark->number, sizeof mark->number);
	return (facts->this_update > mark->this_update) - (facts->this_update < mark->this_update);
}

static void
mark_take(const struct revocation_facts *facts, struct store_crl_mark *mark)
{
	store_crl_mark_clear(mark);
	memcpy(mark->issuer, facts->issuer, sizeof mark->issuer);
	memcpy(mark->number, facts->number, sizeof mark->number);
	memcpy(mark->digest, facts->digest, sizeof mark->digest);
	mark->has_number = facts->has_number;
	mark->this_update = facts->this_update;
	mark->name = memory_strdup(facts->name);
	if (facts->signer.size != 0)
		bytes_append(&mark->certificate, facts->signer.data, facts->signer.size);
}

/* Loads the issuer's mark; *found is false when there is none. */
static int
mark_find(struct store *store, const uint8_t *issuer, struct store_crl_mark *mark, bool *found,
    struct error *err)
{
	int rc = store_crl_mark_find(store, issuer, mark, err);

	*found = rc == 0;
	return rc == 0 || err->kind == ERROR_NOT_FOUND ? 0 : -1;
}

/* ---- checking ---- */

/* The newest CRL of the set by this issuer. */
static int
mark_newest(const struct revocation *revocation, const uint8_t *issuer,
    struct store_crl_mark *newest, struct error *err)
{
	struct revocation_facts facts;

	for (size_t i = 0; i < revocation_count(revocation); i++) {
		if (revocation_describe(revocation, i, &facts, err) != 0)
			return -1;
		if (memcmp(facts.issuer, issuer, sizeof facts.issuer) == 0 &&
		    (newest->name == NULL || mark_compare(&facts, newest) > 0))
			mark_take(&facts, newest);
		revocation_facts_clear(&facts);
	}
	return 0;
}

static int
mark_judge(const struct store_crl_mark *now, const struct store_crl_mark *seen, struct error *err)
{
	struct revocation_facts facts = {.has_number = now->has_number, .this_update = now->this_update};
	char                    now_text[MARK_TEXT_SIZE];
	char                    seen_text[MARK_TEXT_SIZE];
	int                     order;

	memcpy(facts.number, now->number, sizeof facts.number);
	order = mark_compare(&facts, seen);
	mark_text(now->has_number, now->number, now->this_update, now_text);
	mark_text(seen->has_number, seen->number, seen->this_update, seen_text);
	if (order < 0)
		return error_set(err, ERROR_CONFLICT,
		    "the CRL of \"%.100s\" is an older one (%s; %s was seen before); give the newest",
		    now->name, now_text, seen_text);
	if (order == 0 && now->has_number && seen->has_number &&
	    memcmp(now->digest, seen->digest, sizeof now->digest) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "the CRL of \"%.100s\" is another than was seen before of the same number (%s; %s)",
		    now->name, now_text, seen_text);
	return 0;
}

/* The issuer of the CRL `i`, by its newest CRL. */
static int
mark_check_issuer(struct store *store, const struct revocation *revocation, size_t i,
    struct error *err)
{
	struct revocation_facts facts;
	struct store_crl_mark   seen = {.name = NULL};
	struct store_crl_mark   newest = {.name = NULL};
	bool                    found = false;
	int                     rc = revocation_describe(revocation, i, &facts, err);

	if (rc == 0)
		rc = mark_find(store, facts.issuer, &seen, &found, err);
	if (rc == 0 && found && (rc = mark_newest(revocation, facts.issuer, &newest, err)) == 0)
		rc = mark_judge(&newest, &seen, err);
	revocation_facts_clear(&facts);
	store_crl_mark_clear(&seen);
	store_crl_mark_clear(&newest);
	return rc;
}

int
crl_mark_check(struct store *store, const struct revocation *revocation, struct error *err)
{
	for (size_t i = 0; i < revocation_count(revocation); i++)
		if (mark_check_issuer(store, revocation, i, err) != 0)
			return -1;
	return 0;
}

/* ---- keeping ---- */

/* Verifies with the certificate that signed the issuer's last CRL. */
static void
mark_verify(const struct revocation *revocation, const struct store_crl_mark *seen)
{
	X509        *certificate = NULL;
	struct error ignored;

	if (certificate_decode(bytes_view(&seen->certificate), &certificate, &ignored) == 0)
		revocation_verify(revocation, certificate);
	X509_free(certificate);
}

static int
mark_keep_one(struct store *store, const struct revocation *revocation, size_t i,
    struct error *err)
{
	struct revocation_facts facts;
	struct store_crl_mark   seen = {.name = NULL};
	bool                    found = false;
	int                     rc = revocation_describe(revocation, i, &facts, err);

	if (rc == 0)
		rc = mark_find(store, facts.issuer, &seen, &found, err);
	if (rc == 0 && found && facts.signer.size == 0 && mark_compare(&facts, &seen) > 0) {
		mark_verify(revocation, &seen);
		revocation_facts_clear(&facts);
		rc = revocation_describe(revocation, i, &facts, err);
	}
	if (rc == 0 && facts.signer.size != 0 && (!found || mark_compare(&facts, &seen) > 0)) {
		mark_take(&facts, &seen);
		rc = store_crl_mark_put(store, &seen, err);
	}
	revocation_facts_clear(&facts);
	store_crl_mark_clear(&seen);
	return rc == 0 ? 0 : error_wrap(err, "recording which CRL was seen");
}

int
crl_mark_keep(struct store *store, const struct revocation *revocation, const struct trust *trust,
    struct error *err)
{
	const STACK_OF(X509) *trusted = trust_stack(trust);

	for (int i = 0; i < sk_X509_num(trusted); i++)
		revocation_verify(revocation, sk_X509_value(trusted, i));
	for (size_t i = 0; i < revocation_count(revocation); i++)
		if (mark_keep_one(store, revocation, i, err) != 0)
			return -1;
	return 0;
}
