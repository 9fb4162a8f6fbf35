/* The ACME server's keeper before a front that nobody checked. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <sqlite3.h>

#include "acme_world.h"
#include "pki/certificate.h"
#include "pki_support.h"
#include "store/files.h"
#include "tpm/spki.h"
#include "unit.h"
#include "util/clock.h"
#include "util/file.h"

#define NAME "laptop-17"

static struct world world;

static void
setup(void)
{
	world_make(&world);
}

static void
setup_started(void)
{
	setup();
	world_start(&world);
}

static void
teardown(void)
{
	world_clear(&world);
}

/* A question of an account about an object. */
static struct acme_question
question(enum acme_question_kind kind, const struct world_id *account, const struct world_id *object)
{
	return (struct acme_question){
	    .kind = kind,
	    .account = world_view(account->text),
	    .object = object != NULL ? world_view(object->text) : (struct view){0},
	};
}

static enum status
order_status(const struct world_id *account, const struct world_order *order)
{
	struct acme_question asked = question(ACME_ORDER_GET, account, &order->id);
	struct acme_answer   answer;

	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ORDER);
	return answer.order.status;
}

/* Answers a challenge and asserts that it is now invalid, and so all that hangs on it. */
static void
challenge_fails(const struct acme_question *asked, const struct world_id *account,
    const struct world_order *order, const char *detail)
{
	struct acme_question get = question(ACME_ORDER_GET, account, &order->id);
	struct acme_answer   answer;
	struct view          found;

	world_ask(&world, asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_AUTHORIZATION);
	found = answer.authorization.error.detail;
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_INVALID);
	ck_assert_int_eq((int)answer.authorization.error.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_msg(view_equal(found, world_view(detail)), "%.*s", (int)found.size,
	    (const char *)found.data);
	world_ask(&world, &get, &answer);
	ck_assert_int_eq((int)answer.order.status, STATUS_INVALID);
	ck_assert(view_equal(answer.order.error.detail, world_view(detail)));
}

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

START_TEST(greeting_has_what_a_front_serves)
{
	ck_assert(view_equal(world.greeting.base, world_view("https://localhost:4711")));
	ck_assert_uint_gt(world.greeting.tls_chain.size, 0);
	ck_assert_uint_gt(world.greeting.tls_key.size, 0);
	ck_assert_uint_gt(world.greeting.root.size, 0);
	ck_assert_uint_gt(world.greeting.crl_version, 0);
	ck_assert_uint_ge(world.greeting.body_max, 64 * 1024);
}
END_TEST

/* Every statement that software can forge and the TPM would not have made. */
START_TEST(challenge_forged_statement_is_refused_by_its_own_rule)
{
	const struct forge_certify_row *row = forge_certify_row((enum forge_certify_flaw)_i);
	struct world_id                 account = world_account(&world, 0);
	struct world_order              order = world_order(&world, &account, NAME);
	struct world_statement          statement;
	struct acme_question            asked;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0),
	    (enum forge_certify_flaw)_i, &statement);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order, row->detail);
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_statement_for_another_order_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     first = world_order(&world, &account, NAME);
	struct world_order     second = world_order(&world, &account, NAME);
	struct world_statement statement;
	struct acme_question   asked;

	world_statement_make(&world, NAME, first.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &second, &statement);
	challenge_fails(&asked, &account, &second, "extraData is not the hash of the key authorization");
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_statement_for_another_account_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	struct world_statement statement;
	struct acme_question   asked;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(1), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order, "extraData is not the hash of the key authorization");
	world_statement_clear(&statement);
}
END_TEST

/* Changes to an honest answer, each of which one rule refuses. */
static void
spoil_format(struct acme_question *asked)
{
	asked->statement.format = world_view("apple");
}

static void
spoil_alg(struct acme_question *asked)
{
	asked->statement.alg = -65535; /* RS1 */
}

static void
spoil_alg_hash(struct acme_question *asked)
{
	asked->statement.alg = -258;
}

static void
spoil_no_chain(struct acme_question *asked)
{
	asked->statement.chain_count = 0;
}

static void
spoil_octets(struct acme_question *asked)
{
	asked->statement.chain[1] = world_view("no certificate");
}

static const struct {
	void (*spoil)(struct acme_question *asked);
	const char *detail;
} spoils[] = {
    {spoil_format, "the attestation format \"apple\" is not accepted here, only \"tpm\""},
    {spoil_alg,
        "alg -65535 is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512"},
    {spoil_alg_hash, NULL},
    {spoil_no_chain, "x5c is empty: the AK certificate is missing"},
    {spoil_octets, NULL},
};

START_TEST(challenge_spoilt_answer_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	spoils[_i].spoil(&asked);
	if (spoils[_i].detail != NULL) {
		challenge_fails(&asked, &account, &order, spoils[_i].detail);
	} else {
		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	}
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_for_another_name_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, "somebody-else");
	struct world_statement statement;
	struct acme_question   asked;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order,
	    "permanent identifier does not match: the AK certificate is for \"laptop-17\", the order"
	    " for \"somebody-else\"");
	world_statement_clear(&statement);
}
END_TEST

