/*
 * EK certificates before a front that somebody else controls: what the keeper asks
 * for, what it believes, and who may enrol himself. How would one get a certificate
 * for a machine that is not his?
 */
#include "config.h"

#include "keeper_world.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>

#include "attestation/keeper/ek_keys.h"
#include "ek_support.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/inventory/trust.h"
#include "store/inventory/waiting.h"
#include "store/inventory/waiting_shares.h"
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

/* EKs that the keeper has kept for the next request (ek_keys.h); it is linked with --wrap. */
static atomic_size_t keeps;

void __real_ek_keys_keep(struct ek_keys *keys, const struct ek_read *read);
void __wrap_ek_keys_keep(struct ek_keys *keys, const struct ek_read *read);

void
__wrap_ek_keys_keep(struct ek_keys *keys, const struct ek_read *read)
{
	atomic_fetch_add(&keeps, 1);
	__real_ek_keys_keep(keys, read);
}

static X509 *
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
static void
certificate_make(const struct ca *issuer, EVP_PKEY *key, const char *extensions)
{
	X509 *certificate = forge_now(issuer, key, NULL, extensions);

	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 0x7f01), 1);
	ck_assert_int_gt(X509_sign(certificate, issuer->key, EVP_sha256()), 0);
	bytes_clear(&world.certificate);
	world.certificate = ek_der(certificate);
	X509_free(certificate);
}

static void
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

static void
trust_remove(const struct ca *ca)
{
	AUTO_BYTES der = ek_der(ca->certificate);
	uint8_t    fingerprint[STORE_FINGERPRINT_SIZE];

	ck_assert_int_eq(EVP_Digest(der.data, der.size, fingerprint, NULL, EVP_sha256(), NULL), 1);
	unit_ok(store_trust_remove(world.store, fingerprint, clock_now(), &err), &err);
}

static void
setup(void)
{
	world_prepare();
	unit_ok(store_open(fixture.directory, &world.store, &err), &err);
	forge_ek_make(FORGE_P256, &world.own);
	world.root.key = ek_key();
	world.root.certificate = forge_now(NULL, world.root.key, "Vendor Root", EK_CA);
	trust_add(&world.root);
}

static void
teardown(void)
{
	world_end();
	store_close(world.store);
	bytes_clear(&world.certificate);
	ca_clear(&world.root);
	forge_ek_clear(&world.own);
}

static void
start(const char *mode)
{
	fixture.settings.ek_certificate = memory_strdup(mode);
	world_start();
}

/* The question of an EK, with the certificate that was made last, if any was. */
static struct attestation_question
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
static int
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

static void
assert_challenge_refused(const struct forge_ek *ek, enum error_kind kind)
{
	AUTO_BYTES secret = {0};

	ck_assert_int_eq(try_secret(ek, &secret), -1);
	ck_assert_msg(err.kind == kind, "%s: %s", error_type(err.kind), err.detail);
}

static int
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
static char *
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

static void
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

static bool
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
static int
audit_count(const struct forge_ek *ek, const char *outcome)
{
	struct ek_hash      hash = hash_of(ek);
	struct audit_filter filter = {.ek_hash = hash.bytes};
	struct audit_tally  tally = {outcome, 0};

	unit_ok(store_audit_list(world.store, &filter, count_cb, &tally, &err), &err);
	return tally.count;
}

static bool
enrolled(const struct forge_ek *ek)
{
	struct ek_hash      hash = hash_of(ek);
	struct store_device device = {0};
	bool                found = store_device_find(world.store, hash.bytes, &device, &err) == 0;

	store_device_clear(&device);
	return found;
}

/* ---- policy ---- */

START_TEST(challenge_require_wants_a_verified_certificate)
{
	struct ca own = {.key = ek_key(), .certificate = world.root.certificate};

	start("require");
	assert_challenge_refused(&fixture.ek, ERROR_EK_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "and none came"));
	/* A genuine one, of somebody else's EK. */
	certificate_make(&world.root, world.own.key, EK_EXTENSIONS);
	assert_challenge_refused(&fixture.ek, ERROR_EK_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "of the 1 that came none is for this EK"));
	/* One that he signed himself in the vendor's name. */
	certificate_make(&own, fixture.ek.key, EK_EXTENSIONS);
	assert_challenge_refused(&fixture.ek, ERROR_EK_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "attest-ca --state-dir /"));
	ck_assert_ptr_nonnull(strstr(err.detail, " trust import"));
	EVP_PKEY_free(own.key);
}
END_TEST

/* As many and as large certificates as a front can send, and none of them one. */
START_TEST(challenge_garbage_for_certificates_is_none)
{
	static uint8_t          garbage[ATTESTATION_CERTIFICATE_MAX] = {0x30, 0x82, 0x1f, 0xfc, 0x30, 0x82, 0x1f, 0xf8};
	struct attestation_question question;
	struct attestation_answer   answer;
	AUTO_BYTES              body = {0};

	start("require");
	question = question_of(&fixture.ek);
	question.challenge.certificate_count = ATTESTATION_CERTIFICATES_MAX;
	memcpy(garbage + 64, fixture.ek.spki.data, fixture.ek.spki.size);
	for (size_t i = 0; i < ATTESTATION_CERTIFICATES_MAX; i++)
		question.challenge.certificates[i] = (struct view){garbage, sizeof garbage - i};
	ck_assert_int_eq(ask(fixture.front, &question, &body, &answer, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_EK_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "of the 8 that came none is for this EK"));
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	question.challenge.certificates[7] = bytes_view(&world.certificate);
	bytes_clear(&body);
	unit_ok(ask(fixture.front, &question, &body, &answer, &err), &err);
}
END_TEST

