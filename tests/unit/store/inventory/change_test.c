#include "config.h"

#include <string.h>

#include "scratch.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NOW 1000000

#define HASH_1 "0100000000000000000000000000000000000000000000000000000000000000"
#define HASH_2 "0200000000000000000000000000000000000000000000000000000000000000"

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;
static size_t        revoked;

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

/* Runs SQL on the file behind the store's back. */
static void
meddle(const char *sql)
{
	store_tamper(directory, sql);
}

/* EKs are known by the first octet of their hash; lists end with NULL. */

struct ek {
	uint8_t hash[STORE_HASH_SIZE];
};

#define EK(first) ((struct ek){{(first)}}.hash)

/* A serial number of so many octets that begins with these two. */
#define SERIAL(size, first, second) \
	((struct view){(const uint8_t[STORE_SERIAL_MAX + 1]){(first), (second)}, (size)})
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static size_t
length(const char *const *list)
{
	size_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	return count;
}

static void
enroll(uint8_t first, const char *const *names, const char *const *tags, const char *text)
{
	struct store_device device = {
	    .ek_hash = {first},
	    .names = (char **)(uintptr_t)names,
	    .name_count = length(names),
	    .tags = (char **)(uintptr_t)tags,
	    .tag_count = length(tags),
	    .note = (char *)(uintptr_t)text,
	};

	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
}

static struct store_device
find(uint8_t first)
{
	struct store_device device;

	unit_ok(store_device_find(store, EK(first), &device, &err), &err);
	return device;
}

static int64_t
revision_of(uint8_t first)
{
	struct store_device device = find(first);
	int64_t             revision = device.revision;

	store_device_clear(&device);
	return revision;
}

static bool
is_enrolled(uint8_t first)
{
	struct store_device device;

	if (store_device_find(store, EK(first), &device, &err) != 0)
		return false;
	store_device_clear(&device);
	return true;
}

/* "names|tags|note", each list with commas. */
static const char *
text_of(uint8_t first)
{
	static char         text[4096];
	struct store_device device = find(first);
	size_t              used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < device.name_count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : ",",
		    device.names[i]);
	used += (size_t)snprintf(text + used, sizeof text - used, "|");
	for (size_t i = 0; i < device.tag_count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : ",",
		    device.tags[i]);
	(void)snprintf(text + used, sizeof text - used, "|%s", device.note);
	store_device_clear(&device);
	return text;
}

static int
add_at(uint8_t first, uint8_t serial, int64_t revision, int64_t not_after)
{
	struct store_certificate certificate = {
	    .serial = {0x40, serial},
	    .serial_size = 20,
	    .ek_hash = {first},
	    .ak_name = {0, 0x0b},
	    .ak_name_size = 34,
	    .not_before = NOW,
	    .not_after = not_after,
	};

	return store_certificate_add(store, &certificate, revision, &err);
}

static void
certify(uint8_t first, uint8_t serial)
{
	unit_ok(add_at(first, serial, revision_of(first), NOW + 90), &err);
}

/* The state of every certificate of an EK: "1:good 2:9@1000001", by reason and date. */
struct states {
	char   text[1024];
	size_t used;
};

static bool
states_cb(const struct store_certificate *certificate, void *arg)
{
	struct states *states = arg;

	states->used += (size_t)snprintf(states->text + states->used,
	    sizeof states->text - states->used, "%s%d:", states->used == 0 ? "" : " ",
	    certificate->serial[1]);
	if (certificate->revoked == 0)
		states->used += (size_t)snprintf(states->text + states->used,
		    sizeof states->text - states->used, "good");
	else
		states->used += (size_t)snprintf(states->text + states->used,
		    sizeof states->text - states->used, "%d@%lld", certificate->reason,
		    (long long)certificate->revoked);
	return true;
}

static const char *
certificates_of(uint8_t first)
{
	static struct states states;

	states = (struct states){.used = 0};
	unit_ok(store_certificate_list(store, EK(first), states_cb, &states, &err), &err);
	return states.text;
}

/* The last entry of the record: "action hash detail". */
struct last {
	size_t  count;
	char    action[32];
	uint8_t first;
	char    detail[1024];
};

static bool
last_cb(const struct audit_entry *entry, void *arg)
{
	struct last *last = arg;

	last->count++;
	(void)snprintf(last->action, sizeof last->action, "%s", entry->action);
	last->first = entry->ek_hash != NULL ? entry->ek_hash[0] : 0;
	(void)snprintf(last->detail, sizeof last->detail, "%s", entry->detail);
	return true;
}