/* An AK certificate that somebody made whom nobody trusts; a device certificate in place of one. */
START_TEST(challenge_ak_certificate_of_another_ca_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	const char            *name = NAME;
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	struct error           err = {0};

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	bytes_clear(&statement.ak);
	bytes_clear(&statement.issuing);
	world_ak_certificate(&world.issuing, world.ak.key, &name, 1, &statement.ak);
	unit_ok(certificate_encode(world.issuing.certificate, &statement.issuing, &err), &err);
	asked = world_answer(&account, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	world_statement_clear(&statement);
}
END_TEST

/* The holder of an AK certificate plays CA with it. */
START_TEST(challenge_ak_certificate_as_ca_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, "somebody-else");
	const char            *name = NAME;
	const char            *wanted = "somebody-else";
	struct ca              ak_as_ca = {NULL, world.outsider};
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	struct error           err = {0};
	AUTO_BYTES             ak_der = {0};

	world_statement_make(&world, wanted, order.token.text, world_thumbprint(0),
	    FORGE_CERTIFY_NONE, &statement);
	world_ak_certificate(&world.attestation, world.outsider, &name, 1, &ak_der);
	unit_ok(certificate_decode(bytes_view(&ak_der), &ak_as_ca.certificate, &err), &err);
	bytes_clear(&statement.ak);
	world_ak_certificate(&ak_as_ca, world.ak.key, &wanted, 1, &statement.ak);
	asked = world_answer(&account, &order, &statement);
	asked.statement.chain[2] = asked.statement.chain[1];
	asked.statement.chain[1] = bytes_view(&ak_der);
	asked.statement.chain_count = 3;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	X509_free(ak_as_ca.certificate);
	world_statement_clear(&statement);
}
END_TEST

/* The issuing CA of the devices is trusted as an attestation root by mistake: still no AK. */
START_TEST(challenge_device_certificate_as_ak_certificate_is_refused)
{
	struct world_id        account;
	struct world_order     order;
	struct world_order     second;
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	AUTO_BYTES             pem = {0};
	AUTO_FREE char        *roots = file_join(world.state_dir, STATE_ATTESTATION_ROOTS);
	struct error           err = {0};

	unit_ok(certificate_encode_pem(world.attestation_root.certificate, &pem, &err), &err);
	unit_ok(certificate_encode_pem(world.root.certificate, &pem, &err), &err);
	unit_ok(file_replace(roots, pem.data, pem.size, 0600, &err), &err);
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	second = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, second.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	bytes_clear(&statement.ak);
	bytes_clear(&statement.issuing);
	(void)world_finalize(&world, &account, &order, NAME, &statement.ak);
	unit_ok(certificate_encode(world.issuing.certificate, &statement.issuing, &err), &err);
	asked = world_answer(&account, &second, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_key_type_that_the_policy_does_not_want_is_refused)
{
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;

	config_list_clear(&world.settings.policy.key_types);
	config_list_append(&world.settings.policy.key_types, "rsa-2048");
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order, "no certificates are made for keys on P-256 here");
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_decided_is_not_decided_again)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	struct acme_question   give_up = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;

	give_up.problem = (struct acme_problem){ERROR_MALFORMED, world_view("the client gave up")};
	challenge_fails(&give_up, &account, &order, "the client gave up");
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);

	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	give_up.object = world_view(order.authorization.text);
	world_ask(&world, &give_up, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_VALID);
	world_statement_clear(&statement);
}
END_TEST

/* Two answers at once: the first decides. */
START_TEST(challenge_answers_at_once_are_decided_once)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	struct acme_question   give_up = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;

	give_up.problem = (struct acme_problem){ERROR_MALFORMED, world_view("the client gave up")};
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	(void)world_send(&world, &asked);
	(void)world_send(&world, &give_up);
	for (size_t i = 0; i < 2; i++) {
		(void)world_receive_any(&world, &answer);
		ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_VALID);
	}
	world_statement_clear(&statement);
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

/* Everything that takes an account. */
START_TEST(deactivated_account_may_do_nothing)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_ACCOUNT_UPDATE, &account, NULL);
	struct acme_answer   answer;

	asked.flags = ACME_FLAG_DEACTIVATE;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ACCOUNT);
	ck_assert_int_eq((int)answer.account.status, STATUS_DEACTIVATED);
	for (enum acme_question_kind kind = 0; kind < ACME_QUESTION_COUNT; kind++) {
		if (kind == ACME_ACCOUNT_GET || kind == ACME_FILE_GET || kind == ACME_CERTIFICATE_REVOKE)
			continue;
		asked = question(kind, &account, &order.id);
		asked.jwk = world_view("{\"kty\":\"EC\"}");
		asked.thumbprint = world_view(world_thumbprint(0));
		world_refuses(&world, &asked, ERROR_ACCOUNT_DEACTIVATED, NULL);
	}
	asked = question(ACME_ACCOUNT_GET, &account, NULL);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.account.status, STATUS_DEACTIVATED);
}
END_TEST