/* A device that is known was refused: an administrator finds that later. */
START_TEST(challenge_refused_of_a_known_device_is_on_record)
{
	struct ek_hash hash = hash_of(&fixture.ek);
	size_t         revoked = 0;

	start("require");
	assert_challenge_refused(&fixture.ek, ERROR_EK_UNTRUSTED);
	for (int turn = 0; turn < TURNS && audit_count(&fixture.ek, "refused") != 1; turn++)
		(void)poll(NULL, 0, 10);
	ck_assert_int_eq(audit_count(&fixture.ek, "refused"), 1);
	unit_ok(store_device_enable(world.store, hash.bytes, false, clock_now(), &revoked, &err), &err);
	assert_challenge_refused(&fixture.ek, ERROR_DEVICE_DISABLED);
	for (int turn = 0; turn < TURNS && audit_count(&fixture.ek, "refused") != 2; turn++)
		(void)poll(NULL, 0, 10);
	ck_assert_int_eq(audit_count(&fixture.ek, "refused"), 2);
}
END_TEST

/* Nobody is asked to approve what policy would refuse. */
START_TEST(challenge_require_comes_before_the_waiting_list)
{
	start("require");
	assert_challenge_refused(&world.own, ERROR_EK_UNTRUSTED);
	certificate_make(&world.root, world.own.key, EK_EXTENSIONS);
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
}
END_TEST

/* The vendor has a slow key from now on, and no other CA. */
static void
root_slow(void)
{
	trust_remove(&world.root);
	ca_clear(&world.root);
	world.root.key = EVP_EC_gen("P-384");
	world.root.certificate = forge_now(NULL, world.root.key, "Slow Root", EK_CA);
	trust_add(&world.root);
}

/* A certificate in the vendor's name, which the vendor has not signed. */
static void
certificate_forge(EVP_PKEY *key)
{
	struct ca forger = {.key = ek_key(), .certificate = world.root.certificate};

	certificate_make(&forger, key, EK_EXTENSIONS);
	EVP_PKEY_free(forger.key);
}

static void
assert_certify_refused(const struct forge_ek *ek, enum error_kind kind)
{
	AUTO_BYTES secret = {0};
	X509      *certificate = NULL;

	unit_ok(try_secret(ek, &secret), &err);
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_msg(err.kind == kind, "%s: %s", error_type(err.kind), err.detail);
}

/* The verdict on what waits. */
static void
assert_waits(const struct forge_ek *ek, enum store_verdict verdict)
{
	struct ek_hash       hash = hash_of(ek);
	struct store_waiting entry;

	unit_ok(store_waiting_find(world.store, hash.bytes, &entry, &err), &err);
	ck_assert_int_eq(entry.evidence.verdict, verdict);
}

/* A signature that takes long to verify is verified for whoever has the EK, and then refused. */
START_TEST(certify_slow_forged_is_refused_once_the_ek_is_proven)
{
	root_slow();
	start("require");
	certificate_forge(fixture.ek.key);
	assert_certify_refused(&fixture.ek, ERROR_EK_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "the signature is not by its issuer's key"));
	for (int turn = 0; turn < TURNS && audit_count(&fixture.ek, "refused") != 1; turn++)
		(void)poll(NULL, 0, 10);
	ck_assert_int_eq(audit_count(&fixture.ek, "refused"), 1);
	/* The same again is known to be wrong. */
	assert_challenge_refused(&fixture.ek, ERROR_EK_UNTRUSTED);
	/* A stranger's leaves no trace. */
	certificate_forge(world.own.key);
	assert_certify_refused(&world.own, ERROR_EK_UNTRUSTED);
	ck_assert_int_eq(audit_count(&world.own, "refused"), 0);
}
END_TEST

START_TEST(certify_slow_verified_has_the_facts_of_its_certificate)
{
	AUTO_FREE char *names = NULL;
	AUTO_FREE char *again = NULL;

	root_slow();
	start("require");
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	names = certify_names(&fixture.ek);
	ck_assert_ptr_nonnull(strstr(names, "id:4E544300"));
	assert_evidence(&fixture.ek, STORE_VERDICT_VERIFIED, "id:4E544300");
	again = certify_names(&fixture.ek); /* it is remembered */
	ck_assert_str_eq(again, names);
}
END_TEST

/* As without: listed with the verdict, and by the secret's request. */
START_TEST(certify_slow_of_a_stranger_puts_it_on_the_waiting_list)
{
	root_slow();
	start("record");
	certificate_make(&world.root, world.own.key, EK_EXTENSIONS);
	assert_certify_refused(&world.own, ERROR_ENROLMENT_WAITS);
	assert_waits(&world.own, STORE_VERDICT_VERIFIED);
	ck_assert(!enrolled(&world.own));
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
}
END_TEST

