#include "config.h"

#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store_fixture.h"
#include "store_tamper.h"
#include "util/bytes.h"
#include "util/file.h"
#include "util/identifier.h"

#define NOW 1000000

/* Runs SQL on the file behind the store's back; SQLITE_OK or what it failed with. */
static int
meddle(const char *sql)
{
	return store_tamper_try(STORE_INVENTORY, directory, sql);
}

/* What somebody can do who is not kept by triggers. */
static void
tamper(const char *sql)
{
	ck_assert_int_eq(meddle("DROP TRIGGER IF EXISTS audit_only_grows;"
	                        "DROP TRIGGER IF EXISTS audit_is_kept;"
	                        "DROP TRIGGER IF EXISTS audit_cut_only_grows"),
	    SQLITE_OK);
	ck_assert_int_eq(meddle(sql), SQLITE_OK);
}

static void
add_at(enum audit_action action, uint8_t first, const char *detail, int64_t at)
{
	uint8_t hash[STORE_HASH_SIZE] = {first};

	unit_ok(store_audit_add(store, action, first != 0 ? hash : NULL, "done", detail, at, &err),
	    &err);
}

/* Entries 1 to `count`, a second each from NOW. */
static void
add_many(int count)
{
	for (int i = 0; i < count; i++)
		add_at(AUDIT_SET, (uint8_t)(i % 3), "detail", NOW + i);
}

static int64_t
verify(const uint8_t *expect, uint8_t head[32])
{
	uint8_t ignored[32];
	int64_t count;

	unit_ok(store_audit_verify(store, expect, &count, head != NULL ? head : ignored, &err), &err);
	return count;
}

/* The chain does not hold: `wanted` stands behind the store's place. */
static void
verify_fails(const uint8_t *expect, const char *wanted)
{
	uint8_t head[32];
	int64_t count;
	char    detail[SCRATCH_SIZE + 256];

	(void)snprintf(detail, sizeof detail, "%s: %s", store_place(store), wanted);
	unit_fails(store_audit_verify(store, expect, &count, head, &err), &err, ERROR_INTERNAL, detail);
}

/* What a listing saw. */
struct seen {
	char    names[1024 + 1]; /* of the last entry */
	char    text[1024]; /* numbers */
	char    last[1024]; /* fields of the last entry */
	uint8_t hash[32];
	size_t  stop; /* after as many; 0: never */
	size_t  count;
};

static bool
see_cb(const struct audit_entry *entry, void *arg)
{
	struct seen *seen = arg;
	size_t       length = strlen(seen->text);

	(void)snprintf(seen->text + length, sizeof seen->text - length, "%s%d",
	    length > 0 ? " " : "", (int)entry->id);
	(void)snprintf(seen->last, sizeof seen->last, "%d|%s|%s|%s|%s|%d|%s|%s", (int)entry->at,
	    entry->actor, entry->peer, entry->request, entry->action,
	    entry->ek_hash != NULL ? entry->ek_hash[0] : -1, entry->outcome, entry->detail);
	(void)snprintf(seen->names, sizeof seen->names, "%s", entry->names);
	memcpy(seen->hash, entry->hash, sizeof seen->hash);
	return ++seen->count != seen->stop;
}

static struct seen
list(const struct audit_filter *filter)
{
	struct seen seen = {0};

	unit_ok(store_audit_list(store, filter, see_cb, &seen, &err), &err);
	return seen;
}

static void
listed(const struct audit_filter *filter, const char *wanted)
{
	struct seen seen = list(filter);

	ck_assert_str_eq(seen.text, wanted);
}

/* Adding. */

START_TEST(add_keeps_every_field)
{
	static const struct store_actor actor = {"attestd", "192.0.2.1:5", "7f-1"};

	store_actor_set(store, &actor);
	add_at(AUDIT_CERTIFY, 9, "serial \x1b[31m 01", NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).last,
	    "1000000|attestd|192.0.2.1:5|7f-1|certify|9|done|serial \x1b[31m 01");
	add_at(AUDIT_TRUST_IMPORT, 0, NULL, NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).last,
	    "1000000|attestd|192.0.2.1:5|7f-1|trust import|-1|done|");
}
END_TEST

