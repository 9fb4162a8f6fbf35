/*
 * Owns the certificates that a machine sends while they are verified. ek_search.c finds
 * the chains; others decide what a verdict means.
 */
#include "config.h"

#include "pki/ek_shown.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/ek_certificate.h"
#include "pki/ek_memory.h"
#include "pki/ek_outline.h"
#include "pki/ek_search.h"
#include "tpm/key.h"
#include "tpm/spki.h"
#include "util/error.h"

/* Octets of a modulus that identify a key. */
#define KEY_TAIL_SIZE 64

struct shown {
	const struct view *certificates;
	EVP_PKEY          *ek;
	struct bytes       spki;   /* of the EK, as we write it */
	uint8_t            mark[KEY_TAIL_SIZE > TPM_COORDINATE_MAX ? KEY_TAIL_SIZE : TPM_COORDINATE_MAX];
	size_t             mark_size; /* octets of the key that stand in it however it is written */
	struct ek_outline  outlines[EK_SEARCH_HELPERS_MAX];
	size_t             indexes[EK_SEARCH_HELPERS_MAX]; /* of the outlines' certificates */
	size_t             own[EK_SHOWN_OWN_MAX];          /* outlines */
	size_t             own_count;
	struct ek_search   search;
};

/* The end of the modulus, or the x coordinate: a compressed point has no other. */
static void
shown_mark(struct shown *shown)
{
	const struct tpm_curve *curve = tpm_key_curve(shown->ek);
	struct tpm_rsa_numbers  numbers;
	uint8_t                 y[TPM_COORDINATE_MAX];
	struct error            ignored;

	if (curve != NULL) {
		if (tpm_key_coordinates(shown->ek, curve, shown->mark, y, &ignored) == 0)
			shown->mark_size = curve->field_size;
		return;
	}
	if (tpm_key_rsa_numbers(shown->ek, &numbers) == 0 && numbers.modulus_size >= KEY_TAIL_SIZE) {
		memcpy(shown->mark, numbers.modulus + numbers.modulus_size - KEY_TAIL_SIZE, KEY_TAIL_SIZE);
		shown->mark_size = KEY_TAIL_SIZE;
	}
}

static bool
shown_is_exact(const struct shown *shown, const struct ek_outline *outline)
{
	return outline->key.size == shown->spki.size &&
	    memcmp(outline->key.data, shown->spki.data, shown->spki.size) == 0;
}

static bool
shown_is_likely(const struct shown *shown, const struct ek_outline *outline)
{
	return shown->mark_size != 0 &&
	    memmem(outline->key.data, outline->key.size, shown->mark, shown->mark_size) != NULL;
}

/* Takes certificates whose key octets match as the EK's, before those that may still match after
 * decoding. */
static void
shown_find_own(struct shown *shown, size_t count)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < count && shown->own_count < EK_SHOWN_OWN_MAX; i++) {
			bool exact = shown_is_exact(shown, &shown->outlines[i]);

			if (pass == 0 ? exact : !exact && shown_is_likely(shown, &shown->outlines[i]))
				shown->own[shown->own_count++] = i;
		}
	}
}

/* Reads only the names. Octets that are not a certificate are passed over. */
static void
shown_open(struct shown *shown, size_t count)
{
	struct ek_search *search = &shown->search;

	shown_mark(shown);
	for (size_t i = 0; i < count; i++) {
		struct ek_outline *outline = &shown->outlines[search->helper_count];

		if (!ek_outline_read(shown->certificates[i], outline))
			continue;
		shown->indexes[search->helper_count] = i;
		search->helpers[search->helper_count++] = (struct ek_helper){
		    .issuer = outline->issuer,
		    .subject = outline->subject,
		    .outline = outline,
		    .der = shown->certificates[i],
		};
	}
	shown_find_own(shown, search->helper_count);
}

static void
shown_close(struct shown *shown)
{
	size_t count = shown->search.helper_count;

	ek_search_clear(&shown->search);
	for (size_t i = 0; i < count; i++)
		ek_outline_clear(&shown->outlines[i]);
	bytes_clear(&shown->spki);
	ERR_clear_error(); /* unreadable certificates queue errors */
}

/*
 * The cache key of a verdict: a hash over the EK and the certificate, or all
 * certificates sent, each with its length. Fails only if OpenSSL does.
 */