static struct last
last_entry(void)
{
	struct last last = {.count = 0};

	unit_ok(store_audit_list(store, &(struct audit_filter){.after = 0}, last_cb, &last, &err), &err);
	return last;
}

static void
last_is(const char *action, uint8_t first, const char *detail)
{
	struct last last = last_entry();

	ck_assert_str_eq(last.action, action);
	ck_assert_uint_eq(last.first, first);
	ck_assert_str_eq(last.detail, detail);
}

static int
set_names(uint8_t first, const char *const *names)
{
	struct store_edit edit = {.set_names = true, .names = names, .name_count = length(names)};

	return store_device_set(store, EK(first), &edit, NOW + 1, &revoked, &err);
}

static int
set_tags(uint8_t first, const char *const *tags)
{
	struct store_edit edit = {.set_tags = true, .tags = tags, .tag_count = length(tags)};

	return store_device_set(store, EK(first), &edit, NOW + 1, &revoked, &err);
}

/* Names, and whose certificates end with them. */

START_TEST(set_name_away_revokes_those_that_carry_it)
{
	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	unit_ok(set_names(1, LIST("a", "b")), &err);
	ck_assert_uint_eq(revoked, 0);
	certify(1, 2);
	unit_ok(set_names(1, LIST("a")), &err);
	ck_assert_uint_eq(revoked, 1);
	ck_assert_str_eq(certificates_of(1), "1:good 2:3@1000001");
	last_is("set", 1, "certificates revoked: 1; names: a");
	certify(1, 3);
	unit_ok(set_names(1, LIST("c")), &err);
	ck_assert_uint_eq(revoked, 2);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001 2:3@1000001 3:3@1000001");
}
END_TEST

