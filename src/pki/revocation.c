/* Loads CRLs and looks up certificates in them; makes no decision where no CRL applies. */
#include "config.h"

#include "pki/revocation.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"
#include "pki/pem.h"
#include "tpm/openssl_error.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/file.h"

/* Enough for about a million entries. */
#define REVOCATION_FILE_MAX ((size_t)64 << 20)

/*
 * How far a list may begin ahead of the clock here, in seconds: as long as certificates are
 * backdated by default, so that a host that is behind does not refuse for a list what it takes
 * for a certificate. A list from the future names more certificates, not fewer.
 */
#define AHEAD_MAX 300

struct revocation_list {
	X509_CRL *crl;
	int64_t   this_update;
	int64_t   next_update; /* INT64_MAX when it has none */
	bool      verified;    /* under the lock: signed by the certificate with this digest */
	uint8_t   issuer[REVOCATION_DIGEST_SIZE];
	X509     *signer; /* that certificate */
};

struct revocation {
	struct revocation_list *lists;
	size_t                  count;
	bool                    tolerate_stale;
	pthread_mutex_t        *lock; /* guards verified, issuer and signer of every list */
	atomic_uint             owners;
};

struct revocation *
revocation_new(bool tolerate_stale)
{
	struct revocation *revocation = memory_new(sizeof *revocation);

	revocation->tolerate_stale = tolerate_stale;
	revocation->lock = memory_new(sizeof *revocation->lock);
	*revocation->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	atomic_init(&revocation->owners, 1);
	return revocation;
}

struct revocation *
revocation_share(struct revocation *revocation)
{
	(void)atomic_fetch_add(&revocation->owners, 1);
	return revocation;
}

static void
revocation_truncate(struct revocation *revocation, size_t count)
{
	while (revocation->count > count) {
		revocation->count--;
		X509_CRL_free(revocation->lists[revocation->count].crl);
		X509_free(revocation->lists[revocation->count].signer);
	}
}

void
revocation_free(struct revocation *revocation)
{
	if (revocation == NULL || atomic_fetch_sub(&revocation->owners, 1) != 1)
		return;
	revocation_truncate(revocation, 0);
	free(revocation->lists);
	(void)pthread_mutex_destroy(revocation->lock);
	free(revocation->lock);
	free(revocation);
}

/* ---- loading ---- */

/* Accepts only CRLs that cover every certificate of their issuer. */
static int
revocation_check_scope(const X509_CRL *crl, const char *path, struct error *err)
{
	if (X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0)
		return error_set(err, ERROR_MALFORMED,
		    "the CRL in %s covers only a part of its issuer's certificates", path);
	if (X509_CRL_get_ext_by_critical(crl, 1, -1) >= 0) /* deltaCRLIndicator is one of them */
		return error_set(err, ERROR_MALFORMED,
		    "the CRL in %s has a critical extension that is not understood", path);
	return 0;
}

/*
 * Looks up one entry, so that OpenSSL sorts the entries now and not under a lock
 * at the first real look-up. X509_CRL_sort would drop the signed octets.
 */
static void
revocation_sort(X509_CRL *crl)
{
	ASN1_INTEGER *zero = ASN1_INTEGER_new();
	X509_REVOKED *entry = NULL;

	if (zero != NULL)
		(void)X509_CRL_get0_by_serial(crl, &entry, zero);
	ASN1_INTEGER_free(zero);
}

/* Takes ownership of the CRL. */
static int
revocation_add(struct revocation *revocation, X509_CRL *crl, const char *path, struct error *err)
{
	struct revocation_list  list = {.crl = crl, .next_update = INT64_MAX};
	const ASN1_TIME        *next = X509_CRL_get0_nextUpdate(crl);
	struct revocation_list *lists;

	if (revocation_check_scope(crl, path, err) != 0) {
		X509_CRL_free(crl);
		return -1;
	}
	list.this_update = certificate_time(X509_CRL_get0_lastUpdate(crl));
	if (next != NULL)
		list.next_update = certificate_time(next);
	if (list.this_update == INT64_MIN || list.next_update == INT64_MIN) {
		X509_CRL_free(crl);
		return error_set_openssl(err, ERROR_MALFORMED, "the CRL in %s has no valid time", path);
	}
	revocation_sort(crl);
	lists = memory_check(realloc(revocation->lists, (revocation->count + 1) * sizeof *lists));
	revocation->lists = lists;
	revocation->lists[revocation->count++] = list;
	return 0;
}

