/*
 * The ACME server's keeper before a front that nobody checked: the whole story, what
 * strangers may not do, what is not there, the CRLs, and octets that are no question.
 */
#include "config.h"

#include <sys/stat.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "acme/keeper/crl_source.h"
#include "acme_keeper_support.h"
#include "ca/crl.h"
#include "ca/files.h"
#include "pki/certificate.h"
#include "store/acme/acme.h"
#include "unit.h"
#include "util/clock.h"
#include "util/folder.h"
#include "util/log.h"

START_TEST(story_from_account_to_revocation)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked;
	struct acme_answer   answer;
	struct error         err = {0};
	AUTO_BYTES           der = {0};
	X509                *leaf = NULL;

	world_attest(&world, &account, 0, &order, NAME);
	ck_assert_int_eq((int)order_status(&account, &order), STATUS_READY);
	(void)world_finalize(&world, &account, &order, NAME, &der);
	unit_ok(certificate_decode(bytes_view(&der), &leaf, &err), &err);
	ck_assert_int_eq(X509_verify(leaf, world.issuing.key), 1);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(leaf), world_device_key()), 1);
	ck_assert_int_le(certificate_not_after(leaf), clock_now() + 24 * 3600);
	ck_assert_int_gt(certificate_not_after(leaf), clock_now() + 23 * 3600);
	ck_assert_uint_eq(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT);
	ck_assert_uint_eq(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
	X509_free(leaf);

	asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	asked.certificate = bytes_view(&der);
	asked.reason = 1;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);
	world_refuses(&world, &asked, ERROR_ALREADY_REVOKED, "the certificate is revoked already");
}
END_TEST

/* One line of the log is of this event, by the account, about the object. */
static void
assert_logged(FILE *log, const char *event, const struct world_id *account,
    const struct world_id *object, const char *rest)
{
	char line[2048];
	char wanted[256];
	int  count = 0;

	(void)snprintf(wanted, sizeof wanted, " event=%s account=%s id=%s%s", event, account->text,
	    object->text, rest);
	rewind(log);
	while (fgets(line, sizeof line, log) != NULL)
		count += strstr(line, wanted) != NULL;
	ck_assert_msg(count == 1, "%d times logged:%s", count, wanted);
}

/* What changes something is on record when its answer is there. */
static void
assert_not_logged(FILE *log, const char *event)
{
	char wanted[64];
	char line[1024];

	(void)snprintf(wanted, sizeof wanted, " event=%s ", event);
	rewind(log);
	while (fgets(line, sizeof line, log) != NULL)
		ck_assert_msg(strstr(line, wanted) == NULL, "%s", line);
}

START_TEST(story_is_in_the_log)
{
	FILE                *log = tmpfile();
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct world_id      certificate;
	struct acme_question asked;
	struct acme_answer   answer;
	AUTO_BYTES           der = {0};

	ck_assert_int_ge(dup2(fileno(log), STDERR_FILENO), 0);
	log_open("keeper_test", LOG_LEVEL_INFO);
	world_attest(&world, &account, 0, &order, NAME);
	assert_logged(log, "attested", &account, &order.id, " name=" NAME);
	certificate = world_finalize(&world, &account, &order, NAME, &der);
	assert_logged(log, "issued", &account, &certificate, " name=" NAME " reason=\"AK certificate ");
	asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	asked.certificate = bytes_view(&der);
	world_ask(&world, &asked, &answer);
	assert_logged(log, "revoked", &account, &certificate, " name=" NAME);
	asked = question(ACME_ACCOUNT_KEY_CHANGE, &account, NULL);
	asked.jwk = world_view("{\"new\":1}");
	asked.thumbprint = world_view(world_thumbprint(1));
	asked.old_thumbprint = world_view(world_thumbprint(0));
	world_ask(&world, &asked, &answer);
	assert_not_logged(log, "left-out");
	assert_logged(log, "key-change", &account, &account, "");
	asked = question(ACME_ACCOUNT_UPDATE, &account, NULL);
	asked.flags = ACME_FLAG_DEACTIVATE;
	world_ask(&world, &asked, &answer);
	assert_logged(log, "account-deactivated", &account, &account, "");
	(void)fclose(log);
}
END_TEST

START_TEST(greeting_has_what_a_front_serves)
{
	AUTO_BYTES root = {0};
	AUTO_BYTES expected = {0};
	AUTO_BYTES nothing = {0};
	struct error err = {0};

	ck_assert(view_equal(world.greeting.base, world_view("https://localhost:4711")));
	ck_assert_uint_gt(world.greeting.service.tls_chain.size, 0);
	ck_assert_uint_gt(world.greeting.service.tls_key.size, 0);
	ck_assert_uint_gt(world.crl_version, 0);
	ck_assert_uint_ge(world.greeting.service.body_max, 64 * 1024);
	ck_assert_uint_ne(world_read_file(&world, "root.pem", &root), 0);
	unit_ok(certificate_encode_pem(world.root.certificate, &expected, &err), &err);
	ck_assert(view_equal(bytes_view(&root), bytes_view(&expected)));
	ck_assert_uint_eq(world_read_file(&world, "issuing.key", &nothing), 0);
}
END_TEST