START_TEST(account_of_nobody_does_not_exist)
{
	struct world_id      nobody = {"AAAAAAAAAAAAAAAAAAAAAA"};
	struct acme_question asked;

	for (enum acme_question_kind kind = ACME_ACCOUNT_GET; kind < ACME_CERTIFICATE_REVOKE; kind++) {
		asked = question(kind, &nobody, &nobody);
		asked.jwk = world_view("{\"kty\":\"EC\"}");
		asked.thumbprint = world_view(world_thumbprint(0));
		world_refuses(&world, &asked, ERROR_ACCOUNT_DOES_NOT_EXIST, NULL);
	}
}
END_TEST

START_TEST(account_new_twice_is_the_same_account)
{
	struct acme_question asked = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(0)),
	    .contacts = {world_view("mailto:a@example.org")},
	    .contact_count = 1,
	};
	struct acme_answer answer;
	struct world_id    id;

	asked.flags = ACME_FLAG_ONLY_EXISTING;
	world_refuses(&world, &asked, ERROR_ACCOUNT_DOES_NOT_EXIST, "this key has no account here");
	asked.flags = 0;
	world_ask(&world, &asked, &answer);
	ck_assert(answer.account.created);
	ck_assert_uint_eq(answer.account.contact_count, 1);
	id = world_id(answer.account.id);
	asked.flags = ACME_FLAG_ONLY_EXISTING;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ACCOUNT);
	ck_assert(!answer.account.created);
	ck_assert(view_equal(answer.account.id, world_view(id.text)));
}
END_TEST

START_TEST(account_new_at_once_makes_one_account)
{
	struct acme_question asked = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(0)),
	};
	struct acme_answer answer;
	struct world_id    accounts[2];
	int                created = 0;

	(void)world_send(&world, &asked);
	(void)world_send(&world, &asked);
	for (size_t i = 0; i < 2; i++) {
		(void)world_receive_any(&world, &answer);
		ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ACCOUNT);
		created += answer.account.created ? 1 : 0;
		accounts[i] = world_id(answer.account.id);
	}
	ck_assert_int_eq(created, 1);
	ck_assert_str_eq(accounts[0].text, accounts[1].text);
}
END_TEST

static const struct {
	const char     *contact;
	enum error_kind kind;
} contacts[] = {
    {"tel:+49", ERROR_UNSUPPORTED_CONTACT},
    {"mailto:", ERROR_INVALID_CONTACT},
    {"mailto:nobody", ERROR_INVALID_CONTACT},
    {"mailto:a@b@c", ERROR_INVALID_CONTACT},
    {"mailto:a@b,c@d", ERROR_INVALID_CONTACT},
    {"mailto:a@b?subject=x", ERROR_INVALID_CONTACT},
};

START_TEST(account_contact_that_cannot_be_is_refused)
{
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_ACCOUNT_UPDATE, &account, NULL);

	asked.flags = ACME_FLAG_CONTACTS;
	asked.contacts[0] = world_view("mailto:a@example.org");
	asked.contacts[1] = world_view(contacts[_i].contact);
	asked.contact_count = 2;
	world_refuses(&world, &asked, contacts[_i].kind, NULL);
}
END_TEST

START_TEST(account_needs_the_terms_where_there_are_some)
{
	struct acme_question asked = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(0)),
	};
	struct acme_answer answer;

	world.settings.terms = memory_strdup("https://example.org/terms");
	world_start(&world);
	world_refuses(&world, &asked, ERROR_USER_ACTION_REQUIRED,
	    "an account needs agreement to the terms of service at https://example.org/terms");
	asked.flags = ACME_FLAG_TERMS_AGREED;
	world_ask(&world, &asked, &answer);
	ck_assert(answer.account.terms_agreed);
}
END_TEST

START_TEST(accounts_of_an_hour_are_limited)
{
	struct acme_question asked = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(1)),
	};

	world.settings.policy.accounts_per_hour = 1;
	world_start(&world);
	(void)world_account(&world, 0);
	world_refuses(&world, &asked, ERROR_RATE_LIMITED, NULL);
	(void)world_account(&world, 0); /* who has one still finds it */
}
END_TEST

START_TEST(key_change_moves_the_account_and_stops_at_a_key_in_use)
{
	struct world_id      account = world_account(&world, 0);
	struct world_id      other = world_account(&world, 1);
	struct acme_question asked = question(ACME_ACCOUNT_KEY_CHANGE, &account, NULL);
	struct acme_answer   answer;

	asked.jwk = world_view("{\"new\":1}");
	asked.thumbprint = world_view(world_thumbprint(1));
	asked.old_thumbprint = world_view(world_thumbprint(0));
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_CONFLICT);
	ck_assert(view_equal(answer.refusal.object, world_view(other.text)));

	asked.thumbprint = world_view(world_thumbprint(2));
	asked.old_thumbprint = world_view(world_thumbprint(1));
	world_refuses(&world, &asked, ERROR_MALFORMED, "oldKey is not the key of this account");

	asked.old_thumbprint = world_view(world_thumbprint(0));
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ACCOUNT);
	ck_assert(view_equal(answer.account.jwk, world_view("{\"new\":1}")));
	ck_assert(view_equal(world_view(world_account(&world, 2).text), world_view(account.text)));
}
END_TEST