/* Strangers would displace the EKs of enrolled machines: refused, waiting, or with a credential. */
START_TEST(challenge_of_a_stranger_leaves_no_ek_behind)
{
	AUTO_BYTES secret = {0};

	root_slow();
	start("record");
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
	certificate_make(&world.root, world.own.key, EK_EXTENSIONS);
	unit_ok(try_secret(&world.own, &secret), &err);
	ck_assert_uint_eq(atomic_load(&keeps), 0);
	bytes_clear(&world.certificate);
	unit_ok(try_secret(&fixture.ek, &secret), &err);
	ck_assert_uint_eq(atomic_load(&keeps), 1);
}
END_TEST

START_TEST(certify_slow_forged_of_a_stranger_waits_refused)
{
	root_slow();
	start("record");
	certificate_forge(world.own.key);
	assert_certify_refused(&world.own, ERROR_ENROLMENT_WAITS);
	assert_waits(&world.own, STORE_VERDICT_REFUSED);
}
END_TEST

/* Whoever makes EKs in software and answers for each has no right to challenges that never give way. */
START_TEST(certify_of_a_stranger_protects_none_of_its_challenges)
{
	AUTO_BYTES                  first = {0};
	AUTO_BYTES                  second = {0};
	AUTO_BYTES                  other = {0};
	X509                       *certificate = NULL;
	struct attestation_question question;

	root_slow();
	fixture.settings.challenges = 2;
	start("record");
	certificate_forge(world.own.key);
	assert_certify_refused(&world.own, ERROR_ENROLMENT_WAITS);
	certificate_forge(world.own.key); /* anew: the last is known to be wrong */
	unit_ok(try_secret(&world.own, &first), &err);
	secret_get_from(fixture.front, "198.51.100.7:4000", &other);
	unit_ok(try_secret(&world.own, &second), &err); /* the table is full, and its source has most */
	question = certify_question(&first);
	assert_refused(fixture.front, &question, ERROR_UNKNOWN_SECRET, unknown_secret);
	unit_ok(certify(&other, &certificate), &err);
	X509_free(certificate);
}
END_TEST

/* One that is enrolled has, where it answered. */
START_TEST(certify_of_a_device_protects_its_challenges)
{
	static const char *const peers[] = {"192.0.2.1:1", "198.51.100.7:1", "203.0.113.1:1"};
	struct bytes             secrets[4] = {{0}};
	X509                    *certificate = NULL;

	fixture.settings.challenges = 2;
	start("record");
	secret_get_from(fixture.front, peers[0], &secrets[3]);
	unit_ok(certify(&secrets[3], &certificate), &err);
	X509_free(certificate);
	certificate = NULL;
	for (size_t i = 0; i < 3; i++)
		secret_get_from(fixture.front, peers[i], &secrets[i]);
	unit_ok(certify(&secrets[0], &certificate), &err);
	X509_free(certificate);
	for (size_t i = 0; i < 4; i++)
		bytes_clear(&secrets[i]);
}
END_TEST

/* A root that is removed before the answer counts no more. */
START_TEST(certify_slow_root_removed_meanwhile_is_refused)
{
	AUTO_BYTES secret = {0};
	AUTO_BYTES other = {0};
	X509      *certificate = NULL;

	root_slow();
	start("require");
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	unit_ok(try_secret(&fixture.ek, &secret), &err);
	trust_remove(&world.root);
	for (int turn = 0; turn < TURNS && try_secret(&fixture.ek, &other) == 0; turn++)
		(void)poll(NULL, 0, 10);
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_msg(err.kind == ERROR_EK_UNTRUSTED, "%s: %s", error_type(err.kind), err.detail);
}
END_TEST

/* What is too large to be kept until then is not verified at all. */
START_TEST(challenge_slow_with_much_beside_it_is_refused)
{
	static uint8_t              garbage[ATTESTATION_CERTIFICATE_MAX];
	struct attestation_question question;
	struct attestation_answer   answer;
	AUTO_BYTES                  body = {0};

	root_slow();
	start("require");
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	question = question_of(&fixture.ek);
	question.challenge.certificate_count = 4;
	for (size_t i = 1; i < 4; i++)
		question.challenge.certificates[i] = (struct view){garbage, sizeof garbage};
	ck_assert_int_eq(ask(fixture.front, &question, &body, &answer, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_EK_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "more than 16 KiB came along"));
}
END_TEST

START_TEST(certify_verified_has_the_facts_of_its_certificate)
{
	AUTO_FREE char *names = NULL;

	start("require");
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	names = certify_names(&fixture.ek);
	ck_assert_msg(strstr(names, "id:4E544300") != NULL && strstr(names, "NPCT75x") != NULL &&
	        strstr(names, "id:00070002") != NULL,
	    "%s", names);
	ck_assert_ptr_null(strstr(names, "in software"));
	assert_evidence(&fixture.ek, STORE_VERDICT_VERIFIED, "id:4E544300");
	ck_assert_int_eq(audit_count(&fixture.ek, "refused"), 0);
	ck_assert_int_eq(audit_count(&fixture.ek, "done"), 1);
}
END_TEST

