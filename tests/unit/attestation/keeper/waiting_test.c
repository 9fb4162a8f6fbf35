/*
 * The waiting list before a front that somebody else controls: who breaks no rule is
 * listed, and has nothing of it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "attestation/keeper/peer.h"
#include "attestation/keeper/throttle.h"
#include "keeper_world.h"
#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/inventory/waiting.h"
#include "store/inventory/waiting_shares.h"

static void
setup(void)
{
	world_prepare();
	world_start();
}

static void
setup_list_off(void)
{
	setup();
	fixture.settings.waiting_max = 0; /* nobody has asked yet */
}

/* A machine that nobody has enrolled. */
struct stranger {
	struct forge_ek         ek;
	struct ek_hash          hash;
	struct attestation_question question; /* to be sent as it is */
};

static void
stranger_ask_for(struct stranger *stranger, struct view peer)
{
	stranger->hash = hash_of(&stranger->ek);
	stranger->question = challenge_question();
	stranger->question.peer = peer;
	stranger->question.challenge.ek = bytes_view(&stranger->ek.spki);
	stranger->question.challenge.ek_public = bytes_view(&stranger->ek.public);
}

static void
stranger_make(struct stranger *stranger, struct view peer)
{
	*stranger = (struct stranger){0};
	forge_ek_make(FORGE_P256, &stranger->ek);
	stranger_ask_for(stranger, peer);
}

/* Asks as the stranger does; returns how he is refused. */
static enum error_kind
stranger_ask(const struct stranger *stranger, struct error *err)
{
	struct attestation_answer answer;
	AUTO_BYTES            body = {0};

	ck_assert_int_eq(ask(fixture.front, &stranger->question, &body, &answer, err), -1);
	ck_assert_ptr_null(answer.first.data);
	return err->kind;
}

/* One of as many EKs as software likes to make. */
static enum error_kind
stranger_make_and_ask(struct stranger *stranger, struct view peer, struct error *err)
{
	enum error_kind kind;

	*stranger = (struct stranger){.ek = {.key = EVP_EC_gen("P-256")}};
	forge_spki(stranger->ek.key, &stranger->ek.spki);
	stranger_ask_for(stranger, peer);
	kind = stranger_ask(stranger, err);
	EVP_PKEY_free(stranger->ek.key);
	forge_ek_clear(&stranger->ek);
	return kind;
}

/* What the store knows of him; false when he is not on the list. */
static bool
stranger_find(const struct stranger *stranger, struct store_waiting *entry)
{
	struct store *store = NULL;
	struct error  err = {0};
	int           rc;

	unit_ok(store_open(fixture.directory, &store, &err), &err);
	rc = store_waiting_find(store, stranger->hash.bytes, entry, &err);
	store_close(store);
	return rc == 0;
}

/* The front has cleaned it, but who has taken the front over has not. */
START_TEST(stranger_wish_is_listed_cleaned)
{
	struct stranger      stranger;
	struct store_waiting entry;
	struct error         err = {0};

	stranger_make(&stranger, VIEW("192.0.2.1:51442"));
	stranger.question.challenge.wish = VIEW(" Zo\xc3\xab's\x1b[2J\xff\0 ");
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_ENROLMENT_WAITS);
	ck_assert(stranger_find(&stranger, &entry));
	ck_assert_str_eq(entry.wish, "Zo\xc3\xab's[2J");
	forge_ek_clear(&stranger.ek);
}
END_TEST

START_TEST(challenge_stranger_is_listed_and_gets_nothing)
{
	struct stranger      stranger;
	struct store_waiting entry;
	AUTO_BYTES           secret = {0};
	struct error         err = {0};

	stranger_make(&stranger, VIEW("[2001:db8:0:1:2:3:4:5]:4711"));
	stranger.question.challenge.model = VIEW("toaster\033[31m \n\n 9000\0\0");
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_ENROLMENT_WAITS);
	ck_assert(stranger_find(&stranger, &entry));
	ck_assert_str_eq(entry.peer, "[2001:db8:0:1:2:3:4:5]");
	ck_assert_str_eq(entry.source, "2001:db8:0:1::/64");
	ck_assert_str_eq(entry.evidence.manufacturer, "id:49424D00");
	ck_assert_str_eq(entry.evidence.model, "toaster[31m 9000");
	ck_assert_int_eq(entry.evidence.verdict, STORE_VERDICT_ABSENT);
	ck_assert_int_eq(entry.times, 1);
	/* Again, and again from elsewhere: the first is only counted. */
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_ENROLMENT_WAITS);
	ck_assert(stranger_find(&stranger, &entry) && entry.times == 1);
	stranger.question.peer = VIEW("192.0.2.7:4711");
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_ENROLMENT_WAITS);
	ck_assert(stranger_find(&stranger, &entry) && entry.times == 3);
	ck_assert_str_eq(entry.peer, "192.0.2.7");
	/* Being on the list opened nothing for anybody: the enrolled one still works. */
	secret_get(fixture.front, &secret);
	forge_ek_clear(&stranger.ek);
}
END_TEST

