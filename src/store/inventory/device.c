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
#include "store/inventory/audit_detail.h"
#include "store/inventory/device.h"
#include "store/inventory/device_check.h"
#include "store/inventory/rows.h"
#include "store/sqlite/leftover.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/identifier.h"

int
sqlite_not_enrolled(const uint8_t *ek_hash, struct error *err)
{
	char hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(ek_hash, hash);
	return error_set(err, ERROR_NOT_ENROLLED,
	    "EK %s is not enrolled; run \"attest-ca enroll %s\"", hash, hash);
}

/* Looks for a row of one of the two statements that take one parameter, bound already. */
static int
device_exists(struct store *store, sqlite3_stmt *statement, bool *exists,
    char hash[STORE_HASH_TEXT_SIZE], struct error *err)
{
	int rc = sqlite_step(store, statement, "looking for a device", err);

	if (rc > 0 && sqlite3_column_bytes(statement, 1) == STORE_HASH_SIZE)
		store_hash_format(sqlite3_column_blob(statement, 1), hash);
	(void)sqlite3_reset(statement);
	*exists = rc > 0;
	return rc < 0 ? -1 : 0;
}

int
sqlite_device_check_hash(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_BY_HASH_STATEMENT, err);
	char          hash[STORE_HASH_TEXT_SIZE] = "";
	bool          exists;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (device_exists(store, statement, &exists, hash, err) != 0)
		return -1;
	return exists ? error_set(err, ERROR_CONFLICT,
	                    "EK %s is enrolled already; see \"attest-ca show %s\"", hash, hash)
	              : 0;
}

int
sqlite_device_check_name(struct store *store, const char *name, const uint8_t *owner,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_BY_NAME_STATEMENT, err);
	char          hash[STORE_HASH_TEXT_SIZE] = "";
	char          own[STORE_HASH_TEXT_SIZE] = "";
	bool          exists;

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, name);
	if (device_exists(store, statement, &exists, hash, err) != 0)
		return -1;
	if (owner != NULL)
		store_hash_format(owner, own);
	if (exists && strcmp(hash, own) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "name \"%s\" belongs to device %s; choose another name, or remove that device", name,
		    hash);
	return 0;
}

int
sqlite_device_check_names(struct store *store, const struct store_device *device, struct error *err)
{
	for (size_t i = 0; i < device->name_count; i++)
		if (sqlite_device_check_name(store, device->names[i], device->ek_hash, err) != 0 ||
		    sqlite_leftover_yield_name(store, device->names[i], err) != 0)
			return -1;
	return 0;
}

int
sqlite_name_insert(struct store *store, int64_t id, const char *name, size_t position,
    int64_t since, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_NAME_INSERT_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, name);
	(void)sqlite3_bind_int64(statement, 2, id);
	(void)sqlite3_bind_int64(statement, 3, (sqlite3_int64)position);
	(void)sqlite3_bind_int64(statement, 4, since);
	return sqlite_step(store, statement, "adding a name", err);
}

int
sqlite_tag_insert(struct store *store, int64_t id, const char *tag, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_TAG_INSERT_STATEMENT, err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	sqlite_bind_string(statement, 2, tag);
	return sqlite_step(store, statement, "adding a tag", err);
}

int
sqlite_device_insert(struct store *store, const struct store_device *device, int64_t now,
    int64_t *id, struct error *err)
{
	sqlite3_stmt *statement;
	int64_t       revision;

	if (sqlite_device_check_hash(store, device->ek_hash, err) != 0 ||
	    sqlite_leftover_yield_hash(store, device->ek_hash, err) != 0 ||
	    sqlite_device_check_names(store, device, err) != 0 ||
	    sqlite_revision_next(store, &revision, err) != 0 ||
	    (statement = sqlite_prepared(store, SQLITE_DEVICE_INSERT_STATEMENT, err)) == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, device->ek_hash, STORE_HASH_SIZE);
	sqlite_bind_string(statement, 2, device->note != NULL ? device->note : "");
	(void)sqlite3_bind_int64(statement, 3, now);
	(void)sqlite3_bind_int64(statement, 4, revision);
	if (sqlite_step(store, statement, "adding a device", err) != 0)
		return -1;
	*id = sqlite3_last_insert_rowid(store->db);
	for (size_t i = 0; i < device->name_count; i++)
		if (sqlite_name_insert(store, *id, device->names[i], i, revision, err) != 0)
			return -1;
	for (size_t i = 0; i < device->tag_count; i++)
		if (sqlite_tag_insert(store, *id, device->tags[i], err) != 0)
			return -1;
	return sqlite_waiting_leave(store, device->ek_hash, *id, err);
}

/* The first name says most; the others are counted. */
static int
device_record_enroll(struct store *store, const struct store_device *device,
    enum audit_action action, int64_t now, struct error *err)
{
	char detail[IDENTIFIER_MAX + 64] = "without a name";