START_TEST(add_without_actor_is_the_users)
{
	char wanted[64];
	int  length = snprintf(wanted, sizeof wanted, "1000000|uid %u", (unsigned)getuid());

	ck_assert_int_eq(unsetenv("SUDO_UID"), 0);
	add_at(AUDIT_SET, 0, "", NOW);
	ck_assert_int_eq(strncmp(list(&(struct audit_filter){0}).last, wanted, (size_t)length), 0);
	ck_assert_ptr_null(strstr(list(&(struct audit_filter){0}).last, "sudo"));
}
END_TEST

/* SUDO_UID, and how the actor ends. */
static const struct {
	const char *sudo;
	const char *wanted;
} sudos[] = {
    {"4000000001", ", sudo by uid 4000000001|"},
    {"0", ", sudo by uid 0 (root)|"},
    {"", NULL},
    {"-1", NULL},
    {" 1", NULL},
    {"1x", NULL},
    {"4294967296", NULL},
    {"99999999999", NULL},
};

START_TEST(add_by_sudo_names_both)
{
	struct seen seen;

	ck_assert_int_eq(setenv("SUDO_UID", sudos[_i].sudo, 1), 0);
	add_at(AUDIT_SET, 0, "", NOW);
	ck_assert_int_eq(unsetenv("SUDO_UID"), 0);
	seen = list(&(struct audit_filter){0});
	if (sudos[_i].wanted != NULL)
		ck_assert_ptr_nonnull(strstr(seen.last, sudos[_i].wanted));
	else
		ck_assert_ptr_null(strstr(seen.last, "sudo"));
}
END_TEST

START_TEST(actor_set_to_nobody_is_the_users_again)
{
	static const struct store_actor actor = {"attestd", "192.0.2.1:5", "7f-1"};

	store_actor_set(store, &actor);
	store_actor_set(store, &(struct store_actor){0});
	add_at(AUDIT_SET, 0, "", NOW);
	ck_assert_ptr_nonnull(strstr(list(&(struct audit_filter){0}).last, "|uid "));
	ck_assert_ptr_nonnull(strstr(list(&(struct audit_filter){0}).last, "|||set|"));
}
END_TEST

/* Fills a text of `size` octets from a character. */
static void
fill(char *text, size_t size, const char *character)
{
	size_t length = strlen(character);

	text[0] = 'x';
	for (size_t i = 1; i < size; i++)
		text[i] = character[(i - 1) % length];
	text[size] = '\0';
}

/* A character, how long the actor and the detail become of one octet and many of it. */
static const struct {
	const char *character;
	size_t      actor;
	size_t      detail;
} cuts[] = {
    {"a", 128, 512},
    {"\xc3\xa9", 127, 511},
    {"\xe2\x82\xac", 127, 511}, /* 1 + 42 * 3, 1 + 170 * 3 */
    {"\xf0\x9f\x98\x80", 125, 509},
};