START_TEST(certify_record_without_certificate_has_the_claims)
{
	AUTO_FREE char *names = NULL;

	start("record");
	names = certify_names(&fixture.ek);
	ck_assert_msg(strstr(names, "id:49424D00") != NULL && strstr(names, "in software") != NULL, "%s",
	    names);
	assert_evidence(&fixture.ek, STORE_VERDICT_ABSENT, "id:49424D00");
}
END_TEST

START_TEST(certify_ignore_looks_at_nothing)
{
	struct ek_hash        hash = hash_of(&fixture.ek);
	struct store_evidence found;
	int64_t               checked = 0;
	AUTO_FREE char       *names = NULL;

	start("ignore");
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	names = certify_names(&fixture.ek);
	ck_assert_ptr_nonnull(strstr(names, "in software"));
	ck_assert_int_eq(store_evidence_find(world.store, hash.bytes, &found, &checked, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(audit_count(&fixture.ek, "done"), 1);
}
END_TEST

/* What is claimed puts a machine among those that need one; to claim another does not help. */
START_TEST(challenge_required_vendor_needs_one)
{
	config_list_append(&fixture.settings.ek_certificate_require, "IBM");
	config_list_append(&fixture.settings.ek_certificate_require, "NTC");
	start("record");
	assert_challenge_refused(&fixture.ek, ERROR_EK_UNTRUSTED);
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	free(certify_names(&fixture.ek));
}
END_TEST

/* Removed while the challenge is open: who removes a root means from now on. */
START_TEST(certify_root_removed_meanwhile_gives_no_certificate)
{
	AUTO_BYTES secret = {0};
	X509      *certificate = NULL;
	int        rc = -1;

	start("require");
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	unit_ok(try_secret(&fixture.ek, &secret), &err);
	trust_remove(&world.root);
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_int_eq(err.kind, ERROR_OVERLOADED);
	for (int turn = 0; turn < TURNS && (rc = try_secret(&fixture.ek, &secret)) == 0; turn++) {
		ck_assert_int_eq(certify(&secret, &certificate), -1);
		(void)poll(NULL, 0, 10);
	}
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(err.kind, ERROR_EK_UNTRUSTED);

	/* Imported while it runs: it counts without a restart. */
	trust_add(&world.root);
	for (int turn = 0; turn < TURNS && try_secret(&fixture.ek, &secret) != 0; turn++)
		(void)poll(NULL, 0, 10);
	unit_ok(certify(&secret, &certificate), &err);
	X509_free(certificate);
}
END_TEST

/* ---- machines that enrol themselves ---- */

static void
list_write(const char *text)
{
	AUTO_BYTES list = {0};

	bytes_append(&list, text, strlen(text));
	file_put("serials", &list);
}

static void
start_auto(const char *vendor)
{
	list_write("# laptops of 2026\n7F:01\n");
	fixture.settings.auto_enroll_serials = file_join(fixture.directory, "serials");
	config_list_append(&fixture.settings.auto_enroll_vendors, vendor);
	certificate_make(&world.root, world.own.key, EK_EXTENSIONS);
	start("record");
}

START_TEST(enroll_listed_machine_is_enrolled_when_it_has_proven_its_key)
{
	AUTO_BYTES          secret = {0};
	struct store_device device = {0};
	struct ek_hash      hash = hash_of(&world.own);
	X509               *certificate = NULL;
	AUTO_FREE char     *names = NULL;

	start_auto("NTC");
	unit_ok(try_secret(&world.own, &secret), &err);
	ck_assert(!enrolled(&world.own));
	unit_ok(certify(&secret, &certificate), &err);
	X509_free(certificate);
	unit_ok(store_device_find(world.store, hash.bytes, &device, &err), &err);
	ck_assert_uint_eq(device.name_count, 1);
	ck_assert_str_eq(device.names[0], NAME);
	ck_assert_str_eq(device.note, "enrolled itself by rule");
	ck_assert_int_ne(device.seen, 0);
	store_device_clear(&device);
	assert_evidence(&world.own, STORE_VERDICT_VERIFIED, "id:4E544300");
	ck_assert_int_eq(audit_count(&world.own, "done"), 2);
	/* From now on it is a device as any other. */
	names = certify_names(&world.own);
	ck_assert_int_eq(audit_count(&world.own, "done"), 3);
}
END_TEST

/* Its number came onto the list late: that it was refused before is no reason to stay away. */
START_TEST(enroll_machine_that_was_refused_before_is_enrolled)
{
	AUTO_BYTES     secret = {0};
	X509          *certificate = NULL;
	struct ek_hash hash = hash_of(&world.own);

	start_auto("NTC");
	unit_ok(store_audit_add(world.store, AUDIT_CERTIFY, hash.bytes, "refused", "", clock_now(),
	            &err),
	    &err);
	unit_ok(try_secret(&world.own, &secret), &err);
	unit_ok(certify(&secret, &certificate), &err);
	X509_free(certificate);
	ck_assert(enrolled(&world.own));
}
END_TEST

/* An attacker shows the public EK and the certificate of a listed machine: both are public. */
START_TEST(enroll_listed_machine_of_a_slow_vendor_is_enrolled)
{
	AUTO_BYTES secret = {0};
	X509      *certificate = NULL;

	root_slow();
	start_auto("NTC");
	unit_ok(try_secret(&world.own, &secret), &err);
	ck_assert(!enrolled(&world.own));
	unit_ok(certify(&secret, &certificate), &err);
	X509_free(certificate);
	ck_assert(enrolled(&world.own));
}
END_TEST

START_TEST(enroll_somebody_elses_certificate_enrols_nothing)
{
	struct attestation_question question;
	struct attestation_answer   answer;
	AUTO_BYTES              body = {0};
	AUTO_BYTES              secret = {0};
	struct forge_ek         mine = {0};

	start_auto("NTC");
	forge_ek_make(FORGE_P384, &mine);
	question = question_of(&world.own);
	unit_ok(ask(fixture.front, &question, &body, &answer, &err), &err);
	ck_assert(!forge_activate(&mine, &fixture.ak.name, answer.first, answer.second, &secret));
	question = certify_question(&body);
	assert_refused(fixture.front, &question, ERROR_UNKNOWN_SECRET, unknown_secret);
	/* Nor with an EK of his own beside that certificate. */
	assert_challenge_refused(&mine, ERROR_ENROLMENT_WAITS);
	ck_assert(!enrolled(&world.own) && !enrolled(&mine));
	ck_assert_int_eq(audit_count(&world.own, "done"), 0);
	forge_ek_clear(&mine);
}
END_TEST

/* The vendor is the certificate's, never the client's word; and the certificate must be verified. */
START_TEST(enroll_claimed_vendor_enrols_nothing)
{
	start_auto("IBM"); /* which challenge_question claims */
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
}
END_TEST

START_TEST(enroll_own_root_enrols_nothing)
{
	struct ca own = {.key = ek_key()};

	start_auto("NTC");
	own.certificate = forge_now(NULL, own.key, "Vendor Root", EK_CA);
	certificate_make(&own, world.own.key, EK_EXTENSIONS);
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
	ca_clear(&own);
}
END_TEST

START_TEST(enroll_serial_that_is_not_listed_enrols_nothing)
{
	X509 *certificate;

	start_auto("NTC");
	certificate = forge_now(&world.root, world.own.key, NULL, EK_EXTENSIONS);
	bytes_clear(&world.certificate);
	world.certificate = ek_der(certificate);
	X509_free(certificate);
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
}
END_TEST

/* A root that was imported, and that the rule does not name. */
START_TEST(enroll_other_root_enrols_nothing)
{
	char root[2 * STORE_FINGERPRINT_SIZE + 1];

	memset(root, '7', sizeof root - 1);
	root[sizeof root - 1] = '\0';
	config_list_append(&fixture.settings.auto_enroll_roots, root);
	start_auto("NTC");
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
}
END_TEST

static void
enroll_other(const struct ek_hash *hash, const char *name)
{
	AUTO_FREE char     *copy = memory_strdup(name);
	struct store_device device = {.names = &copy, .name_count = 1};

	memcpy(device.ek_hash, hash->bytes, sizeof device.ek_hash);
	unit_ok(store_device_enroll(world.store, &device, clock_now(), &err), &err);
}

START_TEST(enroll_name_in_use_enrols_nothing)
{
	static const struct ek_hash other = {{1}};

	start_auto("NTC");
	enroll_other(&other, NAME);
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
	ck_assert(!enrolled(&world.own));
}
END_TEST

/* What happens between the two requests, and what the second one is told. */
static void
meanwhile_name(const struct ek_hash *hash)
{
	static const struct ek_hash other = {{1}};

	(void)hash;
	enroll_other(&other, NAME);
}

static void
meanwhile_enroll(const struct ek_hash *hash)
{
	enroll_other(hash, "somebody-else");
}

static void
meanwhile_come_and_go(const struct ek_hash *hash)
{
	enroll_other(hash, "somebody-else");
	unit_ok(store_device_remove(world.store, hash->bytes, clock_now(), &err), &err);
}

static void
meanwhile_deny(const struct ek_hash *hash)
{
	struct store_waiting entry = {.peer = "192.0.2.9:1", .source = "192.0.2.9", .times = 1};
	struct waiting_shares *shares = waiting_shares_new();
	bool                 denied = false;

	memcpy(entry.ek_hash, hash->bytes, sizeof entry.ek_hash);
	unit_ok(store_waiting_add(world.store, &entry, 10, clock_now(), shares, &denied, &err), &err);
	waiting_shares_free(shares);
	unit_ok(store_waiting_deny(world.store, hash->bytes, clock_now(), &err), &err);
}

static const struct {
	void (*change)(const struct ek_hash *hash);
	enum error_kind kind;
	const char     *detail;
	enum error_kind later; /* when it asks again; INTERNAL: that is not looked at */
} meanwhile[] = {
    {meanwhile_name, ERROR_NOT_ENROLLED, "the name that it would get is in use",
        ERROR_ENROLMENT_WAITS},
    {meanwhile_enroll, ERROR_OVERLOADED, "has just been changed", ERROR_INTERNAL},
    {meanwhile_come_and_go, ERROR_NOT_ENROLLED, "it was enrolled before",
        ERROR_ENROLMENT_WAITS},
    {meanwhile_deny, ERROR_NOT_ENROLLED, "it was denied", ERROR_ENROLMENT_DENIED},
};

START_TEST(enroll_changed_meanwhile_enrols_nothing)
{
	struct ek_hash hash = hash_of(&world.own);
	AUTO_BYTES     secret = {0};
	X509          *certificate = NULL;

	start_auto("NTC");
	unit_ok(try_secret(&world.own, &secret), &err);
	meanwhile[_i].change(&hash);
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_int_eq(err.kind, meanwhile[_i].kind);
	ck_assert_msg(strstr(err.detail, meanwhile[_i].detail) != NULL, "%s", err.detail);
	ck_assert_int_eq(audit_count(&world.own, "done"), 0);
	if (meanwhile[_i].later != ERROR_INTERNAL)
		assert_challenge_refused(&world.own, meanwhile[_i].later);
}
END_TEST

/* Has the log go to a file, at the level of an administrator; before the keeper starts. */
static void
log_to_file(void)
{
	AUTO_FREE char *path = file_join(fixture.directory, "log");
	int             fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	(void)close(fd);
	log_open("keeper_test", LOG_LEVEL_INFO);
}

/* The lines of the log with this text, each with its line end. */
static char *
log_lines(const char *text)
{
	AUTO_FREE char *path = file_join(fixture.directory, "log");
	AUTO_BYTES      log = {0};
	AUTO_BYTES      found = {0};
	char           *rest;

	unit_ok(file_read(path, 1 << 20, &log, &err), &err);
	bytes_append_u8(&log, '\0');
	rest = (char *)log.data;
	for (char *line = strtok_r(rest, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (strstr(line, text) != NULL)
			bytes_append(&found, line, strlen(line));
	bytes_append_u8(&found, '\0');
	return memory_strdup((const char *)found.data);
}

#define OTHER "0100000000000000000000000000000000000000000000000000000000000000"

/* The administrator learns from the log what the machine must not: which EK has the name. */
START_TEST(enroll_name_of_another_is_logged_with_both_hashes)
{
	static const struct ek_hash other = {{1}};
	struct ek_hash  hash = hash_of(&world.own);
	char            own[EK_HASH_TEXT_SIZE];
	char            wanted[1024];
	AUTO_FREE char *lines = NULL;

	ek_hash_format(&hash, own);
	log_to_file();
	start_auto("NTC");
	enroll_other(&other, NAME);
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
	lines = log_lines("event=auto-enroll");
	(void)snprintf(wanted, sizeof wanted,
	    " event=auto-enroll ek=%s reason=\"the name " NAME " belongs to device " OTHER
	    "; for its new mainboard run: attest-ca --state-dir %s replace " OTHER " %s\"", own,
	    fixture.directory, own);
	ck_assert_msg(strstr(lines, wanted) != NULL, "%s", lines);
	ck_assert_ptr_null(strstr(err.detail, OTHER));
}
END_TEST

START_TEST(enroll_name_that_looks_like_anothers_enrols_nothing)
{
	static const struct ek_hash other = {{1}};
	AUTO_FREE char *lines = NULL;
	AUTO_BYTES      secret = {0};
	X509           *certificate = NULL;

	log_to_file();
	start_auto("NTC");
	unit_ok(try_secret(&world.own, &secret), &err);
	enroll_other(&other, "NTC-7fOl");
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_ENROLLED);
	ck_assert_msg(strstr(err.detail, "the name that it would get looks like another device's") != NULL,
	    "%s", err.detail);
	ck_assert_ptr_null(strstr(err.detail, OTHER));
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
	ck_assert(!enrolled(&world.own));
	lines = log_lines(" info ");
	ck_assert_msg(strstr(lines, "reason=\"the name " NAME " looks like NTC-7fOl of device " OTHER) != NULL,
	    "%s", lines);
}
END_TEST

START_TEST(enroll_name_that_looks_like_anothers_is_allowed_by_a_setting)
{
	static const struct ek_hash other = {{1}};
	AUTO_FREE char *lines = NULL;
	AUTO_BYTES      secret = {0};
	X509           *certificate = NULL;

	log_to_file();
	fixture.settings.similar_names = memory_strdup("warn");
	start_auto("NTC");
	enroll_other(&other, "NTC-7FO1");
	unit_ok(try_secret(&world.own, &secret), &err);
	unit_ok(certify(&secret, &certificate), &err);
	X509_free(certificate);
	ck_assert(enrolled(&world.own));
	lines = log_lines("event=auto-enroll");
	ck_assert_ptr_nonnull(strstr(lines, " warning "));
	ck_assert_msg(strstr(lines, "reason=\"the name " NAME " looks like NTC-7FO1 of device " OTHER) != NULL,
	    "%s", lines);
}
END_TEST

/* A new mainboard: the machine is told whom to ask for what, and not whose the name is. */
START_TEST(enroll_name_of_another_names_replace)
{
	struct ek_hash hash = hash_of(&world.own);
	char           own[EK_HASH_TEXT_SIZE];
	char           wanted[1024];
	AUTO_BYTES     secret = {0};
	X509          *certificate = NULL;

	ek_hash_format(&hash, own);
	(void)snprintf(wanted, sizeof wanted,
	    "EK %s is not enrolled, and the name that it would get is in use; if this machine has a new"
	    " mainboard, ask the administrator to run: attest-ca --state-dir %s replace DEVICE %s", own,
	    fixture.directory, own);
	start_auto("NTC");
	unit_ok(try_secret(&world.own, &secret), &err);
	meanwhile_name(&hash);
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_str_eq(err.detail, wanted);
	ck_assert_int_eq(try_secret(&world.own, &secret), -1);
	ck_assert_int_eq(err.kind, ERROR_ENROLMENT_WAITS);
	(void)snprintf(wanted, sizeof wanted,
	    "EK %s is not enrolled, and the name that it would get is in use; if this machine has a new"
	    " mainboard, ask the administrator to run: attest-ca --state-dir %s replace DEVICE %s", own,
	    fixture.directory, own);
	ck_assert_str_eq(err.detail, wanted);
}
END_TEST

/* Who was removed stays away, though the list still has the machine. */
START_TEST(enroll_removed_machine_stays_away)
{
	struct ek_hash hash = hash_of(&world.own);

	start_auto("NTC");
	free(certify_names(&world.own));
	unit_ok(store_device_remove(world.store, hash.bytes, clock_now(), &err), &err);
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
}
END_TEST

/* The same when retention has swept all that was known of it. */
START_TEST(enroll_removed_machine_stays_away_after_retention)
{
	struct ek_hash hash = hash_of(&world.own);
	size_t         removed;

	start_auto("NTC");
	free(certify_names(&world.own));
	unit_ok(store_device_remove(world.store, hash.bytes, clock_now(), &err), &err);
	do
		unit_ok(store_audit_cut(world.store, INT64_MAX, 1000, clock_now(), &removed, &err), &err);
	while (removed > 1);
	unit_ok(store_certificate_sweep(world.store, INT64_MAX, 1000, &removed, &err), &err);
	ck_assert_uint_eq(removed, 1);
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
}
END_TEST

/* One trace of an enrolment that is over, when somebody has taken the others out of the store. */
static const char *const traces[] = {
    "DELETE FROM removed; DROP TRIGGER audit_is_kept; DELETE FROM audit", /* certificates */
    "DELETE FROM removed; DELETE FROM certificate",                       /* the record */
    "DROP TRIGGER audit_is_kept; DELETE FROM audit; DELETE FROM certificate",
};

START_TEST(enroll_removed_machine_stays_away_by_each_trace)
{
	struct ek_hash hash = hash_of(&world.own);

	start_auto("NTC");
	free(certify_names(&world.own));
	unit_ok(store_device_remove(world.store, hash.bytes, clock_now(), &err), &err);
	store_tamper(fixture.directory, traces[_i]);
	assert_challenge_refused(&world.own, ERROR_ENROLMENT_WAITS);
}
END_TEST

/*
 * The test holds the store's lock, so that the change waits behind the look, which the answer to
 * a second question shows to be over: the machine is enrolled between the two.
 */
START_TEST(enroll_between_look_and_change_enrols_nothing)
{
	struct ek_hash              hash = hash_of(&world.own);
	AUTO_BYTES                  secret = {0};
	AUTO_BYTES                  encoded = {0};
	AUTO_BYTES                  body = {0};
	struct channel_header       header;
	struct attestation_question question;
	struct attestation_answer   answer;

	start_auto("NTC");
	unit_ok(try_secret(&world.own, &secret), &err);
	question = certify_question(&secret);
	question.peer = VIEW("192.0.2.1:51442");
	attestation_question_encode(&question, &encoded);
	unit_ok(store_begin(world.store, &err), &err);
	front_send(fixture.front, CHANNEL_ASK, 4000, bytes_view(&encoded));
	assert_refused(fixture.front, &question, ERROR_UNKNOWN_SECRET, unknown_secret);
	enroll_other(&hash, "somebody-else");
	unit_ok(store_commit(world.store, &err), &err);
	ck_assert(front_hear(fixture.front, &header, &body));
	ck_assert_uint_eq(header.id, 4000);
	ck_assert_int_eq(attestation_answer_decode(bytes_view(&body), &answer, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_OVERLOADED);
	ck_assert_msg(strstr(err.detail, "has just been changed") != NULL, "%s", err.detail);
	ck_assert_int_eq(audit_count(&world.own, "done"), 0);
}
END_TEST

/* The list is read again when it changes; when it cannot be read, nobody enrols himself. */
static const char *const lists[] = {"7f02\n", "", "not hexadecimal\n", NULL};

START_TEST(enroll_list_changed_counts_at_once)
{
	AUTO_FREE char *path = file_join(fixture.directory, "serials");
	AUTO_BYTES      secret = {0};
	AUTO_BYTES      other = {0};
	X509           *certificate = NULL;

	start_auto("NTC");
	unit_ok(try_secret(&world.own, &secret), &err);
	if (lists[_i] != NULL)
		list_write(lists[_i]);
	else
		ck_assert_int_eq(unlink(path), 0);
	for (int turn = 0; turn < TURNS && try_secret(&world.own, &other) == 0; turn++)
		(void)poll(NULL, 0, 50);
	ck_assert_int_eq(err.kind, ERROR_ENROLMENT_WAITS);
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_ENROLLED);
	ck_assert(!enrolled(&world.own));
}
END_TEST

/* Two challenges of one machine, and both secrets: it is enrolled once. */
START_TEST(enroll_twice_at_once_enrols_once)
{
	AUTO_BYTES first = {0};
	AUTO_BYTES second = {0};
	X509      *certificate = NULL;

	start_auto("NTC");
	unit_ok(try_secret(&world.own, &first), &err);
	unit_ok(try_secret(&world.own, &second), &err);
	unit_ok(certify(&first, &certificate), &err);
	X509_free(certificate);
	ck_assert_int_eq(certify(&second, &certificate), -1);
	ck_assert_int_eq(err.kind, ERROR_OVERLOADED);
	ck_assert_int_eq(audit_count(&world.own, "done"), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keeper_ek");
	TCase *policy = tcase_create("policy");
	TCase *enroll_itself = tcase_create("enroll");

	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 3);
	tcase_set_timeout(policy, 60);
	tcase_set_timeout(enroll_itself, 60);
	tcase_add_checked_fixture(policy, setup, teardown);
	tcase_add_checked_fixture(enroll_itself, setup, teardown);
	tcase_add_test(policy, challenge_require_wants_a_verified_certificate);
	tcase_add_test(policy, challenge_require_comes_before_the_waiting_list);
	tcase_add_test(policy, challenge_garbage_for_certificates_is_none);
	tcase_add_test(policy, challenge_refused_of_a_known_device_is_on_record);
	tcase_add_test(policy, certify_slow_forged_is_refused_once_the_ek_is_proven);
	tcase_add_test(policy, certify_slow_verified_has_the_facts_of_its_certificate);
	tcase_add_test(policy, certify_slow_of_a_stranger_puts_it_on_the_waiting_list);
	tcase_add_test(policy, challenge_of_a_stranger_leaves_no_ek_behind);
	tcase_add_test(policy, certify_slow_forged_of_a_stranger_waits_refused);
	tcase_add_test(policy, certify_of_a_stranger_protects_none_of_its_challenges);
	tcase_add_test(policy, certify_of_a_device_protects_its_challenges);
	tcase_add_test(policy, certify_slow_root_removed_meanwhile_is_refused);
	tcase_add_test(policy, challenge_slow_with_much_beside_it_is_refused);
	tcase_add_test(policy, certify_verified_has_the_facts_of_its_certificate);
	tcase_add_test(policy, certify_record_without_certificate_has_the_claims);
	tcase_add_test(policy, certify_ignore_looks_at_nothing);
	tcase_add_test(policy, challenge_required_vendor_needs_one);
	tcase_add_test(policy, certify_root_removed_meanwhile_gives_no_certificate);
	suite_add_tcase(suite, policy);
	tcase_add_test(enroll_itself, enroll_listed_machine_is_enrolled_when_it_has_proven_its_key);
	tcase_add_test(enroll_itself, enroll_machine_that_was_refused_before_is_enrolled);
	tcase_add_test(enroll_itself, enroll_listed_machine_of_a_slow_vendor_is_enrolled);
	tcase_add_test(enroll_itself, enroll_somebody_elses_certificate_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_claimed_vendor_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_own_root_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_serial_that_is_not_listed_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_other_root_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_name_in_use_enrols_nothing);
	tcase_add_loop_test(enroll_itself, enroll_changed_meanwhile_enrols_nothing, 0,
	    sizeof meanwhile / sizeof meanwhile[0]);
	tcase_add_test(enroll_itself, enroll_name_of_another_names_replace);
	tcase_add_test(enroll_itself, enroll_name_of_another_is_logged_with_both_hashes);
	tcase_add_test(enroll_itself, enroll_name_that_looks_like_anothers_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_name_that_looks_like_anothers_is_allowed_by_a_setting);
	tcase_add_test(enroll_itself, enroll_removed_machine_stays_away);
	tcase_add_test(enroll_itself, enroll_removed_machine_stays_away_after_retention);
	tcase_add_loop_test(enroll_itself, enroll_removed_machine_stays_away_by_each_trace, 0,
	    sizeof traces / sizeof traces[0]);
	tcase_add_test(enroll_itself, enroll_between_look_and_change_enrols_nothing);
	tcase_add_loop_test(enroll_itself, enroll_list_changed_counts_at_once, 0,
	    sizeof lists / sizeof lists[0]);
	tcase_add_test(enroll_itself, enroll_twice_at_once_enrols_once);
	suite_add_tcase(suite, enroll_itself);
	return unit_run(suite);
}