static bool
peer_cb(const struct audit_entry *entry, void *arg)
{
	if (strcmp(entry->action, "wait") == 0)
		(void)snprintf(arg, PEER_SIZE, "%s", entry->peer);
	return true;
}

/* Both are written by one thread, with one store. */
START_TEST(challenge_strangers_are_on_record_with_their_own_peers)
{
	static const struct view peers[] = {VIEW("192.0.2.1:1001"), VIEW("198.51.100.2:1002")};
	struct stranger          strangers[2];
	struct error             err = {0};
	struct store            *store = NULL;

	for (size_t i = 0; i < 2; i++) {
		strangers[i] = (struct stranger){.ek = {.key = EVP_EC_gen("P-256")}};
		forge_spki(strangers[i].ek.key, &strangers[i].ek.spki);
		stranger_ask_for(&strangers[i], peers[i]);
		ck_assert_int_eq(stranger_ask(&strangers[i], &err), ERROR_ENROLMENT_WAITS);
	}
	unit_ok(store_open(fixture.directory, &store, &err), &err);
	for (size_t i = 0; i < 2; i++) {
		struct audit_filter filter = {.ek_hash = strangers[i].hash.bytes};
		char                peer[PEER_SIZE] = "";

		unit_ok(store_audit_list(store, &filter, peer_cb, peer, &err), &err);
		ck_assert(view_equal(view_text(peer), peers[i]));
		EVP_PKEY_free(strangers[i].ek.key);
		forge_ek_clear(&strangers[i].ek);
	}
	store_close(store);
}
END_TEST

START_TEST(challenge_stranger_that_is_approved_gets_a_credential)
{
	struct stranger       stranger;
	struct store_device   device = {0};
	struct store         *store = NULL;
	struct attestation_answer answer;
	AUTO_BYTES            body = {0};
	AUTO_BYTES            secret = {0};
	struct error          err = {0};

	stranger_make(&stranger, VIEW("192.0.2.7:4711"));
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_ENROLMENT_WAITS);
	memcpy(device.ek_hash, stranger.hash.bytes, sizeof device.ek_hash);
	unit_ok(store_open(fixture.directory, &store, &err), &err);
	unit_ok(store_waiting_approve(store, &device, false, clock_now(), &err), &err);
	store_close(store);
	unit_ok(ask(fixture.front, &stranger.question, &body, &answer, &err), &err);
	ck_assert(forge_activate(&stranger.ek, &fixture.ak.name, answer.first, answer.second, &secret));
	forge_ek_clear(&stranger.ek);
}
END_TEST

START_TEST(challenge_stranger_that_was_denied_is_told_and_not_counted)
{
	struct stranger      stranger;
	struct store_waiting entry;
	struct store        *store = NULL;
	struct error         err = {0};

	stranger_make(&stranger, VIEW("192.0.2.7:4711"));
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_ENROLMENT_WAITS);
	unit_ok(store_open(fixture.directory, &store, &err), &err);
	unit_ok(store_waiting_deny(store, stranger.hash.bytes, clock_now(), &err), &err);
	store_close(store);
	stranger.question.peer = VIEW("192.0.2.8:4711");
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_ENROLMENT_DENIED);
	ck_assert_ptr_nonnull(strstr(err.detail, "is not enrolled: it was denied"));
	ck_assert(stranger_find(&stranger, &entry) && entry.times == 1);
	ck_assert_str_eq(entry.peer, "192.0.2.7");
	forge_ek_clear(&stranger.ek);
}
END_TEST

/* Whoever breaks a rule is told which, and is not listed. */
START_TEST(challenge_stranger_with_flaw_is_not_listed)
{
	struct stranger      stranger;
	struct forge_ak      forged = {0};
	struct store_waiting entry;
	struct error         err = {0};

	stranger_make(&stranger, VIEW("192.0.2.7:4711"));
	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NO_RESTRICTED, &forged);
	stranger.question.challenge.ak_public = bytes_view(&forged.public);
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_BAD_ATTESTATION);
	ck_assert(!stranger_find(&stranger, &entry));
	forge_ak_clear(&forged);
	forge_ek_clear(&stranger.ek);
}
END_TEST