/* Counts a word in a file. */
static size_t
pem_count(const struct bytes *pem, const char *word)
{
	const uint8_t *at = pem->data;
	size_t         left = pem->size;
	size_t         length = strlen(word);
	size_t         count = 0;

	while (left >= length && (at = memmem(at, left, word, length)) != NULL) {
		count++;
		at += length;
		left = pem->size - (size_t)(at - pem->data);
	}
	return count;
}

/*
 * OpenSSL passes over a CRL whose first line is damaged as if it were text between
 * blocks. So either of its two marker lines counts as a CRL.
 */
static int
revocation_check_pem(const struct bytes *pem, size_t added, const char *path, struct error *err)
{
	size_t begins = pem_count(pem, "BEGIN " PEM_STRING_X509_CRL);
	size_t ends = pem_count(pem, "END " PEM_STRING_X509_CRL);

	if (begins != added || ends != added)
		return error_set(err, ERROR_MALFORMED,
		    "%zu CRLs begin and %zu end in %s, but only %zu can be read", begins, ends, path,
		    added);
	return added != 0 ? 0 : error_set(err, ERROR_MALFORMED, "no CRL in %s", path);
}

static int
revocation_add_pem(struct revocation *revocation, const struct bytes *pem, const char *path,
    struct error *err)
{
	size_t    before = revocation->count;
	BIO      *bio = pem_open(pem);
	X509_CRL *crl;
	int       rc = 0;

	if (bio == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "reading %s", path);
	while (rc == 0 && (crl = PEM_read_bio_X509_CRL(bio, NULL, pem_no_passphrase_cb, NULL)) != NULL)
		rc = revocation_add(revocation, crl, path, err);
	if (rc == 0 && !pem_is_at_end())
		rc = error_set_openssl(err, ERROR_MALFORMED, "CRL %zu of %s",
		    revocation->count - before + 1, path);
	else if (rc == 0)
		rc = revocation_check_pem(pem, revocation->count - before, path, err);
	BIO_free(bio);
	return rc;
}

static int
revocation_add_der(struct revocation *revocation, const struct bytes *der, const char *path,
    struct error *err)
{
	const unsigned char *p = der->data;
	X509_CRL            *crl = d2i_X509_CRL(NULL, &p, (long)der->size);

	if (crl == NULL)
		return error_set_openssl(err, ERROR_MALFORMED, "no CRL in %s", path);
	if (p != der->data + der->size) {
		X509_CRL_free(crl);
		return error_set(err, ERROR_MALFORMED, "%zu octets after the CRL in %s",
		    (size_t)(der->data + der->size - p), path);
	}
	return revocation_add(revocation, crl, path, err);
}

int
revocation_add_file(struct revocation *revocation, const char *path, struct error *err)
{
	AUTO_BYTES data = {0};
	size_t     before = revocation->count;
	int        rc;

	if (file_read(path, REVOCATION_FILE_MAX, &data, err) != 0)
		return -1;
	if (data.size > 0 && data.data[0] == 0x30) /* SEQUENCE; no text begins with this octet */
		rc = revocation_add_der(revocation, &data, path, err);
	else
		rc = revocation_add_pem(revocation, &data, path, err);
	ERR_clear_error();
	if (rc != 0)
		revocation_truncate(revocation, before);
	return rc;
}

size_t
revocation_count(const struct revocation *revocation)
{
	return revocation->count;
}

/* ---- looking up ---- */

/* True when a CRL is in this issuer's name and does not name another of its keys. */
static bool
revocation_is_named(const X509_CRL *crl, const X509 *issuer)
{
	const ASN1_OCTET_STRING *own = X509_get0_subject_key_id((X509 *)(uintptr_t)issuer);
	AUTHORITY_KEYID         *id;
	bool                     same;

	if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0)
		return false;
	id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	same = id == NULL || id->keyid == NULL || own == NULL ||
	    ASN1_OCTET_STRING_cmp(id->keyid, own) == 0;
	AUTHORITY_KEYID_free(id);
	return same;
}

/* True when the CRL is signed by the issuer's key; the result is cached. */
static bool
revocation_is_signed(const struct revocation *revocation, struct revocation_list *list,
    const X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	uint8_t   digest[REVOCATION_DIGEST_SIZE];
	bool      is_signed;

	/* OpenSSL takes a key that is not there for a lack of memory. */
	if (key == NULL || X509_digest(issuer, EVP_sha256(), digest, NULL) != 1)
		return false;
	(void)pthread_mutex_lock(revocation->lock);
	is_signed = list->verified && memcmp(list->issuer, digest, sizeof digest) == 0;
	(void)pthread_mutex_unlock(revocation->lock);
	if (is_signed)
		return true;
	if (X509_CRL_verify(list->crl, key) != 1)
		return false;
	(void)pthread_mutex_lock(revocation->lock);
	list->verified = true;
	memcpy(list->issuer, digest, sizeof digest);
	X509_free(list->signer);
	list->signer = (X509 *)(uintptr_t)issuer; /* only its reference count changes */
	(void)X509_up_ref(list->signer);
	(void)pthread_mutex_unlock(revocation->lock);
	return true;
}