START_TEST(orders_list_has_pages_and_no_invalid_ones)
{
	struct world_id      account;
	struct acme_question asked;
	struct world_order   order;
	struct acme_question give_up;
	struct acme_answer   answer;
	struct world_id      cursor;

	world.settings.policy.orders_per_hour = 1000;
	world_start(&world);
	account = world_account(&world, 0);
	asked = question(ACME_ACCOUNT_ORDERS, &account, NULL);
	order = world_order(&world, &account, NAME);
	give_up = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	give_up.problem = (struct acme_problem){ERROR_MALFORMED, world_view("no")};
	world_ask(&world, &give_up, &answer);
	for (size_t i = 0; i < ACME_ORDERS_MAX; i++)
		(void)world_order(&world, &account, NAME);
	world_ask(&world, &asked, &answer);
	ck_assert_uint_eq(answer.orders.count, ACME_ORDERS_MAX);
	ck_assert_uint_eq(answer.orders.next.size, 0);
	(void)world_order(&world, &account, NAME);
	world_ask(&world, &asked, &answer);
	ck_assert_uint_eq(answer.orders.count, ACME_ORDERS_MAX);
	cursor = world_id(answer.orders.next);
	asked.cursor = world_view(cursor.text);
	world_ask(&world, &asked, &answer);
	ck_assert_uint_eq(answer.orders.count, 1);
	ck_assert_uint_eq(answer.orders.next.size, 0);
}
END_TEST

/* Orders that are refused: identifiers and times. */
static const struct {
	const char     *type;
	const char     *value;
	int64_t         not_before; /* from now on; 0: not given */
	int64_t         not_after;
	enum error_kind kind;
} orders[] = {
    {"dns", "example.org", 0, 0, ERROR_UNSUPPORTED_IDENTIFIER},
    {"hardware-module", "1/1.2.3", 0, 0, ERROR_UNSUPPORTED_IDENTIFIER},
    {"permanent-identifier", "", 0, 0, ERROR_MALFORMED},
    {"permanent-identifier", "a/1.2.3", 0, 0, ERROR_MALFORMED},
    {"permanent-identifier", "secret-1", 0, 0, ERROR_REJECTED_IDENTIFIER},
    {"permanent-identifier", "desktop-1", 0, 0, ERROR_REJECTED_IDENTIFIER},
    {"permanent-identifier", NAME, 0, 60, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 0, 31 * 86400, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 0, -86400, ERROR_MALFORMED},
    {"permanent-identifier", NAME, -86400, 0, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 31 * 86400, 0, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 3600, 3660, ERROR_MALFORMED},
};

START_TEST(order_that_the_policy_does_not_want_is_refused)
{
	int64_t              now = clock_now();
	struct world_id      account;
	struct acme_question asked;

	config_list_clear(&world.settings.policy.allow);
	config_list_append(&world.settings.policy.allow, "laptop-*");
	config_list_append(&world.settings.policy.allow, "secret-*");
	config_list_append(&world.settings.policy.deny, "secret-*");
	world_start(&world);
	account = world_account(&world, 0);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view(orders[_i].type),
	    world_view(orders[_i].value)};
	asked.identifier_count = 1;
	asked.not_before = orders[_i].not_before != 0 ? now + orders[_i].not_before : 0;
	asked.not_after = orders[_i].not_after != 0 ? now + orders[_i].not_after : 0;
	world_refuses(&world, &asked, orders[_i].kind, NULL);
}
END_TEST

START_TEST(order_of_several_identifiers_has_subproblems)
{
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_ORDER_NEW, &account, NULL);
	struct acme_answer   answer;

	world_refuses(&world, &asked, ERROR_MALFORMED, "the order names no identifier");
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifiers[1] = (struct acme_identifier){world_view("dns"), world_view("example.org")};
	asked.identifiers[2] = (struct acme_identifier){world_view("permanent-identifier"), world_view("a/b")};
	asked.identifier_count = 3;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert_uint_eq(answer.refusal.subproblem_count, 2);
	ck_assert_int_eq((int)answer.refusal.subproblems[0].problem.kind, ERROR_UNSUPPORTED_IDENTIFIER);
	ck_assert(view_equal(answer.refusal.subproblems[0].identifier.value, world_view("example.org")));
	ck_assert_int_eq((int)answer.refusal.subproblems[1].problem.kind, ERROR_MALFORMED);
	asked.identifiers[1] = asked.identifiers[0];
	asked.identifier_count = 2;
	world_refuses(&world, &asked, ERROR_REJECTED_IDENTIFIER,
	    "a certificate here is for one identifier; make an order for each");
}
END_TEST