START_TEST(set_names_in_another_order_revokes_nothing)
{
	enroll(1, LIST("a", "b", "c"), NULL, NULL);
	certify(1, 1);
	unit_ok(set_names(1, LIST("c", "a", "b")), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:good");
	ck_assert_str_eq(text_of(1), "c,a,b||");
	/* They are as old as they were: the certificate from before ends with one of them. */
	unit_ok(set_names(1, LIST("c", "a")), &err);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001");
}
END_TEST

START_TEST(set_no_names_revokes_what_carries_one)
{
	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	unit_ok(set_names(1, NULL), &err);
	ck_assert_uint_eq(revoked, 1);
	ck_assert_str_eq(text_of(1), "||");
	last_is("set", 1, "certificates revoked: 1; names: none");
	/* With the hash as its identifier, which stays its own. */
	certify(1, 2);
	unit_ok(set_names(1, LIST("b")), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001 2:good");
}
END_TEST

START_TEST(set_name_away_and_back_revokes_each_time)
{
	enroll(1, LIST("a", "b"), NULL, NULL);
	certify(1, 1);
	unit_ok(set_names(1, LIST("a")), &err);
	certify(1, 2);
	unit_ok(set_names(1, LIST("a", "b")), &err);
	certify(1, 3);
	unit_ok(set_names(1, LIST("a")), &err);
	ck_assert_uint_eq(revoked, 1);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001 2:good 3:3@1000001");
}
END_TEST

START_TEST(set_name_away_leaves_others_alone)
{
	enroll(1, LIST("a"), NULL, NULL);
	enroll(2, LIST("b"), NULL, NULL);
	certify(1, 1);
	certify(2, 2);
	unit_ok(set_names(1, LIST("x")), &err);
	ck_assert_str_eq(certificates_of(2), "2:good");
	unit_ok(set_names(2, LIST("a", "b")), &err);
	certify(2, 3);
	unit_ok(set_names(2, LIST("b")), &err);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001");
	ck_assert_str_eq(certificates_of(2), "2:good 3:3@1000001");
}
END_TEST

START_TEST(set_name_away_revokes_what_has_expired_and_does_not_count_it)
{
	enroll(1, LIST("a"), NULL, NULL);
	unit_ok(add_at(1, 1, revision_of(1), NOW - 5), &err);
	unit_ok(set_names(1, NULL), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001");
}
END_TEST

START_TEST(set_name_of_another_is_conflict_and_changes_nothing)
{
	int64_t revision;

	enroll(1, LIST("a"), LIST("t"), "note");
	enroll(2, LIST("b"), NULL, NULL);
	certify(1, 1);
	revision = revision_of(1);
	unit_fails(set_names(1, LIST("c", "b")), &err, ERROR_CONFLICT,
	    "name \"b\" belongs to device " HASH_2 "; choose another name, or remove that device");
	ck_assert_str_eq(text_of(1), "a|t|note");
	ck_assert_str_eq(certificates_of(1), "1:good");
	ck_assert_int_eq(revision_of(1), revision);
}
END_TEST

/* What store_device_enroll refuses, set refuses; each with no other fault. */
START_TEST(set_what_enroll_refuses_is_refused)
{
	const char       *many[STORE_DEVICE_NAMES_MAX + 1];
	struct store_edit names = {
	    .set_names = true, .names = many, .name_count = STORE_DEVICE_NAMES_MAX + 1};
	struct store_edit note = {.note = "a\nb"};

	enroll(1, LIST("a"), NULL, NULL);
	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
		many[i] = "x";
	unit_fails(store_device_set(store, EK(1), &names, NOW, &revoked, &err), &err, ERROR_MALFORMED,
	    "a device has at most 32 names, this one 33");
	unit_fails(store_device_set(store, EK(1), &note, NOW, &revoked, &err), &err, ERROR_MALFORMED,
	    "octet 2 of the note is a control character");
	unit_fails(set_names(1, LIST(HASH_2)), &err, ERROR_CONFLICT,
	    "name \"" HASH_2 "\" is the hash of another EK; choose another name");
	unit_fails(set_tags(1, LIST("a b")), &err, ERROR_MALFORMED,
	    "tag \"a b\": octet 2 is none of A-Z a-z 0-9 - _ . : @ + = /");
	ck_assert_str_eq(text_of(1), "a||");
}
END_TEST

START_TEST(set_tags_and_note_revokes_nothing)
{
	struct store_edit both = {
	    .set_tags = true, .tags = LIST("y", "x"), .tag_count = 2, .note = "a note"};
	int64_t revision;

	enroll(1, LIST("a"), LIST("t"), NULL);
	certify(1, 1);
	revision = revision_of(1);
	unit_ok(store_device_set(store, EK(1), &both, NOW, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(text_of(1), "a|x,y|a note");
	ck_assert_str_eq(certificates_of(1), "1:good");
	ck_assert_int_gt(revision_of(1), revision);
	last_is("set", 1, "certificates revoked: 0; tags: y, x; note: a note");
	unit_ok(set_tags(1, NULL), &err);
	ck_assert_str_eq(text_of(1), "a||a note");
}
END_TEST

START_TEST(set_what_is_so_already_does_nothing)
{
	struct store_edit edit = {
	    .set_names = true, .names = LIST("a", "b"), .name_count = 2,
	    .set_tags = true, .tags = LIST("y", "x"), .tag_count = 2, .note = "note"};
	int64_t revision;
	size_t  entries;

	enroll(1, LIST("a", "b"), LIST("x", "y"), "note");
	revision = revision_of(1);
	entries = last_entry().count;
	unit_ok(store_device_set(store, EK(1), &edit, NOW, &revoked, &err), &err);
	ck_assert_int_eq(revision_of(1), revision);
	ck_assert_uint_eq(last_entry().count, entries);
}
END_TEST

/* Switched off and on. */

START_TEST(disable_revokes_and_enable_restores_nothing)
{
	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	certify(1, 2);
	unit_ok(store_device_enable(store, EK(1), false, NOW + 1, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 2);
	ck_assert_str_eq(certificates_of(1), "1:9@1000001 2:9@1000001");
	last_is("disable", 1, "certificates revoked: 2");
	ck_assert_int_eq(add_at(1, 3, revision_of(1), NOW + 90), -1);
	ck_assert_int_eq((int)err.kind, ERROR_DEVICE_DISABLED);
	unit_ok(store_device_enable(store, EK(1), true, NOW + 2, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:9@1000001 2:9@1000001");
	last_is("enable", 1, "");
	certify(1, 4);
	ck_assert_str_eq(text_of(1), "a||");
}
END_TEST

START_TEST(disable_again_does_nothing)
{
	int64_t revision;
	size_t  entries;

	enroll(1, NULL, NULL, NULL);
	unit_ok(store_device_enable(store, EK(1), false, NOW, &revoked, &err), &err);
	revision = revision_of(1);
	entries = last_entry().count;
	unit_ok(store_device_enable(store, EK(1), false, NOW, &revoked, &err), &err);
	ck_assert_int_eq(revision_of(1), revision);
	ck_assert_uint_eq(last_entry().count, entries);
}
END_TEST

/* A certificate that was signed before a change must not be recorded after it. */

static void
change_disable(void)
{
	unit_ok(store_device_enable(store, EK(1), false, NOW, &revoked, &err), &err);
}

static void
change_disable_and_enable(void)
{
	change_disable();
	unit_ok(store_device_enable(store, EK(1), true, NOW, &revoked, &err), &err);
}

static void
change_names(void)
{
	unit_ok(set_names(1, LIST("x")), &err);
}

static void
change_name_away_and_back(void)
{
	change_names();
	unit_ok(set_names(1, LIST("a")), &err);
}

static void
change_remove(void)
{
	unit_ok(store_device_remove(store, EK(1), NOW, &err), &err);
}

static void
change_remove_and_enroll(void)
{
	change_remove();
	enroll(1, LIST("a"), NULL, NULL);
}

static void
change_replace(void)
{
	unit_ok(store_device_replace(store, EK(1), EK(9), NOW, &revoked, &err), &err);
}

static void
change_replace_and_back(void)
{
	change_replace();
	unit_ok(store_device_replace(store, EK(9), EK(1), NOW, &revoked, &err), &err);
}

static void
change_revoke(void)
{
	unit_ok(store_revoke_device(store, EK(1), REASON_KEY_COMPROMISE, NOW, &revoked, &err), &err);
}

static const struct {
	void (*change)(void);
	enum error_kind kind;
} changes[] = {
    {change_disable, ERROR_DEVICE_DISABLED},
    {change_disable_and_enable, ERROR_CONFLICT},
    {change_names, ERROR_CONFLICT},
    {change_name_away_and_back, ERROR_CONFLICT},
    {change_remove, ERROR_NOT_ENROLLED},
    {change_remove_and_enroll, ERROR_CONFLICT},
    {change_replace, ERROR_NOT_ENROLLED},
    {change_replace_and_back, ERROR_CONFLICT},
    {change_revoke, ERROR_CONFLICT},
};

START_TEST(certificate_of_before_a_change_is_refused_after_it)
{
	int64_t revision;

	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	revision = revision_of(1);
	changes[_i].change();
	ck_assert_int_eq(add_at(1, 2, revision, NOW + 90), -1);
	ck_assert_int_eq((int)err.kind, (int)changes[_i].kind);
	/* And what was recorded before it is revoked. */
	ck_assert_ptr_null(strstr(certificates_of(1), "good"));
}
END_TEST

/* A new mainboard. */

START_TEST(replace_moves_everything_and_revokes)
{
	enroll(1, LIST("a", "b"), LIST("t", "u"), "a note");
	certify(1, 1);
	unit_ok(store_device_replace(store, EK(1), EK(2), NOW + 1, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 1);
	ck_assert(!is_enrolled(1));
	ck_assert_str_eq(text_of(2), "a,b|t,u|a note");
	ck_assert_str_eq(certificates_of(1), "1:4@1000001");
	last_is("replace", 2, "replaces " HASH_1 "; names: a, b");
	certify(2, 2);
	ck_assert_str_eq(certificates_of(2), "2:good");
}
END_TEST

START_TEST(replace_of_what_is_off_stays_off)
{
	struct store_device device;

	enroll(1, LIST("a"), NULL, NULL);
	change_disable();
	unit_ok(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), &err);
	device = find(2);
	ck_assert(!device.enabled);
	store_device_clear(&device);
}
END_TEST

START_TEST(replace_by_one_that_waits_takes_it_off_the_list)
{
	enroll(1, LIST("a"), NULL, NULL);
	meddle("INSERT INTO waiting (ek_hash, denied, verdict, reason, manufacturer, model, version,"
	       " root, peer, source, first_seen, last_seen, times)"
	       " VALUES (x'" HASH_2 "', 1, 'absent', '', '', '', '', x'', '', '', 1, 1, 1)");
	unit_ok(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), &err);
	ck_assert_int_eq(store_tamper_ask(directory, "SELECT count(*) FROM waiting"), 0);
}
END_TEST

START_TEST(replace_that_cannot_be_changes_nothing)
{
	enroll(1, LIST("a"), NULL, NULL);
	enroll(2, LIST("b"), NULL, NULL);
	enroll(3, LIST("0300000000000000000000000000000000000000000000000000000000000000"), NULL, NULL);
	certify(1, 1);
	unit_fails(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), &err,
	    ERROR_CONFLICT, "EK " HASH_2 " is enrolled already; see \"attest-ca show " HASH_2 "\"");
	unit_fails(store_device_replace(store, EK(1), EK(1), NOW, &revoked, &err), &err,
	    ERROR_CONFLICT, "a device cannot replace itself");
	/* A name that is the old one's hash stays the old one's. */
	unit_fails(store_device_replace(store, EK(3), EK(4), NOW, &revoked, &err), &err,
	    ERROR_CONFLICT,
	    "what it is called cannot move: name"
	    " \"0300000000000000000000000000000000000000000000000000000000000000\" is the hash of"
	    " another EK; choose another name");
	ck_assert_str_eq(text_of(1), "a||");
	ck_assert_str_eq(text_of(2), "b||");
	ck_assert(is_enrolled(3));
	ck_assert_str_eq(certificates_of(1), "1:good");
}
END_TEST

/* Revoked by hand. */

START_TEST(revoke_device_revokes_all_and_keeps_what_was)
{
	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	unit_ok(store_revoke_serial(store, SERIAL(20, 0x40, 1), REASON_KEY_COMPROMISE,
	            NOW + 1, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 1);
	last_is("revoke", 1, "certificates revoked: 1; reason: keyCompromise; serial: "
	                     "4001000000000000000000000000000000000000");
	certify(1, 2);
	certify(1, 3);
	unit_ok(store_revoke_device(store, EK(1), REASON_SUPERSEDED, NOW + 2, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 2);
	ck_assert_str_eq(certificates_of(1), "1:1@1000001 2:4@1000002 3:4@1000002");
	last_is("revoke", 1, "certificates revoked: 2; reason: superseded");
	/* It is enrolled still. */
	certify(1, 4);
}
END_TEST

START_TEST(revoke_device_that_has_gone_works)
{
	enroll(1, NULL, NULL, NULL);
	certify(1, 1);
	unit_ok(store_device_remove(store, EK(1), NOW + 1, &err), &err);
	unit_ok(store_revoke_device(store, EK(1), REASON_KEY_COMPROMISE, NOW + 2, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:5@1000001");
}
END_TEST

START_TEST(revoke_serial_again_keeps_the_first)
{
	size_t entries;

	enroll(1, NULL, NULL, NULL);
	certify(1, 1);
	for (int i = 1; i <= 2; i++) {
		unit_ok(store_revoke_serial(store, SERIAL(20, 0x40, 1), REASON_UNSPECIFIED,
		            NOW + i, &revoked, &err), &err);
		ck_assert_uint_eq(revoked, i == 1 ? 1 : 0);
		if (i == 1)
			entries = last_entry().count;
	}
	ck_assert_str_eq(certificates_of(1), "1:0@1000001");
	ck_assert_uint_eq(last_entry().count, entries);
}
END_TEST

START_TEST(revoke_serial_that_has_expired_does_not_count_it)
{
	enroll(1, NULL, NULL, NULL);
	unit_ok(add_at(1, 1, revision_of(1), NOW - 5), &err);
	unit_ok(store_revoke_serial(store, SERIAL(20, 0x40, 1), REASON_KEY_COMPROMISE, NOW, &revoked,
	            &err), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:1@1000000");
	last_is("revoke", 1, "certificates revoked: 0; reason: keyCompromise; serial: "
	                     "4001000000000000000000000000000000000000");
}
END_TEST

START_TEST(revoke_what_is_none_is_refused)
{
	enroll(1, NULL, NULL, NULL);
	unit_fails(store_revoke_device(store, EK(1), REASON_UNSPECIFIED, NOW, &revoked, &err), &err,
	    ERROR_NOT_FOUND, "no certificate was issued to the device with EK " HASH_1);
	unit_fails(store_revoke_serial(store, SERIAL(2, 0x40, 9), REASON_UNSPECIFIED, NOW, &revoked,
	               &err),
	    &err, ERROR_NOT_FOUND,
	    "no AK certificate has the serial number 4009; \"attest-ca show DEVICE\" lists those of a device, and"
	    " what an ACME server issued is revoked there");
	unit_fails(store_revoke_serial(store, SERIAL(0, 0x40, 9), REASON_UNSPECIFIED, NOW, &revoked,
	               &err),
	    &err, ERROR_MALFORMED, "a serial number has 1 to 20 octets, not 0");
	unit_fails(store_revoke_serial(store, SERIAL(21, 0x40, 9), REASON_UNSPECIFIED, NOW, &revoked,
	               &err),
	    &err, ERROR_MALFORMED, "a serial number has 1 to 20 octets, not 21");
	certify(1, 9);
	unit_fails(store_revoke_device(store, EK(1), (enum crl_reason)7, NOW, &revoked, &err), &err,
	    ERROR_MALFORMED, "7 is no reason for a revocation");
	unit_fails(store_revoke_serial(store, SERIAL(20, 0x40, 9), (enum crl_reason)6, NOW, &revoked,
	               &err),
	    &err, ERROR_MALFORMED, "6 is no reason for a revocation");
	ck_assert_str_eq(certificates_of(1), "9:good");
}
END_TEST

/* One that is not there, or not yet. */

static void
absent_is_refused(void)
{
	struct store_edit edit = {.note = "x"};

	ck_assert_int_eq(store_device_set(store, EK(1), &edit, NOW, &revoked, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	ck_assert_int_eq(store_device_enable(store, EK(1), false, NOW, &revoked, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	ck_assert_int_eq(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	ck_assert_int_eq(store_device_remove(store, EK(1), NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
}

START_TEST(change_of_what_is_absent_is_not_enrolled)
{
	absent_is_refused();
}
END_TEST

START_TEST(change_of_what_is_being_imported_is_not_enrolled)
{
	enroll(1, LIST("a"), NULL, NULL);
	meddle("INSERT INTO batch (id, first_device, started) VALUES (1, 1, 1);"
	       "UPDATE device SET batch = 1");
	absent_is_refused();
	meddle("DELETE FROM batch");
	ck_assert_str_eq(text_of(1), "a||");
}
END_TEST

/* As a part of something greater. */

START_TEST(changes_undone_with_their_transaction_leave_nothing)
{
	size_t entries;

	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	entries = last_entry().count;
	unit_ok(store_begin(store, &err), &err);
	unit_ok(set_names(1, LIST("b")), &err);
	unit_ok(store_device_enable(store, EK(1), false, NOW, &revoked, &err), &err);
	unit_ok(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), &err);
	store_rollback(store);
	ck_assert_str_eq(text_of(1), "a||");
	ck_assert(!is_enrolled(2));
	ck_assert_str_eq(certificates_of(1), "1:good");
	ck_assert_uint_eq(last_entry().count, entries);
}
END_TEST

static TCase *
case_of(const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("store_change");
	TCase *tc = case_of("set");

	tcase_add_test(tc, set_name_away_revokes_those_that_carry_it);
	tcase_add_test(tc, set_names_in_another_order_revokes_nothing);
	tcase_add_test(tc, set_no_names_revokes_what_carries_one);
	tcase_add_test(tc, set_name_away_and_back_revokes_each_time);
	tcase_add_test(tc, set_name_away_leaves_others_alone);
	tcase_add_test(tc, set_name_away_revokes_what_has_expired_and_does_not_count_it);
	tcase_add_test(tc, set_name_of_another_is_conflict_and_changes_nothing);
	tcase_add_test(tc, set_what_enroll_refuses_is_refused);
	tcase_add_test(tc, set_tags_and_note_revokes_nothing);
	tcase_add_test(tc, set_what_is_so_already_does_nothing);
	suite_add_tcase(suite, tc);
	tc = case_of("switch");
	tcase_add_test(tc, disable_revokes_and_enable_restores_nothing);
	tcase_add_test(tc, disable_again_does_nothing);
	tcase_add_loop_test(tc, certificate_of_before_a_change_is_refused_after_it, 0,
	    (int)(sizeof changes / sizeof changes[0]));
	suite_add_tcase(suite, tc);
	tc = case_of("replace");
	tcase_add_test(tc, replace_moves_everything_and_revokes);
	tcase_add_test(tc, replace_of_what_is_off_stays_off);
	tcase_add_test(tc, replace_by_one_that_waits_takes_it_off_the_list);
	tcase_add_test(tc, replace_that_cannot_be_changes_nothing);
	suite_add_tcase(suite, tc);
	tc = case_of("revoke");
	tcase_add_test(tc, revoke_device_revokes_all_and_keeps_what_was);
	tcase_add_test(tc, revoke_device_that_has_gone_works);
	tcase_add_test(tc, revoke_serial_again_keeps_the_first);
	tcase_add_test(tc, revoke_serial_that_has_expired_does_not_count_it);
	tcase_add_test(tc, revoke_what_is_none_is_refused);
	suite_add_tcase(suite, tc);
	tc = case_of("transactions");
	tcase_add_test(tc, change_of_what_is_absent_is_not_enrolled);
	tcase_add_test(tc, change_of_what_is_being_imported_is_not_enrolled);
	tcase_add_test(tc, changes_undone_with_their_transaction_leave_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
