/*
 * Changes enrolled devices; each change, its revocations and its audit entry are one
 * transaction. Owns the rule that removing a name revokes the certificates that
 * carry it.
 */
#include "config.h"

#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/audit_chain.h"
#include "store/inventory/audit_detail.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/device_check.h"
#include "store/inventory/rows.h"
#include "util/bytes.h"
#include "util/error.h"

/* A device being changed. */
struct change {
	int64_t             id;
	int64_t             revision; /* that it gets */
	struct store_device device;   /* as it was */
	struct store_device after;    /* borrows from `device` and from the caller */
};

/* Finds the device, and draws its new revision. The caller clears change->device. */
static int
change_load(struct store *store, const uint8_t *ek_hash, struct change *change, struct error *err)
{
	static const char     text[] =
	    "SELECT " DEVICE_COLUMNS " FROM enrolled AS device WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sql_step(statement, "looking for a device", err);
	if (rc > 0) {
		change->id = sql_column_int64(statement, 0);
		rc = device_read(store, statement, &change->device, err);
		sql_reset(statement);
	} else if (rc == 0) {
		rc = device_not_enrolled(ek_hash, err);
	}
	change->after = change->device;
	return rc != 0 ? -1 : device_revision_next(store, &change->revision, err);
}

/* Writes the state and the revision. */
static int
change_write(struct store *store, const struct change *change, struct error *err)
{
	static const char     text[] =
	    "UPDATE device SET enabled = ?2, revision = ?3 WHERE id = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, change->id);
	sql_bind_int64(statement, 2, change->after.enabled ? 1 : 0);
	sql_bind_int64(statement, 3, change->revision);
	return sql_step(statement, "changing a device", err);
}

/* Runs a statement that clears the names or the tags of the device. */
static int
change_clear(struct store *store, const char *text, const struct change *change,
    struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, change->id);
	return sql_step(statement, "changing a device", err);
}

static bool
list_has(char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

/* ---- set ---- */

/* The revision since which the device has the name. */
static int
name_since(struct store *store, const char *name, int64_t *since, struct error *err)
{
	static const char     text[] = "SELECT since FROM name WHERE name = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, name);
	return sql_one_number(statement, "looking for a name", since, err);
}

/* The first revision whose certificates carry a removed name; INT64_MAX if no name is removed. */
static int
names_taken_since(struct store *store, const struct change *change, int64_t *taken,
    struct error *err)
{
	const struct store_device *before = &change->device;

	*taken = INT64_MAX;
	for (size_t i = 0; i < before->name_count; i++) {
		int64_t since = 0;

		if (list_has(change->after.names, change->after.name_count, before->names[i]))
			continue;
		if (name_since(store, before->names[i], &since, err) != 0)
			return -1;
		*taken = since < *taken ? since : *taken;
	}
	return 0;
}

/* A name that stays keeps its revision. */
static int
names_replace(struct store *store, const struct change *change, struct error *err)
{
	static const char          clear[] = "DELETE FROM name WHERE device = ?1";
	const struct store_device *after = &change->after;
	int64_t                    since[STORE_DEVICE_NAMES_MAX];

	for (size_t i = 0; i < after->name_count; i++) {
		since[i] = change->revision;
		if (list_has(change->device.names, change->device.name_count, after->names[i]) &&
		    name_since(store, after->names[i], &since[i], err) != 0)
			return -1;
	}
	if (change_clear(store, clear, change, err) != 0)
		return -1;
	for (size_t i = 0; i < after->name_count; i++)
		if (device_name_insert(store, change->id, after->names[i], i, since[i], err) != 0)
			return -1;
	return 0;
}

static int
set_names(struct store *store, const struct change *change, int64_t now, size_t *revoked,
    struct error *err)
{
	int64_t taken;

	if (device_check_names(store, &change->after, err) != 0 ||
	    names_taken_since(store, change, &taken, err) != 0 ||
	    names_replace(store, change, err) != 0)
		return -1;
	if (taken == INT64_MAX)
		return 0;
	return revoke_since(store, change->device.ek_hash, taken, REASON_AFFILIATION_CHANGED, now,
	    revoked, err);
}

static int
set_tags(struct store *store, const struct change *change, struct error *err)
{
	static const char clear[] = "DELETE FROM tag WHERE device = ?1";

	if (change_clear(store, clear, change, err) != 0)
		return -1;
	for (size_t i = 0; i < change->after.tag_count; i++)
		if (device_tag_insert(store, change->id, change->after.tags[i], err) != 0)
			return -1;
	return 0;
}

/* Finds the edits that change something. */
struct edits {
	bool names;
	bool tags;
#define X(name, ...) bool name;
	DEVICE_TEXTS(X)
#undef X
};

static struct edits
edits_of(const struct change *change)
{
	const struct store_device *before = &change->device;
	const struct store_device *after = &change->after;
	struct edits               edits = {
	                  .names = before->name_count != after->name_count,
	                  .tags = before->tag_count != after->tag_count,
#define X(name, ...) .name = strcmp(before->name, after->name) != 0,
	                  DEVICE_TEXTS(X)
#undef X
        };

	for (size_t i = 0; !edits.names && i < after->name_count; i++)
		edits.names = strcmp(before->names[i], after->names[i]) != 0;
	for (size_t i = 0; !edits.tags && i < after->tag_count; i++)
		edits.tags = !list_has(before->tags, before->tag_count, after->tags[i]);
	return edits;
}

static int
set_text(struct store *store, const char *text, int64_t id, const char *value, struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, id);
	sql_bind_text(statement, 2, value);
	return sql_step(statement, "changing a device", err);
}