START_TEST(orders_of_an_hour_are_limited)
{
	struct world_id      account;
	struct acme_question asked;
	struct acme_answer   answer;

	world.settings.policy.orders_per_hour = 2;
	world_start(&world);
	account = world_account(&world, 0);
	(void)world_order(&world, &account, NAME);
	(void)world_order(&world, &account, NAME);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_RATE_LIMITED);
	ck_assert_uint_gt(answer.refusal.retry_after, 3500);
	ck_assert_uint_le(answer.refusal.retry_after, 3601);
	account = world_account(&world, 1);
	(void)world_order(&world, &account, NAME);
}
END_TEST

START_TEST(order_that_expired_is_invalid_and_does_nothing)
{
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;
	AUTO_BYTES             csr = {0};

	world.settings.order_lifetime = 0;
	world_start(&world);
	account = world_account(&world, 0);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	{
		struct acme_answer answer;

		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.order.status, STATUS_INVALID);
		order.id = world_id(answer.order.id);
		order.authorization = world_id(answer.order.authorizations[0]);
		asked = question(ACME_AUTHORIZATION_GET, &account, &order.authorization);
		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.authorization.status, STATUS_EXPIRED);
		order.token = world_id(answer.authorization.token);
	}
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	world_refuses(&world, &asked, ERROR_MALFORMED, "the authorization is expired; make a new order");
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_ORDER_NOT_READY,
	    "the order is invalid: it was not finalized in time");
	world_statement_clear(&statement);
}
END_TEST

START_TEST(finalize_before_ready_is_refused)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	AUTO_BYTES           csr = {0};

	world_csr(world_device_key(), NAME, NULL, &csr);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_ORDER_NOT_READY,
	    "the order is pending: its device-attest-01 challenge has not been answered");
}
END_TEST

START_TEST(finalize_at_once_makes_one_certificate)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	struct acme_answer   answer;
	AUTO_BYTES           csr = {0};
	int                  certificates = 0;

	world_attest(&world, &account, 0, &order, NAME);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked.csr = bytes_view(&csr);
	(void)world_send(&world, &asked);
	(void)world_send(&world, &asked);
	for (int i = 0; i < 2; i++) { /* which is first is not ours to know */
		(void)world_receive_any(&world, &answer);
		if (answer.kind == ACME_ANSWER_ORDER) {
			ck_assert_int_eq((int)answer.order.status, STATUS_VALID);
			certificates++;
		} else {
			ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
			ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_ORDER_NOT_READY);
		}
	}
	ck_assert_int_eq(certificates, 1);
}
END_TEST

START_TEST(finalize_after_deactivation_is_refused)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_AUTHORIZATION_DEACTIVATE, &account, &order.authorization);
	struct acme_answer   answer;
	AUTO_BYTES           csr = {0};

	world_attest(&world, &account, 0, &order, NAME);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_DEACTIVATED);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_DEACTIVATED);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_ORDER_NOT_READY,
	    "the order is invalid: the authorization for laptop-17 is deactivated");
}
END_TEST

/* CSRs that ask for something else; the order waits for a better one. */
static const struct {
	bool        other_key;
	const char *common_name;
	const char *extensions;
	const char *detail;
} csrs[] = {
    {true, NAME, NULL, "the key of the CSR is not the key that was attested"},
    {false, "somebody-else", NULL, "the CN of the CSR is \"somebody-else\", the order is for \"laptop-17\""},
    {false, NULL,
        "[ext]\nsubjectAltName=@names\n[names]\notherName=1.3.6.1.5.5.7.8.3;SEQUENCE:id\n[id]\nv=UTF8:other\n",
        "the CSR asks for the identifier \"other\", the order is for \"laptop-17\""},
    {false, NAME, "[ext]\nsubjectAltName=DNS:example.org\n",
        "the CSR asks for the DNS name example.org, which goes with no order for \"laptop-17\""},
    {false, NAME, "[ext]\nsubjectAltName=email:a@example.org\n",
        "the CSR asks for a name of a kind that no certificate here has"},
    {false, NAME, "[ext]\nsubjectAltName=DNS:laptop-17.home.example,IP:10.0.0.1\n",
        "the CSR asks for a name of a kind that no certificate here has"},
    {false, NAME, "[ext]\nbasicConstraints=CA:TRUE\n", NULL},
};

START_TEST(finalize_csr_that_asks_for_more_is_bad)
{
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	AUTO_BYTES           csr = {0};
	AUTO_BYTES           der = {0};

	config_list_append(&world.settings.policy.dns_names, "{identifier}.home.example");
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	world_csr(csrs[_i].other_key ? world.outsider : world_device_key(), csrs[_i].common_name,
	    csrs[_i].extensions, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_BAD_CSR, csrs[_i].detail);
	asked.csr = world_view("no CSR");
	world_refuses(&world, &asked, ERROR_BAD_CSR, NULL);
	(void)world_finalize(&world, &account, &order, NAME, &der);
}
END_TEST

