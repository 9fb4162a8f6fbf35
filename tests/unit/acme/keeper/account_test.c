/*
 * Accounts of the ACME server's keeper: made, changed, limited, deactivated, and moved
 * to another key.
 */
#include "config.h"

#include <stdio.h>

#include "acme_keeper_support.h"
#include "store/acme/acme.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/clock.h"

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
		if (kind == ACME_ACCOUNT_GET || kind == ACME_CERTIFICATE_REVOKE)
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

/* What changes the store on behalf of an account. */
static const enum acme_question_kind changes[] = {
    ACME_ACCOUNT_UPDATE, ACME_ACCOUNT_KEY_CHANGE, ACME_ORDER_NEW, ACME_ORDER_FINALIZE,
    ACME_AUTHORIZATION_DEACTIVATE, ACME_CHALLENGE_FAIL, ACME_CERTIFICATE_REVOKE,
};

/* A question that is granted when it is asked alone. */
static struct acme_question
change_of(enum acme_question_kind kind, const struct world_id *account,
    const struct world_order *order, struct view leaf)
{
	struct acme_question asked = question(kind, account, &order->id);

	if (kind == ACME_AUTHORIZATION_DEACTIVATE || kind == ACME_CHALLENGE_FAIL)
		asked.object = world_view(order->authorization.text);
	asked.flags = kind == ACME_ACCOUNT_UPDATE ? ACME_FLAG_TERMS_AGREED : 0;
	asked.jwk = world_view("{\"new\":1}");
	asked.thumbprint = world_view(world_thumbprint(2));
	asked.old_thumbprint = world_view(world_thumbprint(0));
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = kind == ACME_ORDER_NEW ? 1 : 0;
	asked.problem = (struct acme_problem){ERROR_MALFORMED, world_view("no")};
	asked.certificate = kind == ACME_CERTIFICATE_REVOKE ? leaf : (struct view){0};
	return asked;
}

/* Deactivates the account in the transaction that the test has open. */
static void
account_deactivate_in(struct store *store, const struct world_id *account)
{
	struct store_account found = {0};
	struct error         err = {0};

	unit_ok(store_account_find(store, account->text, &found, &err), &err);
	found.status = STATUS_DEACTIVATED;
	unit_ok(store_account_update(store, &found, STATUS_VALID, &err), &err);
	store_account_clear(&found);
}

/*
 * The test holds the store's lock, so that the change waits behind the look, which the answer to
 * a second question shows to be over: the account is deactivated between the two.
 */