static int
set_texts(struct store *store, const struct change *change, const struct edits *edits,
    struct error *err)
{
#define X(name, ...)                                                                          \
	if (edits->name &&                                                                    \
	    set_text(store, "UPDATE device SET " #name " = ?2 WHERE id = ?1", change->id,     \
	        change->after.name, err) != 0)                                                \
		return -1;
	DEVICE_TEXTS(X)
#undef X
	return 0;
}

static int
set_record(struct store *store, const struct change *change, const struct edits *edits,
    size_t revoked, int64_t now, struct error *err)
{
	const struct store_device *after = &change->after;
	char                       names[AUDIT_NAMES_SIZE] = "";
	AUTO_BYTES                 detail = {0};

	for (size_t i = 0; i < change->device.name_count; i++)
		audit_names_add(names, change->device.names[i]);
	audit_detail_revoked(&detail, revoked);
	if (edits->names)
		audit_detail_list(&detail, "; names:", after->names, after->name_count);
	if (edits->tags)
		audit_detail_list(&detail, "; tags:", after->tags, after->tag_count);
#define X(name, ...)                                                                          \
	if (edits->name) {                                                                    \
		audit_detail_text(&detail, "; " #name ": ");                                  \
		audit_detail_text(&detail, after->name);                                      \
	}
	DEVICE_TEXTS(X)
#undef X
	return audit_detail_record(store, AUDIT_SET, after->ek_hash, names, &detail, now, err);
}

/* Fills the fields that the edit sets; writes nothing. */
static void
edit_apply(const struct store_edit *edit, struct store_device *device)
{
	if (edit->set_names) {
		device->names = (char **)(uintptr_t)edit->names;
		device->name_count = edit->name_count;
	}
	if (edit->set_tags) {
		device->tags = (char **)(uintptr_t)edit->tags;
		device->tag_count = edit->tag_count;
	}
#define X(name, ...)                                                                          \
	if (edit->name != NULL)                                                               \
		device->name = (char *)(uintptr_t)edit->name;
	DEVICE_TEXTS(X)
#undef X
}

static int
device_set(struct store *store, const struct store_edit *edit, struct change *change, int64_t now,
    size_t *revoked, struct error *err)
{
	struct edits edits;

	edit_apply(edit, &change->after);
	if (store_device_check(&change->after, err) != 0)
		return -1;
	edits = edits_of(change);
#define X(name, ...) && !edits.name
	if (!edits.names && !edits.tags DEVICE_TEXTS(X))
#undef X
		return 0;
	if ((edits.names && set_names(store, change, now, revoked, err) != 0) ||
	    (edits.tags && set_tags(store, change, err) != 0) ||
	    set_texts(store, change, &edits, err) != 0 || change_write(store, change, err) != 0)
		return -1;
	return set_record(store, change, &edits, *revoked, now, err);
}

int
store_device_set(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_edit *edit, int64_t now, size_t *revoked, struct error *err)
{
	struct change change = {.id = 0};
	bool          marked;
	int           rc;

	*revoked = 0;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = change_load(store, ek_hash, &change, err);
	if (rc == 0)
		rc = device_set(store, edit, &change, now, revoked, err);
	store_device_clear(&change.device);
	return sql_change_end(store, marked, rc, err);
}

/* ---- enable, disable ---- */

static int
device_enable(struct store *store, struct change *change, bool enabled, int64_t now,
    size_t *revoked, struct error *err)
{
	AUTO_BYTES detail = {0};

	if (change->device.enabled == enabled)
		return 0;
	change->after.enabled = enabled;
	if (change_write(store, change, err) != 0)
		return -1;
	if (enabled)
		return store_audit_add(store, AUDIT_ENABLE, change->device.ek_hash, "done", "", now, err);
	if (revoke_since(store, change->device.ek_hash, 0, REASON_PRIVILEGE_WITHDRAWN, now,
	        revoked, err) != 0)
		return -1;
	audit_detail_revoked(&detail, *revoked);
	return audit_detail_record(store, AUDIT_DISABLE, change->device.ek_hash, NULL, &detail, now, err);
}

int
store_device_enable(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], bool enabled,
    int64_t now, size_t *revoked, struct error *err)
{
	struct change change = {.id = 0};
	bool          marked;
	int           rc;

	*revoked = 0;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = change_load(store, ek_hash, &change, err);
	if (rc == 0)
		rc = device_enable(store, &change, enabled, now, revoked, err);
	store_device_clear(&change.device);
	return sql_change_end(store, marked, rc, err);
}