START_TEST(finalize_gives_the_names_and_usages_of_the_policy)
{
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	struct acme_answer   answer;
	struct error         err = {0};
	AUTO_BYTES           csr = {0};
	AUTO_BYTES           der = {0};
	X509                *leaf = NULL;

	config_list_append(&world.settings.policy.dns_names, "{identifier}.home.example");
	world.settings.policy.server_auth = true;
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	world_csr(world_device_key(), NULL, "[ext]\nsubjectAltName=DNS:LAPTOP-17.home.example\n", &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ORDER);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &der);
	unit_ok(certificate_decode(bytes_view(&der), &leaf, &err), &err);
	ck_assert_int_eq(X509_check_host(leaf, "laptop-17.home.example", 0,
	                     X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
	ck_assert_uint_eq(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT | XKU_SSL_SERVER);
	X509_free(leaf);
}
END_TEST

START_TEST(finalize_honours_the_times_that_were_ordered)
{
	int64_t              now = clock_now();
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_ORDER_NEW, &account, NULL);
	struct world_order   order;
	struct acme_answer   answer;
	struct error         err = {0};
	AUTO_BYTES           der = {0};
	X509                *leaf = NULL;

	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	asked.not_before = now - 5;
	asked.not_after = now + 7200;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ORDER);
	ck_assert_int_eq(answer.order.not_after, now + 7200);
	order.id = world_id(answer.order.id);
	order.authorization = world_id(answer.order.authorizations[0]);
	asked = question(ACME_AUTHORIZATION_GET, &account, &order.authorization);
	world_ask(&world, &asked, &answer);
	order.token = world_id(answer.authorization.token);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &der);
	unit_ok(certificate_decode(bytes_view(&der), &leaf, &err), &err);
	ck_assert_int_eq(certificate_not_before(leaf), now - 5);
	ck_assert_int_eq(certificate_not_after(leaf), now + 7200);
	X509_free(leaf);
}
END_TEST

/* Who may revoke: whose it is, who holds the name, who holds the key. Nobody else. */
START_TEST(revoke_by_those_who_may)
{
	struct world_id      account = world_account(&world, 0);
	struct world_id      stranger = world_account(&world, 1);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked;
	struct acme_answer   answer;
	struct error         err = {0};
	AUTO_BYTES           first = {0};
	AUTO_BYTES           second = {0};
	AUTO_BYTES           key = {0};
	AUTO_BYTES           other_key = {0};

	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &first);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &second);

	asked = question(ACME_CERTIFICATE_REVOKE, &stranger, NULL);
	asked.certificate = bytes_view(&first);
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, NULL);
	asked.account = (struct view){0};
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, NULL);
	unit_ok(spki_encode(world.outsider, &other_key, &err), &err);
	asked.spki = bytes_view(&other_key);
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, NULL);
	unit_ok(spki_encode(world_device_key(), &key, &err), &err);
	asked.spki = bytes_view(&key);
	asked.reason = 2;
	world_refuses(&world, &asked, ERROR_BAD_REVOCATION_REASON, NULL);
	asked.reason = 1;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);

	order = world_order(&world, &stranger, NAME);
	world_attest(&world, &stranger, 1, &order, NAME);
	asked = question(ACME_CERTIFICATE_REVOKE, &stranger, NULL);
	asked.certificate = bytes_view(&second);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);
}
END_TEST

START_TEST(revoke_what_is_not_ours_is_not_found)
{
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	const char          *name = NAME;
	AUTO_BYTES           der = {0};

	asked.certificate = world_view("no certificate");
	world_refuses(&world, &asked, ERROR_MALFORMED, NULL);
	world_ak_certificate(&world.attestation, world.outsider, &name, 1, &der);
	asked.certificate = bytes_view(&der);
	world_refuses(&world, &asked, ERROR_NOT_FOUND, "this server issued no such certificate");
}
END_TEST

/* Reads a whole CRL file, piece by piece. */
static void
crl_read(enum acme_file file, struct bytes *out, uint64_t *version)
{
	struct acme_question asked = {.kind = ACME_FILE_GET, .file = file};
	struct acme_answer   answer;

	do {
		asked.offset = out->size;
		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.kind, ACME_ANSWER_FILE);
		asked.version = answer.file.version;
		bytes_append(out, answer.file.data.data, answer.file.data.size);
	} while (out->size < answer.file.size);
	*version = asked.version;
}

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
	uint64_t             version = 0;
	X509_CRL            *crl;
	X509                *leaf;
	X509_REVOKED        *revoked = NULL;

	crl_read(ACME_FILE_CRL_DER, &before, &old);
	ck_assert_uint_eq(old, world.greeting.crl_version);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &der);
	asked.certificate = bytes_view(&der);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);
	/* The keeper tells its fronts; until then, answers come between. */
	while (world.greeting.crl_version == old) {
		bytes_clear(&after);
		crl_read(ACME_FILE_CRL_DER, &after, &version);
	}
	bytes_clear(&after);
	crl_read(ACME_FILE_CRL_DER, &after, &version);
	ck_assert_uint_eq(version, world.greeting.crl_version);
	crl = d2i_X509_CRL(NULL, &(const unsigned char *){after.data}, (long)after.size);
	leaf = d2i_X509(NULL, &(const unsigned char *){der.data}, (long)der.size);
	ck_assert_int_eq(X509_CRL_get0_by_cert(crl, &revoked, leaf), 1);
	ck_assert_int_eq(X509_CRL_verify(crl, world.issuing.key), 1);
	X509_CRL_free(crl);
	X509_free(leaf);
	crl_read(ACME_FILE_CRL_PEM, &pem, &version);
	bytes_append_u8(&pem, '\0');
	ck_assert_ptr_nonnull(strstr(strstr((char *)pem.data, "BEGIN X509 CRL") + 1, "BEGIN X509 CRL"));
}
END_TEST