/* One address can have so many listed at once; another is not kept from it. */
START_TEST(challenge_flood_of_strangers_is_held_back)
{
	struct stranger      stranger;
	struct store_waiting entry;
	struct error         err = {0};
	size_t               listed = 0;

	while (stranger_make_and_ask(&stranger, VIEW("192.0.2.7:4711"), &err) == ERROR_ENROLMENT_WAITS)
		listed++;
	ck_assert_int_eq(err.kind, ERROR_NOT_ENROLLED);
	ck_assert_ptr_nonnull(strstr(err.detail, "nor listed, for too many ask"));
	ck_assert(!stranger_find(&stranger, &entry));
	ck_assert_uint_ge(listed, THROTTLE_SOURCE_BURST);
	ck_assert_int_eq(stranger_make_and_ask(&stranger, VIEW("192.0.2.8:4711"), &err),
	    ERROR_ENROLMENT_WAITS);
	ck_assert(stranger_find(&stranger, &entry));
}
END_TEST

/* Who asked has gone before his place on the list is on disk. */
START_TEST(challenge_stranger_that_goes_harms_nothing)
{
	struct stranger stranger;
	AUTO_BYTES      encoded = {0};
	AUTO_BYTES      secret = {0};

	stranger_make(&stranger, VIEW("192.0.2.7:4711"));
	attestation_question_encode(&stranger.question, &encoded);
	for (int i = 0; i < 10; i++) {
		front_send(fixture.front, CHANNEL_ASK, 4000, bytes_view(&encoded));
		(void)close(fixture.front);
		fixture.front = front_attach();
	}
	secret_get(fixture.front, &secret);
	front_send(fixture.front, CHANNEL_ASK, 4001, bytes_view(&encoded));
	forge_ek_clear(&stranger.ek);
}
END_TEST

START_TEST(challenge_stranger_with_the_list_off_is_refused_only)
{
	struct stranger      stranger;
	struct store_waiting entry;
	struct error         err = {0};

	stranger_make(&stranger, VIEW("192.0.2.7:4711"));
	ck_assert_int_eq(stranger_ask(&stranger, &err), ERROR_NOT_ENROLLED);
	ck_assert_ptr_nonnull(strstr(err.detail, "an administrator can run: attest-ca --state-dir /"));
	ck_assert_ptr_nonnull(strstr(err.detail, " enroll "));
	ck_assert(!stranger_find(&stranger, &entry));
	forge_ek_clear(&stranger.ek);
}
END_TEST

/* A list of one, which is of a machine whose certificate was verified: nobody else gets on it. */
START_TEST(challenge_stranger_of_a_list_that_is_full_is_told)
{
	struct waiting_shares *shares = waiting_shares_new();
	struct store_waiting   verified = {.ek_hash = {1}, .peer = "192.0.2.1:1", .source = "192.0.2.1", .first_seen = 1,
	      .last_seen = clock_now(), .times = 1, .evidence = {.verdict = STORE_VERDICT_VERIFIED}};
	struct store_waiting   entry;
	struct stranger        stranger;
	struct store          *store = NULL;
	struct error           err = {0};
	bool                   denied;

	unit_ok(store_open(fixture.directory, &store, &err), &err);
	unit_ok(store_waiting_add(store, &verified, 1, clock_now(), shares, &denied, &err), &err);
	waiting_shares_free(shares);
	store_close(store);
	world_start();
	fixture.settings.waiting_max = 1; /* nobody has asked yet */
	stranger_make(&stranger, VIEW("198.51.100.7:5"));
	ck_assert_int_eq((int)stranger_ask(&stranger, &err), ERROR_NOT_ENROLLED);
	ck_assert(!stranger_find(&stranger, &entry));
	forge_ek_clear(&stranger.ek);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("waiting");
	TCase *tc = tcase_create("waiting");

	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 1);
	(void)forge_key(FORGE_RSA2048, 3);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, world_end);
	tcase_add_test(tc, stranger_wish_is_listed_cleaned);
	tcase_add_test(tc, challenge_stranger_is_listed_and_gets_nothing);
	tcase_add_test(tc, challenge_strangers_are_on_record_with_their_own_peers);
	tcase_add_test(tc, challenge_stranger_that_is_approved_gets_a_credential);
	tcase_add_test(tc, challenge_stranger_that_was_denied_is_told_and_not_counted);
	tcase_add_test(tc, challenge_stranger_with_flaw_is_not_listed);
	tcase_add_test(tc, challenge_flood_of_strangers_is_held_back);
	tcase_add_test(tc, challenge_stranger_that_goes_harms_nothing);
	suite_add_tcase(suite, tc);
	tc = tcase_create("list_off");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup_list_off, world_end);
	tcase_add_test(tc, challenge_stranger_with_the_list_off_is_refused_only);
	suite_add_tcase(suite, tc);
	tc = tcase_create("list_full");
	tcase_add_checked_fixture(tc, world_prepare, world_end);
	tcase_add_test(tc, challenge_stranger_of_a_list_that_is_full_is_told);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