/* An hour back: who cannot connect cannot be told about its clock. */
START_TEST(greeting_has_a_certificate_that_began_an_hour_ago)
{
	struct bytes chain = {0};
	X509        *leaf = NULL;
	int64_t      now = clock_now();
	struct error err = {0};

	bytes_append(&chain, world.greeting.service.tls_chain.data, world.greeting.service.tls_chain.size);
	unit_ok(certificate_decode_pem(&chain, "chain", &leaf, &err), &err);
	ck_assert_int_ge(certificate_not_before(leaf), now - 3600 - 60);
	ck_assert_int_le(certificate_not_before(leaf), now - 3600);
	ck_assert_int_eq(certificate_not_after(leaf) - certificate_not_before(leaf),
	    INT64_C(30) * 86400 + 3600);
	X509_free(leaf);
	bytes_clear(&chain);
}
END_TEST

/* What a stranger may ask about somebody else's objects. */
static const enum acme_question_kind strangers[] = {
    ACME_ORDER_GET, ACME_ORDER_FINALIZE, ACME_AUTHORIZATION_GET, ACME_AUTHORIZATION_DEACTIVATE,
    ACME_CHALLENGE_ANSWER, ACME_CHALLENGE_FAIL, ACME_CERTIFICATE_GET,
};

START_TEST(another_account_may_do_nothing)
{
	struct world_id      account = world_account(&world, 0);
	struct world_id      stranger = world_account(&world, 1);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(strangers[_i], &stranger, &order.id);
	struct world_id      certificate;
	AUTO_BYTES           der = {0};
	AUTO_BYTES           csr = {0};

	world_csr(world_device_key(), NAME, NULL, &csr);
	asked.csr = bytes_view(&csr);
	if (strangers[_i] != ACME_ORDER_GET && strangers[_i] != ACME_ORDER_FINALIZE)
		asked.object = world_view(order.authorization.text);
	if (strangers[_i] == ACME_CERTIFICATE_GET) {
		world_attest(&world, &account, 0, &order, NAME);
		certificate = world_finalize(&world, &account, &order, NAME, &der);
		asked.object = world_view(certificate.text);
	}
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, NULL);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	struct world_id      account = world_account(&world, 0);
	struct world_id      nothing = {"AAAAAAAAAAAAAAAAAAAAAA"};
	struct world_id      no_id = {"../../etc/passwd"};
	struct acme_question asked = question(strangers[_i], &account, &nothing);

	world_refuses(&world, &asked, ERROR_NOT_FOUND, NULL);
	asked.object = world_view(no_id.text);
	world_refuses(&world, &asked, ERROR_NOT_FOUND, "there is nothing of that name");
	asked.object = (struct view){0};
	world_refuses(&world, &asked, ERROR_NOT_FOUND, "there is nothing of that name");
}
END_TEST

START_TEST(crl_lists_what_was_revoked)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	struct acme_answer   answer;
	AUTO_BYTES           der = {0};
	AUTO_BYTES           before = {0};
	AUTO_BYTES           after = {0};
	AUTO_BYTES           pem = {0};
	uint64_t             old = 0;
	X509_CRL            *crl;
	X509                *leaf;
	X509_REVOKED        *revoked = NULL;

	old = world_read_file(&world, "crl", &before);
	ck_assert_uint_eq(old, world.crl_version);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &der);
	asked.certificate = bytes_view(&der);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);
	/* The keeper tells its fronts; until then, answers come between. */
	while (world.crl_version == old) {
		bytes_clear(&after);
		(void)world_read_file(&world, "crl", &after);
	}
	bytes_clear(&after);
	ck_assert_uint_eq(world_read_file(&world, "crl", &after), world.crl_version);
	crl = d2i_X509_CRL(NULL, &(const unsigned char *){after.data}, (long)after.size);
	leaf = d2i_X509(NULL, &(const unsigned char *){der.data}, (long)der.size);
	ck_assert_int_eq(X509_CRL_get0_by_cert(crl, &revoked, leaf), 1);
	ck_assert_int_eq(X509_CRL_verify(crl, world.issuing.key), 1);
	X509_CRL_free(crl);
	X509_free(leaf);
	ck_assert_uint_ne(world_read_file(&world, "crl.pem", &pem), 0);
	bytes_append_u8(&pem, '\0');
	ck_assert_ptr_nonnull(strstr(strstr((char *)pem.data, "BEGIN X509 CRL") + 1, "BEGIN X509 CRL"));
}
END_TEST

static void
issued_add_revoked(struct store *store, uint8_t serial, int64_t not_after)
{
	struct store_issued issued = {
	    .serial = {0x40, serial},
	    .serial_size = 2,
	    .names = memory_strdup(NAME),
	    .not_after = not_after,
	};
	struct error        err = {0};

	(void)snprintf(issued.id, sizeof issued.id, "serial-%d", serial);
	bytes_append(&issued.der, "der", 3);
	unit_ok(store_issued_add(store, &issued, &err), &err);
	unit_ok(store_issued_revoke(store, issued.id, not_after - 10, 0, &err), &err);
	store_issued_clear(&issued);
}

