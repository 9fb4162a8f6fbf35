/* What a question gets: the word of its look, of its change, and of what follows the commit. */
#include "config.h"

#include <sys/resource.h>

#include <signal.h>

#include "call_world.h"

/* ---- the front ---- */

static bool
nothing_is_said(void)
{
	char octet;

	return recv(fixture.front, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

/* ---- answered or refused by the look ---- */

START_TEST(ask_answered_by_the_look_changes_nothing)
{
	ask("read", 1);
	assert_answer(1, "read");
	ck_assert(!present(1));
}
END_TEST

START_TEST(ask_that_cannot_be_decoded_is_refused)
{
	front_send(fixture.front, CHANNEL_ASK, 9, view_text("longer"));
	assert_answer(9, "malformed: no question");
	front_send(fixture.front, CHANNEL_ASK, 9, view_text("\xff\x01"));
	assert_answer(9, "malformed: no question");
}
END_TEST

START_TEST(ask_refused_by_the_look_changes_nothing)
{
	ask("no", 1);
	assert_answer(1, "notEnrolled: not you");
	ck_assert(!present(1));
}
END_TEST

START_TEST(ask_refused_with_more_than_a_sentence_says_that)
{
	ask("long-no", 1);
	assert_answer(1, "at length");
}
END_TEST

START_TEST(ask_that_fails_inside_tells_no_detail)
{
	ask("broken", 1);
	assert_answer(1, "serverInternal: the server failed; its log says why");
}
END_TEST

/* ---- changed by the writer ---- */

static bool
actor_cb(const struct audit_entry *entry, void *arg)
{
	bool *found = arg;

	*found = strcmp(entry->actor, "test") == 0 && strcmp(entry->peer, "192.0.2.1") == 0 &&
	    strcmp(entry->request, "1") == 0;
	return true;
}

START_TEST(ask_changed_is_on_disk_when_it_is_answered)
{
	struct audit_filter filter = {0};
	struct store       *store = NULL;
	struct error        err = {0};
	bool                found = false;

	ask("write", 1);
	assert_answer(1, "written");
	ck_assert(present(1));
	unit_ok(store_open(fixture.directory, &store, &err), &err);
	unit_ok(store_audit_list(store, &filter, actor_cb, &found, &err), &err);
	store_close(store);
	ck_assert(found);
}
END_TEST

START_TEST(ask_refused_by_the_change_is_undone)
{
	ask("undone", 1);
	assert_answer(1, "rateLimited: on second thoughts");
	ck_assert(!present(1));
}
END_TEST

/* The first is carried out, and the second, of the same transaction, is not yet. */
START_TEST(ask_says_nothing_before_the_commit)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	ask("write", 2); /* these two gather while the writer is held */
	ask("held", 3);
	ask("read", 4); /* and this says that the worker has taken them */
	assert_answer(4, "read");
	(void)sem_post(&fixture.release);
	assert_answer(1, "written");
	(void)sem_wait(&fixture.entered);
	ck_assert(nothing_is_said());
	ck_assert(!present(2));
	(void)sem_post(&fixture.release);
	assert_answer(2, "written");
	assert_answer(3, "written");
	ck_assert(present(2));
}
END_TEST

#define DEVICE_2 "0200000000000000000000000000000000000000000000000000000000000000"

START_TEST(ask_that_fails_beside_others_is_refused_alone)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	ask("write", 2);
	ask("undone", 3);
	ask("write", 102); /* which is there by then */
	ask("read", 4);
	assert_answer(4, "read");
	(void)sem_post(&fixture.release);
	assert_answer(1, "written");
	assert_answer(2, "written");
	assert_answer(3, "rateLimited: on second thoughts");
	assert_answer(102, "conflict: EK " DEVICE_2 " is enrolled already; see \"attest-ca show " DEVICE_2 "\"");
	ck_assert(present(2));
	ck_assert(!present(3));
}
END_TEST