START_TEST(account_deactivated_between_look_and_change_changes_nothing)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   done = world_order(&world, &account, NAME);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question get = question(ACME_ACCOUNT_GET, &account, NULL);
	struct acme_question asked;
	struct acme_answer   answer;
	struct store        *store = NULL;
	struct error         err = {0};
	AUTO_BYTES           leaf = {0};
	AUTO_BYTES           csr = {0};
	uint32_t             id;

	world_attest(&world, &account, 0, &done, NAME);
	(void)world_finalize(&world, &account, &done, NAME, &leaf);
	if (changes[_i] == ACME_ORDER_FINALIZE)
		world_attest(&world, &account, 0, &order, NAME);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = change_of(changes[_i], &account, &order, bytes_view(&leaf));
	asked.csr = bytes_view(&csr);
	unit_ok(store_acme_open(world.state_dir, &store, &err), &err);
	unit_ok(store_begin(store, &err), &err);
	id = world_send(&world, &asked);
	world_ask(&world, &get, &answer);
	ck_assert_int_eq((int)answer.account.status, STATUS_VALID);
	account_deactivate_in(store, &account);
	unit_ok(store_commit(store, &err), &err);
	world_receive(&world, id, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert_msg(answer.refusal.problem.kind == ERROR_ACCOUNT_DEACTIVATED, "%.*s",
	    (int)answer.refusal.problem.detail.size, (const char *)answer.refusal.problem.detail.data);
	store_close(store);
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

/* A front that leaves out what it has to send. */
START_TEST(account_new_without_key_or_thumbprint_is_malformed)
{
	static const char *const thumbprints[] = {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", "AAAA"};
	struct acme_question     asked = {.kind = ACME_ACCOUNT_NEW,
	        .jwk = world_view(_i == 0 ? "" : "{\"kty\":\"EC\"}"),
	        .thumbprint = world_view(thumbprints[_i])};

	world_refuses(&world, &asked, ERROR_MALFORMED, NULL);
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

#define SIXTY "123456789012345678901234567890123456789012345678901234567890"
#define FULL_ADDRESS "a@" SIXTY SIXTY SIXTY SIXTY "1234567.org1" /* 254 octets */
#define LONG_ADDRESS FULL_ADDRESS "2"

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
    {"nobody", ERROR_UNSUPPORTED_CONTACT},
    {"a@b@c", ERROR_INVALID_CONTACT},
    {"a@b,c@d", ERROR_INVALID_CONTACT},
    {"Ops <ops@example.org>", ERROR_INVALID_CONTACT},
    {"@example.org", ERROR_INVALID_CONTACT},
    {"sip:a@example.org", ERROR_UNSUPPORTED_CONTACT},
    {"https://a@example.org", ERROR_UNSUPPORTED_CONTACT},
    {"mailto:" LONG_ADDRESS, ERROR_INVALID_CONTACT},
    {LONG_ADDRESS, ERROR_INVALID_CONTACT},
};

/* step passes on what it is given. */
START_TEST(account_contact_that_is_an_address_is_kept_as_mailto)
{
	struct acme_question asked = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(0)),
	    .contacts = {world_view("ops@example.org"), world_view("MAILTO:b@example.org"),
	        world_view(FULL_ADDRESS)},
	    .contact_count = 3,
	};
	struct acme_answer answer;

	for (int again = 0; again < 2; again++) { /* as it is told, and as it is kept */
		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ACCOUNT);
		ck_assert_uint_eq(answer.account.contact_count, 3);
		ck_assert(view_equal(answer.account.contacts[0], world_view("mailto:ops@example.org")));
		ck_assert(view_equal(answer.account.contacts[1], world_view("MAILTO:b@example.org")));
		ck_assert(view_equal(answer.account.contacts[2], world_view("mailto:" FULL_ADDRESS)));
	}
}
END_TEST

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

/* Makes or finds the account of a key, asked for by `peer`. */
static struct world_id
account_from(const char *peer, size_t key)
{
	char                 thumbprint[44];
	struct acme_question asked = {.kind = ACME_ACCOUNT_NEW, .jwk = world_view("{}")};
	struct acme_answer   answer;

	(void)snprintf(thumbprint, sizeof thumbprint, "%043zu", key);
	asked.peer = world_view(peer);
	asked.thumbprint = world_view(thumbprint);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ACCOUNT);
	return world_id(answer.account.id);
}

/* What an account that is there can ask for. */
static bool
account_is_there(const struct world_id *account)
{
	struct acme_question asked = question(ACME_ACCOUNT_GET, account, NULL);
	struct acme_answer   answer;

	world_ask(&world, &asked, &answer);
	return answer.kind == ACME_ANSWER_ACCOUNT;
}

/* One address makes as many as an hour has, and more: it displaces only its own. */
START_TEST(accounts_of_an_hour_from_one_address_keep_nobody_out)
{
	struct world_id quiet;
	struct world_id first;
	struct world_id late;

	world.settings.policy.accounts_per_hour = 20;
	world_start(&world);
	quiet = account_from("192.0.2.1:1", 0);
	first = account_from("198.51.100.7:1", 1);
	for (size_t i = 2; i < 60; i++)
		(void)account_from("198.51.100.7:2", i);
	late = account_from("[2001:db8::1]:1", 100);
	ck_assert(account_is_there(&quiet));
	ck_assert(account_is_there(&late));
	ck_assert(!account_is_there(&first));
}
END_TEST