START_TEST(add_long_text_is_cut_between_characters)
{
	char               text[2048];
	char               wanted[2048];
	struct store_actor actor = {text, text, text};

	fill(text, sizeof text - 1, cuts[_i].character);
	store_actor_set(store, &actor);
	unit_ok(store_audit_add(store, AUDIT_SET, NULL, text, text, NOW, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "1000000|%.*s|%.*s|%.*s|set|-1|%.*s|%.*s",
	    (int)cuts[_i].actor, text, (int)cuts[_i].actor, text, (int)cuts[_i].actor, text,
	    (int)cuts[_i].actor, text, (int)cuts[_i].detail, text);
	ck_assert_int_eq(strncmp(list(&(struct audit_filter){0}).last, wanted, 1023), 0);
	ck_assert_int_eq(verify(NULL, NULL), 1);
}
END_TEST

START_TEST(add_text_that_fits_is_kept_whole)
{
	char text[513];
	char wanted[1024];

	fill(text, 512, "a");
	unit_ok(store_audit_add(store, AUDIT_SET, NULL, "done", text, NOW, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "|done|%s", text);
	ck_assert_ptr_nonnull(strstr(list(&(struct audit_filter){0}).last, wanted));
}
END_TEST

START_TEST(add_in_a_transaction_goes_with_it)
{
	unit_ok(store_begin(store, &err), &err);
	add_many(2);
	store_rollback(store);
	listed(&(struct audit_filter){0}, "");
	unit_ok(store_begin(store, &err), &err);
	add_many(1);
	unit_ok(store_mark(store, &err), &err);
	add_many(1);
	store_release(store, false);
	add_many(1);
	unit_ok(store_commit(store, &err), &err);
	listed(&(struct audit_filter){0}, "1 2");
	ck_assert_int_eq(verify(NULL, NULL), 2);
}
END_TEST

START_TEST(add_of_two_writers_is_one_chain)
{
	struct store *other = NULL;

	unit_ok(store_open(directory, &other, &err), &err);
	for (int i = 0; i < 4; i++)
		unit_ok(store_audit_add(i % 2 == 0 ? store : other, AUDIT_SET, NULL, "done", "", NOW,
		            &err),
		    &err);
	store_close(other);
	ck_assert_int_eq(verify(NULL, NULL), 4);
}
END_TEST

START_TEST(device_changes_are_on_record)
{
	char               *names[] = {(char[]){"laptop"}, (char[]){"spare"}};
	struct store_device device = {.ek_hash = {7}, .names = names, .name_count = 2};

	store_actor_set(store, &(struct store_actor){"somebody", NULL, NULL});
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).last,
	    "1000000|somebody|||enroll|7|done|as laptop and 1 more");
	ck_assert_int_eq(store_device_enroll(store, &device, NOW, &err), -1);
	unit_ok(store_device_remove(store, device.ek_hash, NOW + 1, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).last,
	    "1000001|somebody|||remove|7|done|certificates revoked: 0");
	ck_assert_int_eq(store_device_remove(store, device.ek_hash, NOW, &err), -1);
	listed(&(struct audit_filter){0}, "1 2");
}
END_TEST

