/* EK certificates whose signature takes long to verify, and what strangers may not displace with them. */
#include "config.h"

#include <poll.h>
#include <stdatomic.h>

#include "keeper_ek_world.h"
#include "store/inventory/waiting_shares.h"

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

static atomic_bool no_list;

int __real_store_waiting_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], struct store_waiting *out,
    struct error *why);
int __wrap_store_waiting_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], struct store_waiting *out,
    struct error *why);
int
__wrap_store_waiting_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], struct store_waiting *out,
    struct error *why)
{
	return no_list ? error_set(why, ERROR_INTERNAL, "not in this test") : __real_store_waiting_find(store, ek_hash, out, why);
}

/* It is told that the server failed, not that it waits. */
START_TEST(certify_slow_of_a_stranger_whose_list_cannot_be_read_fails)
{
	AUTO_BYTES secret = {0};
	X509      *certificate = NULL;

	root_slow();
	start("record");
	certificate_make(&world.root, world.own.key, EK_EXTENSIONS);
	unit_ok(try_secret(&world.own, &secret), &err);
	no_list = true;
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	no_list = false;
	ck_assert(!enrolled(&world.own));
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

int
main(void)
{
	Suite *suite = suite_create("keeper_slow_ek");
	TCase *policy = tcase_create("policy");

	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 3);
	tcase_set_timeout(policy, 60);
	tcase_add_checked_fixture(policy, setup, teardown);
	tcase_add_test(policy, certify_slow_forged_is_refused_once_the_ek_is_proven);
	tcase_add_test(policy, certify_slow_verified_has_the_facts_of_its_certificate);
	tcase_add_test(policy, certify_slow_of_a_stranger_puts_it_on_the_waiting_list);
	tcase_add_test(policy, certify_slow_of_a_stranger_whose_list_cannot_be_read_fails);
	tcase_add_test(policy, challenge_of_a_stranger_leaves_no_ek_behind);
	tcase_add_test(policy, certify_slow_forged_of_a_stranger_waits_refused);
	tcase_add_test(policy, certify_of_a_stranger_protects_none_of_its_challenges);
	tcase_add_test(policy, certify_of_a_device_protects_its_challenges);
	tcase_add_test(policy, certify_slow_root_removed_meanwhile_is_refused);
	tcase_add_test(policy, challenge_slow_with_much_beside_it_is_refused);
	suite_add_tcase(suite, policy);
	return unit_run(suite);
}