void
revocation_verify(const struct revocation *revocation, const X509 *issuer)
{
	for (size_t i = 0; i < revocation->count; i++)
		if (revocation_is_named(revocation->lists[i].crl, issuer))
			(void)revocation_is_signed(revocation, &revocation->lists[i], issuer);
	ERR_clear_error();
}

/* ---- describing ---- */

size_t
revocation_verified(const struct revocation *revocation)
{
	size_t verified = 0;

	(void)pthread_mutex_lock(revocation->lock);
	for (size_t i = 0; i < revocation->count; i++)
		verified += revocation->lists[i].verified ? 1 : 0;
	(void)pthread_mutex_unlock(revocation->lock);
	return verified;
}

static int
revocation_describe_issuer(const X509_CRL *crl, struct revocation_facts *facts)
{
	AUTHORITY_KEYID     *id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	const unsigned char *name = NULL;
	size_t               size = 0;
	AUTO_BYTES           text = {0};
	int                  rc = -1;

	if (X509_NAME_get0_der(X509_CRL_get_issuer(crl), &name, &size) == 1) {
		bytes_append(&text, name, size);
		if (id != NULL && id->keyid != NULL)
			bytes_append(&text, ASN1_STRING_get0_data(id->keyid),
			    (size_t)ASN1_STRING_length(id->keyid));
		rc = EVP_Digest(text.data, text.size, facts->issuer, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
	}
	(void)X509_NAME_oneline(X509_CRL_get_issuer(crl), facts->name, sizeof facts->name);
	AUTHORITY_KEYID_free(id);
	return rc;
}

/* A number that RFC 5280 forbids, negative or too long, is ignored. */
static void
revocation_describe_number(const X509_CRL *crl, struct revocation_facts *facts)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int           size = number != NULL ? ASN1_STRING_length(number) : 0;

	facts->has_number = size > 0 && size <= REVOCATION_NUMBER_MAX &&
	    ASN1_STRING_type(number) == V_ASN1_INTEGER;
	if (facts->has_number)
		memcpy(facts->number + (REVOCATION_NUMBER_MAX - size), ASN1_STRING_get0_data(number),
		    (size_t)size);
	ASN1_INTEGER_free(number);
}

int
revocation_describe(const struct revocation *revocation, size_t i, struct revocation_facts *facts,
    struct error *err)
{
	const struct revocation_list *list = &revocation->lists[i];
	X509                         *signer;
	int                           rc = 0;