/* A CRL of the attestation CA that lists the AK certificate. */
static void
attestation_crl_write(const char *path, const struct bytes *revoked, int64_t now, int64_t lifetime)
{
	struct ca_revoked entry = {.when = now};
	struct error      err = {0};
	AUTO_BYTES        der = {0};

	if (revoked != NULL) {
		X509 *certificate = d2i_X509(NULL, &(const unsigned char *){revoked->data},
		    (long)revoked->size);
		const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);

		entry.serial_size = (size_t)ASN1_STRING_length(serial);
		memcpy(entry.serial, ASN1_STRING_get0_data(serial), entry.serial_size);
		X509_free(certificate);
	}
	unit_ok(ca_crl_create(&world.attestation, (uint64_t)now, &entry, revoked != NULL ? 1 : 0, now,
	            lifetime, &der, &err), &err);
	unit_ok(file_replace(path, der.data, der.size, 0600, &err), &err);
}

/* CRLs of the attestation CA, and whether an honest answer passes. */
static const struct {
	bool lists_it;
	bool stale;
	bool tolerate;
	bool passes;
} attestation_crls[] = {
    {false, false, false, true},
    {true, false, false, false},
    {false, true, false, false},
    {false, true, true, true},
    {true, true, true, false},
};

START_TEST(challenge_obeys_the_attestation_crl)
{
	AUTO_FREE char        *path = file_join(world.state_dir, "attestation.crl");
	int64_t                now = clock_now();
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	world_stop(&world);
	attestation_crl_write(path, attestation_crls[_i].lists_it ? &statement.ak : NULL,
	    attestation_crls[_i].stale ? now - 7200 : now, 3600);
	config_list_append(&world.settings.attestation_crls, path);
	world.settings.tolerate_stale_crl = attestation_crls[_i].tolerate;
	world_start(&world);
	asked = world_answer(&account, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status,
	    attestation_crls[_i].passes ? STATUS_VALID : STATUS_INVALID);
	world_statement_clear(&statement);
}
END_TEST

/* Who has left since it attested gets nothing for an order that is ready. */
START_TEST(finalize_after_the_ak_certificate_was_revoked_is_refused)
{
	AUTO_FREE char        *path = file_join(world.state_dir, "attestation.crl");
	struct world_statement statement;
	struct world_id        account;
	struct world_order     order;
	struct acme_question   asked;
	struct acme_answer     answer;
	AUTO_BYTES             csr = {0};
	AUTO_BYTES             leaf = {0};

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_VALID);
	world_stop(&world);
	attestation_crl_write(path, &statement.ak, clock_now(), 3600);
	config_list_append(&world.settings.attestation_crls, path);
	world_start(&world);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_UNAUTHORIZED);
	ck_assert_ptr_nonnull(memmem(answer.refusal.problem.detail.data,
	    answer.refusal.problem.detail.size, "it was revoked at", 17));
	/* It was that, and nothing else. */
	world_stop(&world);
	attestation_crl_write(path, NULL, clock_now(), 3600);
	world_start(&world);
	(void)world_finalize(&world, &account, &order, NAME, &leaf);
	world_statement_clear(&statement);
}
END_TEST

/* An order that was ready when the program was brought up to date knows no chain. */
START_TEST(finalize_of_what_kept_no_chain_is_refused)
{
	AUTO_FREE char      *path = file_join(world.state_dir, STATE_ACME_STORE);
	sqlite3             *db = NULL;
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	AUTO_BYTES           csr = {0};

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "UPDATE authorization SET chain = NULL", NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED,
	    "the authorization for " NAME " no longer holds: what attested the key was not kept;"
	    " make a new order");
}
END_TEST

