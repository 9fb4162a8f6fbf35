/* Machines that enrol themselves, and those that may not. */
#include "config.h"

#include <poll.h>
#include <stdatomic.h>

#include "attestation/keeper/auto_enroll.h"
#include "keeper_ek_world.h"

/* ---- machines that enrol themselves ---- */

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

static atomic_int decisions_left; /* until the rule is another one; 0: it stays */

enum enroll_verdict __real_auto_enroll_decide(struct auto_enroll *enroll, struct enroll_facts *facts,
    char name[IDENTIFIER_MAX + 1], char reason[ENROLL_REASON_SIZE]);
enum enroll_verdict __wrap_auto_enroll_decide(struct auto_enroll *enroll, struct enroll_facts *facts,
    char name[IDENTIFIER_MAX + 1], char reason[ENROLL_REASON_SIZE]);
enum enroll_verdict
__wrap_auto_enroll_decide(struct auto_enroll *enroll, struct enroll_facts *facts, char name[IDENTIFIER_MAX + 1],
    char reason[ENROLL_REASON_SIZE])
{
	if (decisions_left == 0 || --decisions_left != 0)
		return __real_auto_enroll_decide(enroll, facts, name, reason);
	(void)snprintf(reason, ENROLL_REASON_SIZE, "the list is another one");
	return ENROLL_DENY;
}

/* The rule is asked again in the transaction, behind the signature. */
START_TEST(enroll_by_a_rule_that_changes_meanwhile_enrols_nothing)
{
	AUTO_BYTES secret = {0};
	X509      *certificate = NULL;

	start_auto("NTC");
	unit_ok(try_secret(&world.own, &secret), &err);
	decisions_left = 2;
	unit_fails(certify(&secret, &certificate), &err, ERROR_OVERLOADED,
	    "the device has just been changed; start again with /attest");
	ck_assert_int_eq(decisions_left, 0);
	ck_assert(!enrolled(&world.own));
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
	Suite *suite = suite_create("keeper_enroll");
	TCase *enroll_itself = tcase_create("enroll");

	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 3);
	tcase_set_timeout(enroll_itself, 60);
	tcase_add_checked_fixture(enroll_itself, setup, teardown);
	tcase_add_test(enroll_itself, enroll_listed_machine_is_enrolled_when_it_has_proven_its_key);
	tcase_add_test(enroll_itself, enroll_machine_that_was_refused_before_is_enrolled);
	tcase_add_test(enroll_itself, enroll_listed_machine_of_a_slow_vendor_is_enrolled);
	tcase_add_test(enroll_itself, enroll_somebody_elses_certificate_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_claimed_vendor_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_own_root_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_serial_that_is_not_listed_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_other_root_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_between_look_and_change_enrols_nothing);
	tcase_add_test(enroll_itself, enroll_by_a_rule_that_changes_meanwhile_enrols_nothing);
	tcase_add_loop_test(enroll_itself, enroll_list_changed_counts_at_once, 0,
	    sizeof lists / sizeof lists[0]);
	tcase_add_test(enroll_itself, enroll_twice_at_once_enrols_once);
	suite_add_tcase(suite, enroll_itself);
	return unit_run(suite);
}
