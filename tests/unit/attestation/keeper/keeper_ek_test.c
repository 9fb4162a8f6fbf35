/* What the policy on EK certificates asks for, refuses, and records. */
#include "config.h"

#include <poll.h>
#include <stdatomic.h>

#include "keeper_ek_world.h"

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

static atomic_bool no_revision; /* of the vendors' certificates */

int __real_store_trust_revision(struct store *store, int64_t *revision, struct error *why);
int __wrap_store_trust_revision(struct store *store, int64_t *revision, struct error *why);
int
__wrap_store_trust_revision(struct store *store, int64_t *revision, struct error *why)
{
	return no_revision ? error_set(why, ERROR_INTERNAL, "not in this test")
	                   : __real_store_trust_revision(store, revision, why);
}

/* Whether the vendors are the same is not known. */
START_TEST(certify_without_the_vendors_revision_gives_no_certificate)
{
	AUTO_BYTES secret = {0};
	X509      *certificate = NULL;

	start("require");
	certificate_make(&world.root, fixture.ek.key, EK_EXTENSIONS);
	unit_ok(try_secret(&fixture.ek, &secret), &err);
	no_revision = true;
	ck_assert_int_eq(certify(&secret, &certificate), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_ptr_null(certificate);
	no_revision = false;
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keeper_ek");
	TCase *policy = tcase_create("policy");

	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 3);
	tcase_set_timeout(policy, 60);
	tcase_add_checked_fixture(policy, setup, teardown);
	tcase_add_test(policy, challenge_require_wants_a_verified_certificate);
	tcase_add_test(policy, challenge_require_comes_before_the_waiting_list);
	tcase_add_test(policy, challenge_garbage_for_certificates_is_none);
	tcase_add_test(policy, challenge_refused_of_a_known_device_is_on_record);
	tcase_add_test(policy, certify_verified_has_the_facts_of_its_certificate);
	tcase_add_test(policy, certify_record_without_certificate_has_the_claims);
	tcase_add_test(policy, certify_ignore_looks_at_nothing);
	tcase_add_test(policy, challenge_required_vendor_needs_one);
	tcase_add_test(policy, certify_root_removed_meanwhile_gives_no_certificate);
	tcase_add_test(policy, certify_without_the_vendors_revision_gives_no_certificate);
	suite_add_tcase(suite, policy);
	return unit_run(suite);
}
