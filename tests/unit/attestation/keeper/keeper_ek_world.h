/*
 * EK certificates before a front that somebody else controls: what the keeper asks
 * for, what it believes, and who may enrol himself. How would one get a certificate
 * for a machine that is not his?
 */
#ifndef TESTS_UNIT_ATTESTATION_KEEPER_KEEPER_EK_WORLD_H
#define TESTS_UNIT_ATTESTATION_KEEPER_KEEPER_EK_WORLD_H

#include "attestation/keeper/ek_keys.h"
#include "ek_support.h"
#include "keeper_world.h"
#include "store/inventory/audit.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/inventory/trust.h"
#include "store/inventory/waiting.h"
#include "store_tamper.h"

#define NAME "NTC-7f01"
#define TURNS 1000

static struct {
	struct ca       root; /* a vendor's, imported unless said otherwise */
	struct forge_ek own;  /* an EK that is not enrolled */
	struct bytes    certificate;
	struct store   *store;
} world;

static struct error err;

static inline X509 *
forge_now(const struct ca *issuer, EVP_PKEY *key, const char *name, const char *extensions)
{
	int64_t now = clock_now();

	return pki_forge(&(struct pki_forgery){
	    .issuer = issuer,
	    .key = key,
	    .common_name = name,
	    .extensions = extensions,
	    .not_before = now - PKI_DAY,
	    .not_after = now + PKI_YEAR,
	});
}

/* An EK certificate with the serial number 0x7f01. */
static inline void
certificate_make(const struct ca *issuer, EVP_PKEY *key, const char *extensions)
{
	X509 *certificate = forge_now(issuer, key, NULL, extensions);

	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 0x7f01), 1);
	ck_assert_int_gt(X509_sign(certificate, issuer->key, EVP_sha256()), 0);
	bytes_clear(&world.certificate);
	world.certificate = ek_der(certificate);
	X509_free(certificate);
}

static inline void
trust_add(const struct ca *ca)
{
	AUTO_BYTES           der = ek_der(ca->certificate);
	struct store_trusted trusted = {.root = true,
	    .certificate = der.data,
	    .certificate_size = der.size,
	    .source = "test"};
	bool                 added = false;

	ck_assert_int_eq(EVP_Digest(der.data, der.size, trusted.fingerprint, NULL, EVP_sha256(), NULL), 1);
	unit_ok(store_trust_add(world.store, &trusted, &added, &err), &err);
}

static inline void
trust_remove(const struct ca *ca)
{
	AUTO_BYTES der = ek_der(ca->certificate);
	uint8_t    fingerprint[STORE_FINGERPRINT_SIZE];

	ck_assert_int_eq(EVP_Digest(der.data, der.size, fingerprint, NULL, EVP_sha256(), NULL), 1);
	unit_ok(store_trust_remove(world.store, fingerprint, clock_now(), &err), &err);
}

static inline void
setup(void)
{
	world_prepare();
	unit_ok(store_open(fixture.directory, &world.store, &err), &err);
	forge_ek_make(FORGE_P256, &world.own);
	world.root.key = ek_key();
	world.root.certificate = forge_now(NULL, world.root.key, "Vendor Root", EK_CA);
	trust_add(&world.root);
}

static inline void
teardown(void)
{
	world_end();
	store_close(world.store);
	bytes_clear(&world.certificate);
	ca_clear(&world.root);
	forge_ek_clear(&world.own);
}

static inline void
start(const char *mode)
{
	fixture.settings.ek_certificate = memory_strdup(mode);
	world_start();
}

/* The question of an EK, with the certificate that was made last, if any was. */
static inline struct attestation_question
question_of(const struct forge_ek *ek)
{
	struct attestation_question question = challenge_question();

	question.peer = VIEW("192.0.2.1:51442");
	question.challenge.ek = bytes_view(&ek->spki);
	question.challenge.ek_public = bytes_view(&ek->public);
	if (world.certificate.size != 0) {
		question.challenge.certificates[0] = bytes_view(&world.certificate);
		question.challenge.certificate_count = 1;
	}
	return question;
}

/* Asks for a credential and opens it when there is one. */
static inline int
try_secret(const struct forge_ek *ek, struct bytes *secret)
{
	struct attestation_question question = question_of(ek);
	struct attestation_answer   answer;
	AUTO_BYTES              body = {0};

	bytes_clear(secret);
	if (ask(fixture.front, &question, &body, &answer, &err) != 0)
		return -1;
	ck_assert(forge_activate(ek, &fixture.ak.name, answer.first, answer.second, secret));
	return 0;
}

