/* Machines that enrol themselves under a name that is taken, or after they were removed. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>

#include "keeper_ek_world.h"
#include "store/inventory/certificate.h"
#include "store/inventory/waiting_shares.h"

/* ---- machines that enrol themselves ---- */

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

int
main(void)
{
	Suite *suite = suite_create("keeper_enroll_name");
	TCase *enroll_itself = tcase_create("enroll");

	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 3);
	tcase_set_timeout(enroll_itself, 60);
	tcase_add_checked_fixture(enroll_itself, setup, teardown);
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
	suite_add_tcase(suite, enroll_itself);
	return unit_run(suite);
}