static bool
shown_hash(const struct shown *shown, const struct view *certificates, size_t count,
    uint8_t key[EK_MEMORY_KEY_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool        done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(context, shown->spki.data, shown->spki.size) == 1;

	for (size_t i = 0; i < count; i++)
		done = done &&
		    EVP_DigestUpdate(context, &certificates[i].size, sizeof certificates[i].size) == 1 &&
		    EVP_DigestUpdate(context, certificates[i].data, certificates[i].size) == 1;
	done = done && EVP_DigestFinal_ex(context, key, NULL) == 1;
	EVP_MD_CTX_free(context);
	return done;
}

static void
finding_take(struct ek_finding *finding, const struct shown *shown, size_t own)
{
	struct view serial = shown->outlines[own].serial;

	finding->own = true;
	finding->index = shown->indexes[own];
	while (serial.size > 0 && serial.data[0] == 0)
		serial = (struct view){serial.data + 1, serial.size - 1};
	finding->serial_size = 0;
	if (serial.size > sizeof finding->serial || serial.size == 0 ||
	    (shown->outlines[own].serial.data[0] & 0x80) != 0)
		return;
	memcpy(finding->serial, serial.data, serial.size);
	finding->serial_size = serial.size;
}

/* True when the cache has a verification of this certificate. */
static bool
shown_recall(const struct shown *shown, size_t own, struct ek_finding *finding)
{
	const struct ek_search *search = &shown->search;
	uint8_t                 key[EK_MEMORY_KEY_SIZE];

	if (!shown_hash(shown, &shown->certificates[shown->indexes[own]], 1, key) ||
	    !ek_memory_find(ek_trust_verified(search->trust), key, search->now, finding))
		return false;
	finding->index = shown->indexes[own];
	finding->verdict.signatures = search->signatures;
	finding->remembered = true;
	return true;
}

/* True when its key is the EK. Keys that are written in a way of their own are no EK's. */
static bool
shown_is_own(const struct shown *shown, const struct ek_outline *outline)
{
	EVP_PKEY    *key = NULL;
	bool         own;
	struct error ignored;

	if (shown_is_exact(shown, outline))
		return true;
	if (spki_decode(outline->key, "EK", &key, &ignored) != 0)
		return false;
	own = EVP_PKEY_eq(key, shown->ek) == 1;
	EVP_PKEY_free(key);
	return own;
}

static bool
helper_decode(struct ek_helper *helper)
{
	struct error ignored;

	if (helper->certificate != NULL)
		return true;
	helper->decoded = ek_certificate_decode(helper->der, &helper->certificate, &ignored) == 0;
	return helper->decoded;
}

/*
 * Verifies a certificate that is probably the EK's. The first failure is reported: others
 * concern older or odd certificates.
 */
static bool
shown_verify(struct shown *shown, size_t own, struct ek_finding *finding)
{
	struct ek_search *search = &shown->search;
	struct ek_helper *helper = &search->helpers[own];
	struct ek_verdict verdict;

	if (finding->own && !ek_search_reaches(search, helper->issuer))
		return false; /* not verified; the reason is the first certificate's */
	if (!shown_is_own(shown, helper->outline))
		return false;
	if (!ek_trust_refutes(search, helper->outline, &verdict)) {
		if (!helper_decode(helper))
			return false;
		(void)ek_trust_search(search, helper->certificate, helper->outline, NULL, &verdict);
	}
	if (verdict.verified || !finding->own) {
		finding->verdict = verdict;
		finding_take(finding, shown, own);
	}
	return verdict.verified;
}

/* Caches the verdict: by the certificate if verified, else by all certificates sent. */
static void
shown_remember(const struct shown *shown, const struct ek_finding *finding,
    const uint8_t all[EK_MEMORY_KEY_SIZE])
{
	const struct ek_search *search = &shown->search;
	uint8_t                 key[EK_MEMORY_KEY_SIZE];

	if (!finding->verdict.verified) {
		if (!search->early && !search->postponed)
			ek_memory_put(ek_trust_refused(search->trust), all, search->now, finding);
	} else if (shown_hash(shown, &shown->certificates[finding->index], 1, key))
		ek_memory_put(ek_trust_verified(search->trust), key, search->now, finding);
}

static void
shown_judge(struct shown *shown, const uint8_t all[EK_MEMORY_KEY_SIZE], struct ek_finding *finding)
{
	for (size_t i = 0; i < shown->own_count && !shown->search.postponed; i++) {
		if (shown_recall(shown, shown->own[i], finding))
			return;
		if (shown_verify(shown, shown->own[i], finding))
			break;
	}
	finding->verdict.signatures = shown->search.signatures;
	finding->postponed = shown->search.postponed && !finding->verdict.verified;
	shown_remember(shown, finding, all);
}

void
ek_shown_judge(const struct ek_trust *trust, const struct view *certificates, size_t count,
    EVP_PKEY *ek, int64_t now, bool no_slow, struct ek_finding *finding)
{
	struct shown shown = {.certificates = certificates, .ek = ek,
	    .search = {.trust = trust,
	    .now = now,
	    .wrong_max = EK_SEARCH_REQUEST_WRONG_MAX,
	    .no_slow = no_slow}};
	uint8_t      all[EK_MEMORY_KEY_SIZE];

	*finding = (struct ek_finding){0};
	if (count > EK_SEARCH_HELPERS_MAX)
		count = EK_SEARCH_HELPERS_MAX;
	if (spki_encode(ek, &shown.spki, &(struct error){0}) != 0 ||
	    !shown_hash(&shown, certificates, count, all)) {
		bytes_clear(&shown.spki);
		return;
	}
	if (ek_memory_find(ek_trust_refused(trust), all, now, finding)) {
		finding->verdict.signatures = 0;
		finding->remembered = true;
	} else {
		shown_open(&shown, count);
		shown_judge(&shown, all, finding);
	}
	shown_close(&shown);
}