/* A certificate without names, made by hand: ours never are. */
START_TEST(challenge_ak_certificate_without_names_wants_configuration)
{
	AUTO_FREE char        *roots = file_join(world.state_dir, STATE_ATTESTATION_ROOTS);
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	X509                  *nameless;
	struct error           err = {0};

	if (_i == 1)
		config_list_append(&world.settings.any_name_roots, roots);
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	nameless = pki_forge(&(struct pki_forgery){
	    .issuer = &world.attestation,
	    .key = world.ak.key,
	    .extensions = "[ext]\nextendedKeyUsage=2.23.133.8.3\nbasicConstraints=critical,CA:FALSE\n"
	                  "keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n"
	                  "subjectAltName=critical,dirName:tpm\n"
	                  "[tpm]\n1.2.23.133.2.1=id:4E544300\n2.2.23.133.2.2=NPCT75x\n3.2.23.133.2.3=id:00070002\n",
	    .not_before = clock_now() - 60,
	    .not_after = clock_now() + 3600,
	});
	bytes_clear(&statement.ak);
	unit_ok(certificate_encode(nameless, &statement.ak, &err), &err);
	X509_free(nameless);
	asked = world_answer(&account, &order, &statement);
	if (_i == 0) {
		challenge_fails(&asked, &account, &order,
		    "the AK certificate names no permanent identifier, so it proves nobody's name");
	} else {
		world_ask(&world, &asked, &answer);
		ck_assert_msg(answer.authorization.challenge_status == STATUS_VALID, "%.*s",
		    (int)answer.authorization.error.detail.size,
		    (const char *)answer.authorization.error.detail.data);
	}
	world_statement_clear(&statement);
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

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, sizeof table / sizeof table[0])

int
main(void)
{
	Suite *suite = suite_create("acme_keeper");
	TCase *tc = tcase_create("started");

	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 1);
	(void)forge_key(FORGE_P256, 2);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup_started, teardown);
	tcase_add_test(tc, story_from_account_to_revocation);
	tcase_add_test(tc, greeting_has_what_a_front_serves);
	tcase_add_loop_test(tc, challenge_forged_statement_is_refused_by_its_own_rule,
	    FORGE_CERTIFY_NONE + 1, FORGE_CERTIFY_FLAW_COUNT);
	tcase_add_test(tc, challenge_statement_for_another_order_is_refused);
	tcase_add_test(tc, challenge_statement_for_another_account_is_refused);
	LOOP(challenge_spoilt_answer_is_refused, spoils);
	tcase_add_test(tc, challenge_for_another_name_is_refused);
	tcase_add_test(tc, challenge_ak_certificate_of_another_ca_is_refused);
	tcase_add_test(tc, challenge_ak_certificate_as_ca_is_refused);
	tcase_add_test(tc, challenge_decided_is_not_decided_again);
	tcase_add_test(tc, challenge_answers_at_once_are_decided_once);
	LOOP(another_account_may_do_nothing, strangers);
	LOOP(what_is_not_there_is_not_found, strangers);
	tcase_add_test(tc, deactivated_account_may_do_nothing);
	tcase_add_test(tc, account_of_nobody_does_not_exist);
	tcase_add_test(tc, account_new_twice_is_the_same_account);
	tcase_add_test(tc, account_new_at_once_makes_one_account);
	LOOP(account_contact_that_cannot_be_is_refused, contacts);
	tcase_add_test(tc, key_change_moves_the_account_and_stops_at_a_key_in_use);
	tcase_add_test(tc, order_of_several_identifiers_has_subproblems);
	tcase_add_test(tc, finalize_before_ready_is_refused);
	tcase_add_test(tc, finalize_at_once_makes_one_certificate);
	tcase_add_test(tc, finalize_after_deactivation_is_refused);
	tcase_add_test(tc, finalize_honours_the_times_that_were_ordered);
	tcase_add_test(tc, revoke_by_those_who_may);
	tcase_add_test(tc, revoke_what_is_not_ours_is_not_found);
	tcase_add_test(tc, crl_lists_what_was_revoked);
	tcase_add_test(tc, octets_that_are_no_question_are_refused_and_the_next_is_answered);
	tcase_add_test(tc, what_was_answered_is_there_after_a_restart);
	suite_add_tcase(suite, tc);

	tc = tcase_create("configured");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, challenge_device_certificate_as_ak_certificate_is_refused);
	tcase_add_test(tc, challenge_key_type_that_the_policy_does_not_want_is_refused);
	LOOP(challenge_obeys_the_attestation_crl, attestation_crls);
	tcase_add_test(tc, finalize_after_the_ak_certificate_was_revoked_is_refused);
	tcase_add_test(tc, finalize_of_what_kept_no_chain_is_refused);
	tcase_add_loop_test(tc, challenge_ak_certificate_without_names_wants_configuration, 0, 2);
	tcase_add_test(tc, account_needs_the_terms_where_there_are_some);
	tcase_add_test(tc, accounts_of_an_hour_are_limited);
	tcase_add_test(tc, orders_list_has_pages_and_no_invalid_ones);
	LOOP(order_that_the_policy_does_not_want_is_refused, orders);
	tcase_add_test(tc, orders_of_an_hour_are_limited);
	tcase_add_test(tc, order_that_expired_is_invalid_and_does_nothing);
	LOOP(finalize_csr_that_asks_for_more_is_bad, csrs);
	tcase_add_test(tc, finalize_gives_the_names_and_usages_of_the_policy);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