/* RFC 5280 section 3.3: what expired after the last CRL must be on the next. */
START_TEST(sweep_leaves_what_the_next_crl_must_name)
{
	int64_t             now = clock_now();
	struct store       *store = NULL;
	struct store_issued issued;
	struct crl_keeper  *crl;
	AUTO_FOLDER         state = {.fd = -1};
	struct error        err = {0};

	unit_ok(folder_open(world.state_dir, &state, &err), &err);
	unit_ok(store_acme_open(world.state_dir, &store, &err), &err);
	crl = crl_keeper_new(&state, STATE_ISSUING_CRL, crl_source_acme(), 0, &world.issuing,
	    7 * 86400);
	issued_add_revoked(store, 1, now - 3000);
	unit_ok(crl_keeper_sign(crl, store, now - 2000, &err), &err);
	issued_add_revoked(store, 2, now - 1000);
	unit_ok(crl_keeper_sign(crl, store, now - 2000, &err), &err);
	crl_keeper_free(crl);
	world.settings.certificate_retention = 60;
	world_start(&world);
	while (store_issued_find(store, "serial-1", &issued, &err) == 0) {
		store_issued_clear(&issued);
		(void)poll(NULL, 0, 20);
	}
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	unit_ok(store_issued_find(store, "serial-2", &issued, &err), &err);
	store_issued_clear(&issued);
	store_close(store);
}
END_TEST

/* The files are in nobody's way: what is served is the newest, and they are written when they can be. */
START_TEST(crl_that_cannot_be_written_is_served_and_written_later)
{
	AUTO_FREE char      *blocked = file_join(world.state_dir, STATE_ISSUING_CRL ".new");
	AUTO_FREE char      *path = file_join(world.state_dir, STATE_ISSUING_CRL);
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	struct acme_answer   answer;
	struct error         err = {0};
	AUTO_BYTES           leaf = {0};
	AUTO_BYTES           before = {0};
	AUTO_BYTES           served = {0};
	AUTO_BYTES           file = {0};
	uint64_t             old = 0;
	uint64_t             version = 0;

	old = world_read_file(&world, "crl", &before);
	ck_assert_int_eq(mkdir(blocked, 0700), 0);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &leaf);
	asked.certificate = bytes_view(&leaf);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);
	while (version == old || version == 0) {
		bytes_clear(&served);
		version = world_read_file(&world, "crl", &served);
	}
	unit_ok(file_read(path, 1 << 20, &file, &err), &err);
	ck_assert(view_equal(bytes_view(&file), bytes_view(&before)));
	ck_assert_int_eq(rmdir(blocked), 0);
	while (!view_equal(bytes_view(&file), bytes_view(&served))) {
		bytes_clear(&file);
		(void)poll(NULL, 0, 20);
		unit_ok(file_read(path, 1 << 20, &file, &err), &err);
	}
}
END_TEST

START_TEST(octets_that_are_no_question_are_refused_and_the_next_is_answered)
{
	static const uint8_t broken[][8] = {
	    {0}, {0x9f, 0xff}, {0x82, 0x18, 0xff, 0x00}, {0xbf}, {0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	};
	struct acme_answer answer;

	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		world_receive(&world, world_send_octets(&world, (struct view){broken[i], sizeof broken[i]}),
		    &answer);
		ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
		ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_MALFORMED);
	}
	(void)world_account(&world, 0);
}
END_TEST

START_TEST(what_was_answered_is_there_after_a_restart)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked;
	struct acme_answer   answer;
	struct world_id      certificate;
	AUTO_BYTES           der = {0};

	world_attest(&world, &account, 0, &order, NAME);
	world_stop(&world);
	world_start(&world);
	ck_assert_int_eq((int)order_status(&account, &order), STATUS_READY);
	certificate = world_finalize(&world, &account, &order, NAME, &der);
	world_stop(&world);
	world_start(&world);
	asked = question(ACME_CERTIFICATE_GET, &account, &certificate);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_CERTIFICATE);
}
END_TEST

int
main(void)
{
	Suite *suite = keeper_suite("acme_keeper");
	TCase *tc = keeper_case(suite, "started", setup_started);

	tcase_add_test(tc, story_from_account_to_revocation);
	tcase_add_test(tc, story_is_in_the_log);
	tcase_add_test(tc, greeting_has_what_a_front_serves);
	tcase_add_test(tc, greeting_has_a_certificate_that_began_an_hour_ago);
	LOOP(another_account_may_do_nothing, strangers);
	LOOP(what_is_not_there_is_not_found, strangers);
	tcase_add_test(tc, crl_lists_what_was_revoked);
	tcase_add_test(tc, crl_that_cannot_be_written_is_served_and_written_later);
	tcase_add_test(tc, octets_that_are_no_question_are_refused_and_the_next_is_answered);
	tcase_add_test(tc, what_was_answered_is_there_after_a_restart);
	tc = keeper_case(suite, "made", setup);
	tcase_add_test(tc, sweep_leaves_what_the_next_crl_must_name);
	return unit_run(suite);
}