	*facts = (struct revocation_facts){
	    .this_update = list->this_update, .next_update = list->next_update};
	revocation_describe_number(list->crl, facts);
	if (revocation_describe_issuer(list->crl, facts) != 0 ||
	    X509_CRL_digest(list->crl, EVP_sha256(), facts->digest, NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "reading a CRL");
	(void)pthread_mutex_lock(revocation->lock);
	if ((signer = list->signer) != NULL)
		(void)X509_up_ref(signer);
	(void)pthread_mutex_unlock(revocation->lock);
	if (signer != NULL)
		rc = certificate_encode(signer, &facts->signer, err);
	X509_free(signer);
	return rc;
}

void
revocation_facts_clear(struct revocation_facts *facts)
{
	bytes_clear(&facts->signer);
	*facts = (struct revocation_facts){.has_number = false};
}

static int
revocation_look_up(const struct revocation_list *list, const X509 *certificate, struct error *err)
{
	X509_REVOKED *entry = NULL;
	int64_t       since;
	char          when[CLOCK_TEXT_SIZE] = "an unknown time";

	if (X509_CRL_get0_by_serial(list->crl, &entry, X509_get0_serialNumber(certificate)) == 0)
		return 0;
	if ((since = certificate_time(X509_REVOKED_get0_revocationDate(entry))) != INT64_MIN)
		clock_format(since, when);
	return error_set(err, ERROR_BAD_ATTESTATION, "it was revoked at %s", when);
}

bool
revocation_has_issuer(const struct revocation *revocation, const X509 *issuer)
{
	for (size_t i = 0; i < revocation->count; i++)
		if (revocation_is_named(revocation->lists[i].crl, issuer))
			return true;
	return false;
}

/* The refusal by a list that begins after `now`: nobody's list is old, but a clock is wrong. */
static int
revocation_is_early(int64_t begins, int64_t now, struct error *err)
{
	char from[CLOCK_TEXT_SIZE];
	char here[CLOCK_TEXT_SIZE];

	clock_format(begins, from);
	clock_format(now, here);
	return error_set(err, ERROR_BAD_ATTESTATION,
	    "its issuer's revocation list (CRL) is not valid before %s, and it is %s on the server; are "
	    "the clocks of both hosts right?", from, here);
}

int
revocation_check(const struct revocation *revocation, const X509 *certificate, const X509 *issuer,
    int64_t now, struct error *err)
{
	bool    named = false;
	bool    is_signed = false;
	bool    listed;
	bool    doubtful = false; /* in a list that is not seen to be signed: memory may be short */
	bool    current = revocation->tolerate_stale;
	int64_t begins = INT64_MIN; /* of a list that is yet to begin */

	for (size_t i = 0; i < revocation->count; i++) {
		struct revocation_list *list = &revocation->lists[i];

		if (!revocation_is_named(list->crl, issuer))
			continue;
		named = true;
		listed = revocation_look_up(list, certificate, err) != 0;
		if (!revocation_is_signed(revocation, list, issuer)) {
			doubtful = doubtful || listed;
			continue;
		}
		is_signed = true;
		if (listed)
			return -1;
		current = current || (list->this_update - AHEAD_MAX <= now && now <= list->next_update);
		if (list->this_update - AHEAD_MAX > now)
			begins = list->this_update;
	}
	ERR_clear_error();
	if (named && !is_signed)
		return error_set(err, ERROR_BAD_ATTESTATION, "the CRL in its issuer's name is not signed by it");
	if (doubtful)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "a CRL in its issuer's name lists it, and the CRL's signature cannot be verified");
	if (named && !current && begins != INT64_MIN)
		return revocation_is_early(begins, now, err);
	if (named && !current)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "the server's copy of its issuer's revocation list (CRL) is out of date; tell the server's "
		    "administrator");
	return 0;
}

/* ---- who is listed ---- */

bool
revocation_mentions(const struct revocation *revocation, struct view serial)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509_REVOKED *entry = NULL;
	bool          found = true; /* when memory is short: then it is looked at */

	if (number != NULL && ASN1_STRING_set(number, serial.data, (int)serial.size) == 1) {
		found = false;
		for (size_t i = 0; !found && i < revocation->count; i++)
			found = X509_CRL_get0_by_serial(revocation->lists[i].crl, &entry, number) != 0;
	}
	ASN1_INTEGER_free(number);
	return found;
}

static int
revocation_reason(const X509_REVOKED *entry)
{
	ASN1_ENUMERATED *value = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	long             reason = value != NULL ? ASN1_ENUMERATED_get(value) : 0;

	ASN1_ENUMERATED_free(value);
	return reason >= 0 && reason <= INT_MAX ? (int)reason : 0;
}

/* Whether the last failure was for lack of memory: its message is queued then, or there was none for that. */
static bool
revocation_is_short(void)
{
	unsigned long code = ERR_get_error();
	bool          is_short = code == 0;

	for (; code != 0; code = ERR_get_error())
		is_short = is_short || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
	return is_short;
}

/* The same as revocation_is_signed, where a wrong no would let a revoked one pass: not every lack of
 * memory is queued as such, so that it is tried twice. */
static int
revocation_make_sure(const struct revocation *revocation, struct revocation_list *list,
    const X509 *issuer, bool *is_signed, struct error *err)
{
	*is_signed = false;
	for (int tries = 0; tries < 2 && !*is_signed; tries++) {
		ERR_clear_error();
		*is_signed = revocation_is_signed(revocation, list, issuer);
		if (!*is_signed && revocation_is_short())
			return error_set(err, ERROR_INTERNAL, "there is no memory to verify the signature of a CRL");
	}
	return 0;
}

int
revocation_find(const struct revocation *revocation, const X509 *certificate, const X509 *issuer,
    bool *found, int *reason, struct error *err)
{
	X509_REVOKED *entry = NULL;

	*found = false;
	for (size_t i = 0; !*found && i < revocation->count; i++) {
		struct revocation_list *list = &revocation->lists[i];

		if (X509_CRL_get0_by_serial(list->crl, &entry, X509_get0_serialNumber(certificate)) == 0 ||
		    !revocation_is_named(list->crl, issuer))
			continue;
		if (revocation_make_sure(revocation, list, issuer, found, err) != 0)
			return -1;
		if (*found)
			*reason = revocation_reason(entry);
	}
	ERR_clear_error();
	return 0;
}
