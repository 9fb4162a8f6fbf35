/* A store with devices and certificates, and what changes did to them. */
#ifndef TESTS_UNIT_STORE_INVENTORY_CHANGE_SUPPORT_H
#define TESTS_UNIT_STORE_INVENTORY_CHANGE_SUPPORT_H

#include "scratch.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"

#define NOW 1000000
#define HASH_2 "0200000000000000000000000000000000000000000000000000000000000000"

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;
static size_t        revoked;

static inline void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
}

static inline void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

/* Runs SQL on the file behind the store's back. */
static inline void
meddle(const char *sql)
{
	store_tamper(directory, sql);
}

/* EKs are known by the first octet of their hash; lists end with NULL. */

struct ek {
	uint8_t hash[STORE_HASH_SIZE];
};

#define EK(first) ((struct ek){{(first)}}.hash)
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline size_t
length(const char *const *list)
{
	size_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	return count;
}

static inline void
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

static inline struct store_device
find(uint8_t first)
{
	struct store_device device;

	unit_ok(store_device_find(store, EK(first), &device, &err), &err);
	return device;
}

static inline int64_t
revision_of(uint8_t first)
{
	struct store_device device = find(first);
	int64_t             revision = device.revision;

	store_device_clear(&device);
	return revision;
}

static inline bool
is_enrolled(uint8_t first)
{
	struct store_device device;

	if (store_device_find(store, EK(first), &device, &err) != 0)
		return false;
	store_device_clear(&device);
	return true;
}

/* "names|tags|note", each list with commas. */
static inline const char *
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

static inline int
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

static inline void
certify(uint8_t first, uint8_t serial)
{
	unit_ok(add_at(first, serial, revision_of(first), NOW + 90), &err);
}

/* The state of every certificate of an EK: "1:good 2:9@1000001", by reason and date. */
struct states {
	char   text[1024];
	size_t used;
};

static inline bool
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

static inline const char *
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

static inline bool
last_cb(const struct audit_entry *entry, void *arg)
{
	struct last *last = arg;

	last->count++;
	(void)snprintf(last->action, sizeof last->action, "%s", entry->action);
	last->first = entry->ek_hash != NULL ? entry->ek_hash[0] : 0;
	(void)snprintf(last->detail, sizeof last->detail, "%s", entry->detail);
	return true;
}

static inline struct last
last_entry(void)
{
	struct last last = {.count = 0};

	unit_ok(store_audit_list(store, &(struct audit_filter){.after = 0}, last_cb, &last, &err), &err);
	return last;
}

static inline void
last_is(const char *action, uint8_t first, const char *detail)
{
	struct last last = last_entry();

	ck_assert_str_eq(last.action, action);
	ck_assert_uint_eq(last.first, first);
	ck_assert_str_eq(last.detail, detail);
}

/* A certificate that was signed before a change must not be recorded after it. */

static inline void
change_disable(void)
{
	unit_ok(store_device_enable(store, EK(1), false, NOW, &revoked, &err), &err);
}

static inline TCase *
case_of(const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	return tc;
}

#endif
