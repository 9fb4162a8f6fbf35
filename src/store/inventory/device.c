/*
 * Devices, their names and tags: enrolled, removed, found. Owns the rule
 * that no identifier ever belongs to two devices.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "pki/crl_reason.h"
#include "store/hash.h"
#include "store/inventory/audit.h"
#include "store/inventory/audit_chain.h"
#include "store/inventory/audit_detail.h"
#include "store/inventory/device.h"
#include "store/inventory/device_check.h"
#include "store/inventory/name_check.h"
#include "store/inventory/rows.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/identifier.h"
#include "util/own_command.h"

int
device_revision_next(struct store *store, int64_t *revision, struct error *err)
{
	static const char     text[] =
	    "UPDATE counter SET revision = revision + 1 RETURNING revision";
	struct sql_statement *statement = sql_prepare(store, text, err);

	return statement == NULL ? -1
	                         : sql_one_number(statement, "drawing a revision", revision, err);
}

int
device_not_enrolled(const uint8_t *ek_hash, struct error *err)
{
	char hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(ek_hash, hash);
	return error_set(err, ERROR_NOT_ENROLLED,
	    "EK %s is not enrolled; run \"%s enroll %s\"", hash, own_command("attest-ca"), hash);
}

/* Looks for the device of a bound statement, whose one column is the hash. */
static int
device_exists(struct sql_statement *statement, bool *exists, char hash[STORE_HASH_TEXT_SIZE],
    struct error *err)
{
	int         rc = sql_step(statement, "looking for a device", err);
	struct view ek_hash = {NULL, 0};

	if (rc > 0)
		ek_hash = sql_column_octets(statement, 0);
	if (ek_hash.size == STORE_HASH_SIZE)
		store_hash_format(ek_hash.data, hash);
	sql_reset(statement);
	*exists = rc > 0;
	return rc < 0 ? -1 : 0;
}

int
device_check_hash(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	static const char     text[] = "SELECT ek_hash FROM enrolled WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	char                  hash[STORE_HASH_TEXT_SIZE] = "";
	bool                  exists;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (device_exists(statement, &exists, hash, err) != 0)
		return -1;
	return exists ? error_set(err, ERROR_CONFLICT,
	                    "EK %s is enrolled already; see \"%s show %s\"", hash,
	                    own_command("attest-ca"), hash)
	              : 0;
}

/* The name's device may have a new mainboard, hence a new EK: the error names the command for
 * that. */
static int
device_refuse_name(struct store *store, const char *name, const char *hash, const uint8_t *owner,
    struct error *err)
{
	char own[STORE_HASH_TEXT_SIZE];

	if (owner == NULL || device_check_hash(store, owner, err) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "name \"%s\" belongs to device %s; choose another name, or remove that device", name,
		    hash);
	store_hash_format(owner, own);
	return error_set(err, ERROR_CONFLICT,
	    "name \"%.128s\" belongs to device %s; when this is the EK of its new mainboard, run"
	    " \"%s replace %s %s\"; else choose another name, or remove that device", name, hash,
	    own_command("attest-ca"), hash, own);
}

int
device_check_name(struct store *store, const char *name, const uint8_t *owner,
    struct error *err)
{
	static const char     text[] =
	    "SELECT ek_hash FROM name JOIN enrolled AS device ON device.id = name.device"
	    " WHERE name.name = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	char                  hash[STORE_HASH_TEXT_SIZE] = "";
	char                  own[STORE_HASH_TEXT_SIZE] = "";
	bool                  exists;

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, name);
	if (device_exists(statement, &exists, hash, err) != 0)
		return -1;
	if (owner != NULL)
		store_hash_format(owner, own);
	if (exists && strcmp(hash, own) != 0)
		return device_refuse_name(store, name, hash, owner, err);
	return 0;
}

int
device_check_names(struct store *store, const struct store_device *device, struct error *err)
{
	for (size_t i = 0; i < device->name_count; i++)
		if (name_check_visible(device->names[i], err) != 0 ||
		    device_check_name(store, device->names[i], device->ek_hash, err) != 0 ||
		    batch_yield_name(store, device->names[i], err) != 0 ||
		    similar_check(store, device->names[i], device->ek_hash, err) != 0)
			return -1;
	return 0;
}