START_TEST(names_are_those_at_the_time_of_the_act)
{
	char               *names[] = {(char[]){"laptop"}, (char[]){"spare"}};
	const char         *others[] = {"desk"};
	struct store_device device = {.ek_hash = {7}, .names = names, .name_count = 2};
	struct store_edit   edit = {.set_names = true, .names = others, .name_count = 1};
	size_t              revoked;

	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "laptop\nspare");
	unit_ok(store_device_set(store, device.ek_hash, &edit, NOW, &revoked, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "laptop\nspare");
	add_at(AUDIT_CERTIFY, 7, "", NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "desk");
	unit_ok(store_device_remove(store, device.ek_hash, NOW, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "desk");
	add_at(AUDIT_WAIT, 7, "", NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "");
	add_at(AUDIT_TRUST_IMPORT, 0, "", NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "");
	ck_assert_int_eq(verify(NULL, NULL), 6);
}
END_TEST

/* Of a device that was read before the entry is the same, and the chain holds. */
START_TEST(names_of_a_device_that_was_read_are_the_same)
{
	static char         texts[STORE_DEVICE_NAMES_MAX][200];
	char               *names[STORE_DEVICE_NAMES_MAX];
	struct store_device device = {.ek_hash = {7}, .names = names};
	struct store_device read;
	char                found[sizeof(struct seen)];
	int64_t             count;
	uint8_t             head[32];

	for (size_t i = 0; i < STORE_DEVICE_NAMES_MAX; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "%u-%0180d", (unsigned)i, 1);
		names[i] = texts[i];
	}
	device.name_count = _i == 0 ? 0 : _i == 1 ? 2 : STORE_DEVICE_NAMES_MAX;
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	unit_ok(store_device_find(store, device.ek_hash, &read, &err), &err);
	unit_ok(store_audit_add(store, AUDIT_CERTIFY, device.ek_hash, "done", "", NOW, &err), &err);
	(void)snprintf(found, sizeof found, "%s", list(&(struct audit_filter){0}).names);
	unit_ok(store_audit_add_of(store, AUDIT_CERTIFY, &read, "done", "", NOW, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, found);
	ck_assert_uint_eq(list(&(struct audit_filter){.ek_hash = device.ek_hash}).count, 3);
	unit_ok(store_audit_verify(store, NULL, &count, head, &err), &err);
	ck_assert_int_eq(count, 3);
	store_device_clear(&read);
}
END_TEST

START_TEST(names_that_do_not_fit_are_said_to_be_more)
{
	char                texts[STORE_DEVICE_NAMES_MAX][IDENTIFIER_MAX + 1];
	char               *names[STORE_DEVICE_NAMES_MAX];
	struct store_device device = {.ek_hash = {7}, .names = names, .name_count = STORE_DEVICE_NAMES_MAX};
	struct seen         seen;
	size_t              length;

	for (size_t i = 0; i < STORE_DEVICE_NAMES_MAX; i++) {
		memset(texts[i], 'a' + (int)i % 26, IDENTIFIER_MAX);
		texts[i][0] = (char)('A' + i / 26);
		texts[i][IDENTIFIER_MAX] = '\0';
		names[i] = texts[i];
	}
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	seen = list(&(struct audit_filter){0});
	length = strlen(seen.names);
	ck_assert_int_eq(strncmp(seen.names, names[0], IDENTIFIER_MAX), 0);
	ck_assert_uint_lt(length, 1025);
	ck_assert_int_eq(seen.names[length - 1], '\n');
	ck_assert_uint_eq(length % (IDENTIFIER_MAX + 1), 0); /* whole names */
	ck_assert_int_eq(verify(NULL, NULL), 1);
}
END_TEST

/* Listing. */

START_TEST(list_takes_what_the_filter_says)
{
	static const uint8_t one[STORE_HASH_SIZE] = {1};
	static const uint8_t none[STORE_HASH_SIZE] = {99};

	add_many(9);
	listed(&(struct audit_filter){0}, "1 2 3 4 5 6 7 8 9");
	listed(&(struct audit_filter){.after = 7}, "8 9");
	listed(&(struct audit_filter){.after = 9}, "");
	listed(&(struct audit_filter){.since = NOW + 6}, "7 8 9");
	listed(&(struct audit_filter){.since = NOW + 9}, "");
	listed(&(struct audit_filter){.ek_hash = one}, "2 5 8");
	listed(&(struct audit_filter){.ek_hash = one, .after = 2, .since = NOW + 5}, "8");
	listed(&(struct audit_filter){.ek_hash = none}, "");
}
END_TEST

/* A clock that went back: what was recorded since then is not lost. */
START_TEST(list_since_is_of_the_time_and_not_of_the_order)
{
	add_at(AUDIT_SET, 0, "", NOW + 100);
	add_at(AUDIT_SET, 0, "", NOW);
	add_at(AUDIT_SET, 0, "", NOW + 50);
	listed(&(struct audit_filter){.since = NOW + 50}, "1 3");
}
END_TEST

START_TEST(list_stops_when_told)
{
	struct seen seen = {.stop = 2};

	add_many(5);
	unit_ok(store_audit_list(store, &(struct audit_filter){0}, see_cb, &seen, &err), &err);
	ck_assert_str_eq(seen.text, "1 2");
}
END_TEST

/* Verifying: what was done to five entries, and what is said of it. */

static const struct {
	const char *sql;
	const char *wanted;
} tamperings[] = {
    {"UPDATE audit SET at = at + 1 WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET actor = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET peer = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET request = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET action = 'deny' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET ek_hash = randomblob(32) WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET ek_hash = NULL WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET ek_hash = zeroblob(32) WHERE id = 4", /* it had none */
        "audit entry 4 was altered, or the one before it"},
    {"UPDATE audit SET outcome = 'refused' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET detail = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET detail = '', outcome = outcome || detail WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET detail = detail || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET actor = actor || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET peer = peer || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET request = request || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET action = action || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET outcome = outcome || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET names = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET names = NULL WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET names = detail, detail = '' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET names = names || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET hash = zeroblob(32) WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET hash = zeroblob(32) WHERE id = 5",
        "audit entry 5 was altered, or the one before it"},
    {"PRAGMA ignore_check_constraints = 1; UPDATE audit SET hash = x'01' WHERE id = 3",
        "audit entry 3 was altered"},
    {"PRAGMA ignore_check_constraints = 1; UPDATE audit SET ek_hash = x'01' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET id = 9 WHERE id = 5", "audit entries 5 to 8 are missing"},
    {"UPDATE audit SET id = 6 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 4;"
     "UPDATE audit SET id = 4 WHERE id = 6",
        "audit entry 3 was altered, or the one before it"},
    {"DELETE FROM audit WHERE id = 1", "audit entry 1 is missing"},
    {"DELETE FROM audit WHERE id = 3", "audit entry 3 is missing"},
    {"DELETE FROM audit WHERE id = 5", "audit entry 5 is missing"},
    {"DELETE FROM audit WHERE id BETWEEN 2 AND 4", "audit entries 2 to 4 are missing"},
    {"DELETE FROM audit", "audit entries 1 to 5 are missing"},
    {"DELETE FROM audit WHERE id <= 2; UPDATE counter SET audit_cut = 2,"
     " audit_cut_hash = (SELECT hash FROM audit WHERE id = 3)",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE counter SET audit_cut = 2, audit_cut_hash = (SELECT hash FROM audit WHERE id = 2);"
     "DELETE FROM audit WHERE id <= 2",
        "audit entries up to 2 are missing, and no entry says that they were cut"},
};

START_TEST(verify_tells_what_was_tampered_with)
{
	add_many(5);
	ck_assert_int_eq(verify(NULL, NULL), 5);
	tamper(tamperings[_i].sql);
	verify_fails(NULL, tamperings[_i].wanted);
}
END_TEST

/* A store that lost the row of its counters takes nothing more. */
START_TEST(enroll_without_the_counters_says_so)
{
	struct store_device device = {.ek_hash = {9}};

	tamper("DELETE FROM counter");
	ck_assert_int_eq(store_device_enroll(store, &device, NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strstr(err.detail, "lacks a row; restore it from a backup") != NULL, "%s", err.detail);
}
END_TEST

START_TEST(verify_after_the_end_was_taken_and_more_added_tells)
{
	add_many(5);
	tamper("DELETE FROM audit WHERE id >= 4");
	add_many(1);
	listed(&(struct audit_filter){0}, "1 2 3 6");
	verify_fails(NULL, "audit entries 4 to 5 are missing");
}
END_TEST

START_TEST(verify_of_nothing_holds)
{
	static const uint8_t zeros[32];
	uint8_t              head[32];

	ck_assert_int_eq(verify(NULL, head), 0);
	ck_assert_mem_eq(head, zeros, sizeof head);
}
END_TEST

START_TEST(verify_expects_what_was_noted)
{
	static const char wanted[] = "no audit entry has the expected hash: the record was written "
	                             "anew, or cut since";
	uint8_t noted[32];
	uint8_t head[32];
	uint8_t other[32];

	add_many(3);
	ck_assert_int_eq(verify(NULL, noted), 3);
	add_many(2);
	ck_assert_int_eq(verify(noted, head), 5);
	ck_assert_mem_ne(head, noted, sizeof head);
	ck_assert_int_eq(verify(head, NULL), 5);
	memcpy(other, noted, sizeof other);
	other[31] ^= 1;
	verify_fails(other, wanted);
}
END_TEST

/* The end is taken off, and whoever did it knew of the store's own count. */
START_TEST(verify_without_what_was_noted_tells)
{
	uint8_t noted[32];

	add_many(5);
	(void)verify(NULL, noted);
	tamper("DELETE FROM audit WHERE id = 5; UPDATE sqlite_sequence SET seq = 4");
	ck_assert_int_eq(verify(NULL, NULL), 4);
	verify_fails(noted, "no audit entry has the expected hash: the record was written anew, or "
	                    "cut since");
}
END_TEST

START_TEST(verify_does_not_mind_other_writers)
{
	struct store *other = NULL;

	add_many(3);
	unit_ok(store_open(directory, &other, &err), &err);
	unit_ok(store_begin(other, &err), &err);
	unit_ok(store_audit_add(other, AUDIT_SET, NULL, "done", "", NOW, &err), &err);
	ck_assert_int_eq(verify(NULL, NULL), 3);
	unit_ok(store_commit(other, &err), &err);
	store_close(other);
	ck_assert_int_eq(verify(NULL, NULL), 4);
	add_many(1); /* the transaction that it read in is over */
}
END_TEST

/* What the table itself refuses, without any hash. */
static const char *const forbidden[] = {
    "UPDATE audit SET detail = 'x' WHERE id = 1",
    "UPDATE audit SET id = 9 WHERE id = 1",
    "DELETE FROM audit WHERE id = 1",
    "DELETE FROM audit WHERE id = 3",
    "DELETE FROM audit",
    "REPLACE INTO audit SELECT id, at, 'x', peer, '', action, ek_hash, '', detail, hash FROM audit",
    "UPDATE OR REPLACE audit SET id = 1 WHERE id = 2",
    "UPDATE counter SET audit_cut = -1",
};

START_TEST(table_only_grows)
{
	add_many(3);
	ck_assert_int_ne(meddle(forbidden[_i]), SQLITE_OK);
	ck_assert_int_eq(verify(NULL, NULL), 3);
}
END_TEST

/* Cutting. */

static size_t
cut(int64_t before, size_t max)
{
	size_t removed;

	unit_ok(store_audit_cut(store, before, max, NOW + 1000, &removed, &err), &err);
	return removed;
}

START_TEST(cut_removes_the_oldest_and_says_so)
{
	uint8_t noted[32];
	uint8_t at_cut[32];

	add_many(4);
	(void)verify(NULL, at_cut);
	add_many(1);
	(void)verify(NULL, noted);
	add_at(AUDIT_SET, 0, "", NOW + 5);
	ck_assert_uint_eq(cut(NOW, 10), 0);
	listed(&(struct audit_filter){0}, "1 2 3 4 5 6");
	ck_assert_uint_eq(cut(NOW + 4, 10), 5);
	listed(&(struct audit_filter){0}, "6 7");
	ck_assert_ptr_nonnull(strstr(list(&(struct audit_filter){0}).last,
	    "|cut|-1|done|entries up to 5, the last with hash "));
	ck_assert_int_eq(verify(NULL, NULL), 2);
	ck_assert_int_eq(verify(noted, NULL), 2);
	verify_fails(at_cut, "no audit entry has the expected hash: the record was written anew, or "
	                     "cut since");
	ck_assert_uint_eq(cut(NOW + 4, 10), 0);
	listed(&(struct audit_filter){0}, "6 7");
}
END_TEST

START_TEST(cut_in_steps_is_one_cut)
{
	add_many(10);
	ck_assert_uint_eq(cut(NOW + 7, 3), 3);
	listed(&(struct audit_filter){0}, "8 9 10 11");
	ck_assert_int_eq(verify(NULL, NULL), 4);
	ck_assert_uint_eq(cut(NOW + 7, 3), 3);
	ck_assert_uint_eq(cut(NOW + 7, 3), 1);
	ck_assert_uint_eq(cut(NOW + 7, 3), 0);
	listed(&(struct audit_filter){0}, "8 9 10 11");
	ck_assert_int_ne(meddle("DELETE FROM audit WHERE id = 8"), SQLITE_OK);
	ck_assert_int_eq(verify(NULL, NULL), 4);
}
END_TEST

START_TEST(cut_of_everything_leaves_the_cut)
{
	add_many(3);
	ck_assert_uint_eq(cut(NOW + 2000, 10), 3);
	listed(&(struct audit_filter){0}, "4");
	ck_assert_int_eq(verify(NULL, NULL), 1);
	ck_assert_uint_eq(cut(NOW + 2000, 10), 1);
	listed(&(struct audit_filter){0}, "5");
	add_many(1);
	ck_assert_int_eq(verify(NULL, NULL), 2);
}
END_TEST

START_TEST(cut_stops_at_the_first_that_stays)
{
	add_at(AUDIT_SET, 0, "", NOW);
	add_at(AUDIT_SET, 0, "", NOW + 100);
	add_at(AUDIT_SET, 0, "", NOW); /* the clock went back */
	ck_assert_uint_eq(cut(NOW + 50, 10), 1);
	listed(&(struct audit_filter){0}, "2 3 4");
	ck_assert_int_eq(verify(NULL, NULL), 3);
}
END_TEST

/* A cut that is on record cannot be taken for a larger one. */
START_TEST(cut_and_then_more_taken_tells)
{
	add_many(6);
	ck_assert_uint_eq(cut(NOW + 2, 10), 2);
	tamper("DELETE FROM audit WHERE id = 3");
	verify_fails(NULL, "audit entry 3 is missing");
	tamper("UPDATE counter SET audit_cut = 0");
	verify_fails(NULL, "audit entries 1 to 3 are missing");
}
END_TEST

#define ADD_LOOP(tc, test, table) \
	tcase_add_loop_test(tc, test, 0, (int)(sizeof(table) / sizeof *(table)))

static Suite *
audit_suite(void)
{
	Suite *suite = suite_create("audit");
	TCase *tc = tcase_create("audit");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, add_keeps_every_field);
	tcase_add_test(tc, add_without_actor_is_the_users);
	ADD_LOOP(tc, add_by_sudo_names_both, sudos);
	tcase_add_test(tc, actor_set_to_nobody_is_the_users_again);
	ADD_LOOP(tc, add_long_text_is_cut_between_characters, cuts);
	tcase_add_test(tc, add_text_that_fits_is_kept_whole);
	tcase_add_test(tc, add_in_a_transaction_goes_with_it);
	tcase_add_test(tc, add_of_two_writers_is_one_chain);
	tcase_add_test(tc, device_changes_are_on_record);
	tcase_add_test(tc, names_are_those_at_the_time_of_the_act);
	tcase_add_loop_test(tc, names_of_a_device_that_was_read_are_the_same, 0, 3);
	tcase_add_test(tc, names_that_do_not_fit_are_said_to_be_more);
	tcase_add_test(tc, list_takes_what_the_filter_says);
	tcase_add_test(tc, list_since_is_of_the_time_and_not_of_the_order);
	tcase_add_test(tc, list_stops_when_told);
	ADD_LOOP(tc, verify_tells_what_was_tampered_with, tamperings);
	tcase_add_test(tc, enroll_without_the_counters_says_so);
	tcase_add_test(tc, verify_after_the_end_was_taken_and_more_added_tells);
	tcase_add_test(tc, verify_of_nothing_holds);
	tcase_add_test(tc, verify_expects_what_was_noted);
	tcase_add_test(tc, verify_without_what_was_noted_tells);
	tcase_add_test(tc, verify_does_not_mind_other_writers);
	ADD_LOOP(tc, table_only_grows, forbidden);
	tcase_add_test(tc, cut_removes_the_oldest_and_says_so);
	tcase_add_test(tc, cut_in_steps_is_one_cut);
	tcase_add_test(tc, cut_of_everything_leaves_the_cut);
	tcase_add_test(tc, cut_stops_at_the_first_that_stays);
	tcase_add_test(tc, cut_and_then_more_taken_tells);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return unit_run(audit_suite());
}