	if (device->name_count == 1)
		(void)snprintf(detail, sizeof detail, "as %s", device->names[0]);
	else if (device->name_count > 1)
		(void)snprintf(detail, sizeof detail, "as %s and %zu names more", device->names[0],
		    device->name_count - 1);
	return store_audit_add(store, action, device->ek_hash, "done", detail, now, err);
}

int
sqlite_device_enroll(struct store *store, const struct store_device *device,
    enum audit_action action, int64_t now, struct error *err)
{
	int64_t id;
	bool    marked;
	int     rc;

	if (store_device_check(device, err) != 0 || sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = sqlite_device_insert(store, device, now, &id, err);
	if (rc == 0)
		rc = device_record_enroll(store, device, action, now, err);
	return sqlite_change_end(store, marked, rc, err);
}

int
store_device_enroll(struct store *store, const struct store_device *device, int64_t now,
    struct error *err)
{
	return sqlite_device_enroll(store, device, AUDIT_ENROLL, now, err);
}

int
sqlite_device_delete(struct store *store, const uint8_t *ek_hash, int reason, int64_t now,
    size_t *revoked, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_DELETE_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (sqlite_step(store, statement, "removing a device", err) != 0)
		return -1;
	if (sqlite3_changes(store->db) == 0)
		return sqlite_not_enrolled(ek_hash, err);
	return sqlite_revoke(store, ek_hash, 0, reason, now, revoked, err);
}

static int
device_remove(struct store *store, const uint8_t *ek_hash, int64_t now, struct error *err)
{
	AUTO_BYTES detail = {0};
	size_t     revoked;

	if (sqlite_device_delete(store, ek_hash, REASON_CESSATION_OF_OPERATION, now, &revoked,
	        err) != 0)
		return -1;
	sqlite_detail_revoked(&detail, revoked);
	return sqlite_detail_record(store, AUDIT_REMOVE, ek_hash, &detail, now, err);
}

int
store_device_remove(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err)
{
	bool marked;
	int  rc;

	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = device_remove(store, ek_hash, now, err);
	return sqlite_change_end(store, marked, rc, err);
}

/* What one of a device's lists is read with, and how much of it there can be. */
struct device_list {
	size_t      statement;
	size_t      max;
	const char *what;
};

static const struct device_list device_names = {SQLITE_NAME_OF_DEVICE_STATEMENT,
    STORE_DEVICE_NAMES_MAX, "names"};
static const struct device_list device_tags = {SQLITE_TAG_OF_DEVICE_STATEMENT,
    STORE_DEVICE_TAGS_MAX, "tags"};

static int
device_read_list(struct store *store, const struct device_list *list, int64_t id, char ***texts,
    size_t *count, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, list->statement, err);
	int           rc;

	if (statement == NULL)
		return -1;
	*texts = memory_new(list->max * sizeof **texts);
	(void)sqlite3_bind_int64(statement, 1, id);
	while ((rc = sqlite_step(store, statement, "reading a device", err)) > 0) {
		if (*count == list->max) {
			(void)sqlite3_reset(statement);
			return error_set(err, ERROR_INTERNAL, "%s has a device of more than %zu %s",
			    store->path, list->max, list->what);
		}
		(*texts)[(*count)++] = memory_strdup((const char *)sqlite3_column_text(statement, 0));
	}
	return rc;
}

int
sqlite_device_read(struct store *store, sqlite3_stmt *row, struct store_device *out, struct error *err)
{
	int64_t id = sqlite3_column_int64(row, 0);

	*out = (struct store_device){0};
	if (sqlite3_column_bytes(row, 1) != STORE_HASH_SIZE)
		return error_set(err, ERROR_INTERNAL, "%s has a hash of another size", store->path);
	memcpy(out->ek_hash, sqlite3_column_blob(row, 1), STORE_HASH_SIZE);
	out->note = memory_strdup((const char *)sqlite3_column_text(row, 2));
	out->enabled = sqlite3_column_int(row, 3) != 0;
	out->enrolled = sqlite3_column_int64(row, 4);
	out->revision = sqlite3_column_int64(row, 5);
	out->seen = sqlite3_column_int64(row, 6);
	if (device_read_list(store, &device_names, id, &out->names, &out->name_count, err) != 0 ||
	    device_read_list(store, &device_tags, id, &out->tags, &out->tag_count, err) != 0) {
		store_device_clear(out);
		return -1;
	}
	return 0;
}

int
sqlite_device_one(struct store *store, sqlite3_stmt *statement, struct store_device *out,
    bool *found, struct error *err)
{
	int rc = sqlite_step(store, statement, "looking for a device", err);

	*found = rc > 0;
	if (rc > 0)
		rc = sqlite_device_read(store, statement, out, err);
	(void)sqlite3_reset(statement);
	return rc;
}

int
store_device_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_device *out, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_BY_HASH_STATEMENT, err);
	bool          found;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (sqlite_device_one(store, statement, out, &found, err) != 0)
		return -1;
	return found ? 0 : sqlite_not_enrolled(ek_hash, err);
}