int
device_name_insert(struct store *store, int64_t id, const char *name, size_t position,
    int64_t since, struct error *err)
{
	static const char     text[] =
	    "INSERT INTO name (name, device, position, since, skeleton) VALUES (?1, ?2, ?3, ?4, ?5)";
	AUTO_BYTES            skeleton = {0};
	struct sql_statement *statement;

	if (name_skeleton(name, &skeleton, err) != 0 ||
	    (statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_text(statement, 1, name);
	sql_bind_int64(statement, 2, id);
	sql_bind_int64(statement, 3, (int64_t)position);
	sql_bind_int64(statement, 4, since);
	sql_bind_text(statement, 5, (const char *)skeleton.data);
	return sql_step(statement, "adding a name", err);
}

int
device_tag_insert(struct store *store, int64_t id, const char *tag, struct error *err)
{
	static const char     text[] = "INSERT INTO tag (device, tag) VALUES (?1, ?2)";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, id);
	sql_bind_text(statement, 2, tag);
	return sql_step(statement, "adding a tag", err);
}

/* The texts are numbered in the order of their list, after the five others. */
enum device_parameter {
	DEVICE_PARAMETER_OTHERS = 5,
#define X(name, FIELD, ...) DEVICE_PARAMETER_##FIELD,
	DEVICE_TEXTS(X)
#undef X
};

#define X(name, FIELD, number, ...) \
	_Static_assert(DEVICE_PARAMETER_##FIELD == (number), "no parameter is left out or bound twice");
DEVICE_TEXTS(X)
#undef X

void
device_insert_bind(struct sql_statement *statement, const struct store_device *device,
    bool enabled, int64_t enrolled, int64_t revision)
{
	sql_bind_octets(statement, 1, device->ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, enabled ? 1 : 0);
	sql_bind_int64(statement, 3, enrolled);
	sql_bind_int64(statement, 4, revision);
#define X(name, FIELD, number, ...)                                                           \
	sql_bind_text(statement, number, device->name != NULL ? device->name : "");
	DEVICE_TEXTS(X)
#undef X
}

int
device_insert(struct store *store, const struct store_device *device, int64_t now,
    int64_t *id, struct error *err)
{
	static const char     text[] = DEVICE_INSERT " RETURNING id";
	struct sql_statement *statement;
	int64_t               revision;

	if (device_check_hash(store, device->ek_hash, err) != 0 ||
	    batch_yield_hash(store, device->ek_hash, err) != 0 ||
	    device_check_names(store, device, err) != 0 ||
	    device_revision_next(store, &revision, err) != 0 ||
	    (statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	device_insert_bind(statement, device, true, now, revision);
	sql_bind_null(statement, 5);
	if (sql_one_number(statement, "adding a device", id, err) != 0)
		return -1;
	for (size_t i = 0; i < device->name_count; i++)
		if (device_name_insert(store, *id, device->names[i], i, revision, err) != 0)
			return -1;
	for (size_t i = 0; i < device->tag_count; i++)
		if (device_tag_insert(store, *id, device->tags[i], err) != 0)
			return -1;
	return removed_forget(store, device->ek_hash, err) != 0
	    ? -1
	    : waiting_leave(store, device->ek_hash, *id, err);
}

/* Prints the first name and the number of others. */
static int
device_record_enroll(struct store *store, const struct store_device *device,
    enum audit_action action, int64_t now, struct error *err)
{
	char detail[IDENTIFIER_MAX + 64] = "without a name";

	if (device->name_count == 1)
		(void)snprintf(detail, sizeof detail, "as %s", device->names[0]);
	else if (device->name_count > 1)
		(void)snprintf(detail, sizeof detail, "as %s and %zu more", device->names[0],
		    device->name_count - 1);
	return store_audit_add(store, action, device->ek_hash, "done", detail, now, err);
}

int
device_enroll(struct store *store, const struct store_device *device,
    enum audit_action action, int64_t now, struct error *err)
{
	int64_t id;
	bool    marked;
	int     rc;

	if (store_device_check(device, err) != 0 || sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = device_insert(store, device, now, &id, err);
	if (rc == 0)
		rc = device_record_enroll(store, device, action, now, err);
	return sql_change_end(store, marked, rc, err);
}

int
store_device_enroll(struct store *store, const struct store_device *device, int64_t now,
    struct error *err)
{
	return device_enroll(store, device, AUDIT_ENROLL, now, err);
}

int
device_delete(struct store *store, const uint8_t *ek_hash, int reason, int64_t now,
    char *names, size_t *revoked, struct error *err)
{
	static const char     text[] =
	    "DELETE FROM device WHERE id = (SELECT id FROM enrolled WHERE ek_hash = ?1)";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL || audit_names_find(store, ek_hash, names, err) != 0)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (sql_step(statement, "removing a device", err) != 0)
		return -1;
	if (sql_changed(store) == 0)
		return device_not_enrolled(ek_hash, err);
	return revoke_since(store, ek_hash, 0, reason, now, revoked, err);
}

static int
device_remove(struct store *store, const uint8_t *ek_hash, int64_t now, struct error *err)
{
	AUTO_BYTES detail = {0};
	char       names[AUDIT_NAMES_SIZE];
	size_t     revoked;

	if (device_delete(store, ek_hash, REASON_CESSATION_OF_OPERATION, now, names, &revoked,
	        err) != 0 ||
	    removed_record(store, ek_hash, names, "removed", now, err) != 0)
		return -1;
	audit_detail_revoked(&detail, revoked);
	return audit_detail_record(store, AUDIT_REMOVE, ek_hash, names, &detail, now, err);
}

int
store_device_remove(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err)
{
	bool marked;
	int  rc;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = device_remove(store, ek_hash, now, err);
	return sql_change_end(store, marked, rc, err);
}

/* How to read one of a device's lists, with its bound. */
struct device_list {
	const char *text;
	size_t      max;
	const char *what;
};

static const struct device_list device_names = {
    "SELECT name FROM name WHERE device = ?1 ORDER BY position", STORE_DEVICE_NAMES_MAX, "names"};
static const struct device_list device_tags = {
    "SELECT tag FROM tag WHERE device = ?1 ORDER BY tag", STORE_DEVICE_TAGS_MAX, "tags"};

static int
device_read_list(struct store *store, const struct device_list *list, int64_t id, char ***texts,
    size_t *count, struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, list->text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	*texts = memory_new(list->max * sizeof **texts);
	sql_bind_int64(statement, 1, id);
	while ((rc = sql_step(statement, "reading a device", err)) > 0) {
		if (*count == list->max) {
			sql_reset(statement);
			return error_set(err, ERROR_INTERNAL, "%s has a device of more than %zu %s",
			    store_place(store), list->max, list->what);
		}
		(*texts)[(*count)++] = memory_strdup(sql_column_text(statement, 0));
	}
	return rc;
}

static int
device_read_with(struct store *store, struct sql_statement *row, unsigned lists, struct store_device *out,
    struct error *err)
{
	struct view ek_hash = sql_column_octets(row, 1);
	int         text = 6; /* column of the first */

	*out = (struct store_device){0};
	if (ek_hash.size != STORE_HASH_SIZE)
		return error_set(err, ERROR_INTERNAL, "%s has a hash of another size", store_place(store));
	memcpy(out->ek_hash, ek_hash.data, STORE_HASH_SIZE);
	out->row = sql_column_int64(row, 0);
	out->enabled = sql_column_int64(row, 2) != 0;
	out->enrolled = sql_column_int64(row, 3);
	out->revision = sql_column_int64(row, 4);
	out->seen = sql_column_int64(row, 5);
#define X(name, ...) out->name = memory_strdup(sql_column_text(row, text++));
	DEVICE_TEXTS(X)
#undef X
	if (((lists & STORE_DEVICE_NAMES) != 0 &&
	        device_read_list(store, &device_names, out->row, &out->names, &out->name_count, err) != 0) ||
	    ((lists & STORE_DEVICE_TAGS) != 0 &&
	        device_read_list(store, &device_tags, out->row, &out->tags, &out->tag_count, err) != 0)) {
		store_device_clear(out);
		return -1;
	}
	return 0;
}

int
device_read(struct store *store, struct sql_statement *row, struct store_device *out, struct error *err)
{
	return device_read_with(store, row, STORE_DEVICE_NAMES | STORE_DEVICE_TAGS, out, err);
}

static int
device_one_with(struct store *store, struct sql_statement *statement, unsigned lists,
    struct store_device *out, bool *found, struct error *err)
{
	int rc = sql_step(statement, "looking for a device", err);

	*found = rc > 0;
	if (rc > 0)
		rc = device_read_with(store, statement, lists, out, err);
	sql_reset(statement);
	return rc;
}

int
device_one(struct store *store, struct sql_statement *statement, struct store_device *out,
    bool *found, struct error *err)
{
	return device_one_with(store, statement, STORE_DEVICE_NAMES | STORE_DEVICE_TAGS, out, found, err);
}

int
store_device_find_with(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], unsigned lists,
    struct store_device *out, struct error *err)
{
	static const char     text[] =
	    "SELECT " DEVICE_COLUMNS " FROM enrolled AS device WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	bool                  found;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (device_one_with(store, statement, lists, out, &found, err) != 0)
		return -1;
	return found ? 0 : device_not_enrolled(ek_hash, err);
}

int
store_device_at(struct store *store, int64_t row, unsigned lists, struct store_device *out,
    struct error *err)
{
	static const char     text[] = "SELECT " DEVICE_COLUMNS " FROM enrolled AS device WHERE id = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	bool                  found;

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, row);
	if (device_one_with(store, statement, lists, out, &found, err) != 0)
		return -1;
	return found ? 0 : error_set(err, ERROR_NOT_ENROLLED, "the device is not enrolled any more");
}

int
store_device_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_device *out, struct error *err)
{
	return store_device_find_with(store, ek_hash, STORE_DEVICE_NAMES | STORE_DEVICE_TAGS, out, err);
}