/* Nothing can be written from now on: what a full disk does. */
static void
disk_limit(rlim_t octets)
{
	struct rlimit limit = {octets, RLIM_INFINITY};

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(ask_whose_commit_fails_is_refused)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	disk_limit(4096);
	(void)sem_post(&fixture.release);
	assert_answer(1, "serverInternal: the server failed; its log says why");
	disk_limit(RLIM_INFINITY);
	ck_assert(!present(1));
	ask("write", 2);
	assert_answer(2, "written");
}
END_TEST

/* ---- what is left to do after the commit ---- */

START_TEST(told_runs_after_the_commit_and_its_word_counts)
{
	ask("told", 1);
	assert_answer(1, "notEnrolled: told: committed");
	ck_assert(present(1));
}
END_TEST

START_TEST(told_runs_after_a_refusal_and_its_word_counts)
{
	ask("refused-and-told", 1);
	assert_answer(1, "overloaded: told: refused");
	ck_assert(!present(1));
}
END_TEST

/* ---- changes that nobody waits for ---- */

static int
alone_change(struct call *call, struct store *store, struct error *err)
{
	const uint8_t      *number = call->state;
	struct store_device device = {.ek_hash = {*number}};

	ck_assert_ptr_null(call->worker);
	ck_assert_ptr_null(call->asked);
	return store_device_enroll(store, &device, clock_now(), err);
}

static int
alone_told(struct call *call, int rc, struct error *err)
{
	const uint8_t *number = call->state;

	(void)err;
	ck_assert(present(*number));
	fixture.told_rc = rc;
	fixture.told++;
	return rc;
}

static const struct call_operation alone = {
    .name = "alone",
    .state_size = 1,
    .change = alone_change,
    .told = alone_told,
};

START_TEST(submit_is_carried_out_with_a_copy_of_the_state)
{
	struct call_asker asker = {.request = "1", .kind = "peer", .name = "192.0.2.1"};
	uint8_t           number = 7;

	call_submit(&service, fixture.writer, &alone, &asker, &number);
	number = 8;
	stop();
	ck_assert_int_eq(fixture.told, 1);
	ck_assert_int_eq(fixture.told_rc, 0);
	ck_assert(present(7));
	ck_assert(!present(8));
}
END_TEST

START_TEST(submit_that_fails_is_told)
{
	uint8_t number = 7;

	call_submit(&service, fixture.writer, &alone, NULL, &number);
	call_submit(&service, fixture.writer, &alone, NULL, &number);
	stop();
	ck_assert_int_eq(fixture.told, 2);
	ck_assert_int_eq(fixture.told_rc, -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("call");
	TCase *tc = call_case(suite, "look");

	tcase_add_test(tc, ask_answered_by_the_look_changes_nothing);
	tcase_add_test(tc, ask_that_cannot_be_decoded_is_refused);
	tcase_add_test(tc, ask_refused_by_the_look_changes_nothing);
	tcase_add_test(tc, ask_refused_with_more_than_a_sentence_says_that);
	tcase_add_test(tc, ask_that_fails_inside_tells_no_detail);
	tc = call_case(suite, "change");
	tcase_add_test(tc, ask_changed_is_on_disk_when_it_is_answered);
	tcase_add_test(tc, ask_refused_by_the_change_is_undone);
	tcase_add_test(tc, ask_says_nothing_before_the_commit);
	tcase_add_test(tc, ask_that_fails_beside_others_is_refused_alone);
	tcase_add_test(tc, ask_whose_commit_fails_is_refused);
	tc = call_case(suite, "told");
	tcase_add_test(tc, told_runs_after_the_commit_and_its_word_counts);
	tcase_add_test(tc, told_runs_after_a_refusal_and_its_word_counts);
	tc = call_case(suite, "submit");
	tcase_add_test(tc, submit_is_carried_out_with_a_copy_of_the_state);
	tcase_add_test(tc, submit_that_fails_is_told);
	return unit_run(suite);
}