static inline void
assert_challenge_refused(const struct forge_ek *ek, enum error_kind kind)
{
	AUTO_BYTES secret = {0};

	ck_assert_int_eq(try_secret(ek, &secret), -1);
	ck_assert_msg(err.kind == kind, "%s: %s", error_type(err.kind), err.detail);
}

static inline int
certify(const struct bytes *secret, X509 **certificate)
{
	struct attestation_question question = certify_question(secret);
	struct attestation_answer   answer;
	AUTO_BYTES              body = {0};

	question.peer = VIEW("192.0.2.1:51442");
	if (ask(fixture.front, &question, &body, &answer, &err) != 0)
		return -1;
	unit_ok(certificate_decode(answer.first, certificate, &err), &err);
	return 0;
}

/* The whole of it; returns the subjectAltName as openssl prints it, which the caller frees. */
static inline char *
certify_names(const struct forge_ek *ek)
{
	AUTO_BYTES secret = {0};
	X509      *certificate = NULL;
	BIO       *bio = BIO_new(BIO_s_mem());
	char      *text = calloc(1, 4096);
	int        at;

	unit_ok(try_secret(ek, &secret), &err);
	unit_ok(certify(&secret, &certificate), &err);
	at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
	ck_assert_int_eq(X509V3_EXT_print(bio, X509_get_ext(certificate, at), 0, 0), 1);
	ck_assert_int_gt(BIO_read(bio, text, 4095), 0);
	BIO_free(bio);
	X509_free(certificate);
	return text;
}

static inline void
assert_evidence(const struct forge_ek *ek, enum store_verdict verdict, const char *manufacturer)
{
	struct ek_hash        hash = hash_of(ek);
	struct store_evidence found;
	int64_t               checked = 0;

	unit_ok(store_evidence_find(world.store, hash.bytes, &found, &checked, &err), &err);
	ck_assert_int_eq(found.verdict, verdict);
	ck_assert_str_eq(found.manufacturer, manufacturer);
	ck_assert_int_ge(checked, clock_now() - 60);
}

struct audit_tally {
	const char *outcome;
	int         count;
};

static inline bool
count_cb(const struct audit_entry *entry, void *arg)
{
	struct audit_tally *tally = arg;

	if (strcmp(entry->actor, "attestd") == 0 && strcmp(entry->outcome, tally->outcome) == 0) {
		ck_assert_str_eq(entry->peer, "192.0.2.1:51442");
		ck_assert_int_ne(entry->request[0], '\0');
		tally->count++;
	}
	return true;
}

/* How many entries the keeper has made for this EK of what was "done", or "refused": these come late. */
static inline int
audit_count(const struct forge_ek *ek, const char *outcome)
{
	struct ek_hash      hash = hash_of(ek);
	struct audit_filter filter = {.ek_hash = hash.bytes};
	struct audit_tally  tally = {outcome, 0};

	unit_ok(store_audit_list(world.store, &filter, count_cb, &tally, &err), &err);
	return tally.count;
}

static inline bool
enrolled(const struct forge_ek *ek)
{
	struct ek_hash      hash = hash_of(ek);
	struct store_device device = {0};
	bool                found = store_device_find(world.store, hash.bytes, &device, &err) == 0;

	store_device_clear(&device);
	return found;
}

/* ---- policy ---- */

/* The vendor has a slow key from now on, and no other CA. */
static inline void
root_slow(void)
{
	trust_remove(&world.root);
	ca_clear(&world.root);
	world.root.key = EVP_EC_gen("P-384");
	world.root.certificate = forge_now(NULL, world.root.key, "Slow Root", EK_CA);
	trust_add(&world.root);
}

/* ---- machines that enrol themselves ---- */

static inline void
list_write(const char *text)
{
	AUTO_BYTES list = {0};

	bytes_append(&list, text, strlen(text));
	file_put("serials", &list);
}

static inline void
start_auto(const char *vendor)
{
	list_write("# laptops of 2026\n7F:01\n");
	fixture.settings.auto_enroll_serials = file_join(fixture.directory, "serials");
	config_list_append(&fixture.settings.auto_enroll_vendors, vendor);
	certificate_make(&world.root, world.own.key, EK_EXTENSIONS);
	start("record");
}

static inline void
enroll_other(const struct ek_hash *hash, const char *name)
{
	AUTO_FREE char     *copy = memory_strdup(name);
	struct store_device device = {.names = &copy, .name_count = 1};

	memcpy(device.ek_hash, hash->bytes, sizeof device.ek_hash);
	unit_ok(store_device_enroll(world.store, &device, clock_now(), &err), &err);
}

#endif