START_TEST(accounts_of_an_hour_those_that_attested_stay)
{
	struct acme_question asked = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(1)),
	};
	struct world_id    account;
	struct world_order order;

	world.settings.policy.accounts_per_hour = 1;
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	world_refuses(&world, &asked, ERROR_RATE_LIMITED, NULL);
	ck_assert(account_is_there(&account));
	(void)world_account(&world, 0); /* who has one still finds it */
}
END_TEST

/* The store counts them; who made them is not known any more. */
START_TEST(accounts_of_an_hour_are_limited_after_a_restart)
{
	struct acme_question asked = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(1)),
	};

	world.settings.policy.accounts_per_hour = 1;
	world_start(&world);
	(void)world_account(&world, 0);
	world_stop(&world);
	world_start(&world);
	world_refuses(&world, &asked, ERROR_RATE_LIMITED, NULL);
	(void)world_account(&world, 0);
}
END_TEST

/* All that are there were made so many seconds ago. */
static void
age(int64_t seconds)
{
	char sql[96];

	(void)snprintf(sql, sizeof sql, "UPDATE account SET created = %lld",
	    (long long)(clock_now() - seconds));
	ck_assert_int_eq(store_tamper_try(STORE_ACME, world.state_dir, sql), SQLITE_OK);
}

START_TEST(accounts_of_an_hour_count_for_an_hour)
{
	struct acme_question asked = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(1)),
	};

	world.settings.policy.accounts_per_hour = 1;
	world_start(&world);
	(void)world_account(&world, 0);
	world_stop(&world);
	age(3500);
	world_start(&world);
	world_refuses(&world, &asked, ERROR_RATE_LIMITED, NULL);
	age(3601);
	(void)world_account(&world, 1);
}
END_TEST

START_TEST(account_contacts_are_bounded_together)
{
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_ACCOUNT_UPDATE, &account, NULL);
	struct acme_question fresh = {
	    .kind = ACME_ACCOUNT_NEW,
	    .jwk = world_view("{}"),
	    .thumbprint = world_view(world_thumbprint(1)),
	};

	asked.flags = ACME_FLAG_CONTACTS;
	for (size_t i = 0; i < 2; i++)
		asked.contacts[i] = fresh.contacts[i] = world_view(FULL_ADDRESS);
	asked.contacts[2] = fresh.contacts[2] = world_view("a@b.c");
	asked.contact_count = fresh.contact_count = 3;
	world_refuses(&world, &asked, ERROR_INVALID_CONTACT,
	    "contacts of 513 octets; an account has at most 512");
	world_refuses(&world, &fresh, ERROR_INVALID_CONTACT,
	    "contacts of 513 octets; an account has at most 512");
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

int
main(void)
{
	Suite *suite = keeper_suite("acme_account");
	TCase *tc = keeper_case(suite, "started", setup_started);

	tcase_add_test(tc, deactivated_account_may_do_nothing);
	LOOP(account_deactivated_between_look_and_change_changes_nothing, changes);
	tcase_add_test(tc, account_of_nobody_does_not_exist);
	tcase_add_test(tc, account_new_twice_is_the_same_account);
	tcase_add_loop_test(tc, account_new_without_key_or_thumbprint_is_malformed, 0, 3);
	tcase_add_test(tc, account_new_at_once_makes_one_account);
	tcase_add_test(tc, account_contact_that_is_an_address_is_kept_as_mailto);
	LOOP(account_contact_that_cannot_be_is_refused, contacts);
	tcase_add_test(tc, account_contacts_are_bounded_together);
	tcase_add_test(tc, key_change_moves_the_account_and_stops_at_a_key_in_use);

	tc = keeper_case(suite, "configured", setup);
	tcase_add_test(tc, account_needs_the_terms_where_there_are_some);
	tcase_add_test(tc, accounts_of_an_hour_from_one_address_keep_nobody_out);
	tcase_add_test(tc, accounts_of_an_hour_those_that_attested_stay);
	tcase_add_test(tc, accounts_of_an_hour_are_limited_after_a_restart);
	tcase_add_test(tc, accounts_of_an_hour_count_for_an_hour);
	return unit_run(suite);
}
