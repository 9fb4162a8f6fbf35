/*
 * Devices and their names: enrolled, removed, found and listed. Owns the rule
 * that no identifier ever belongs to two devices.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/hash.h"
#include "store/sqlite_inventory.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/identifier.h"
#include "util/utf8.h"

void
store_device_clear(struct store_device *device)
{
	for (size_t i = 0; i < device->name_count; i++)
		free(device->names[i]);
	free(device->names);
	free(device->note);
	*device = (struct store_device){0};
}

int
sqlite_not_enrolled(const uint8_t *ek_hash, struct error *err)
{
	char hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(ek_hash, hash);
	return error_set(err, ERROR_NOT_ENROLLED,
	    "EK %s is not enrolled; run \"attest-ca enroll %s\"", hash, hash);
}

static int
device_check_note(const char *note, struct error *err)
{
	size_t   length = strlen(note);
	uint32_t character = 0;
	size_t   used;

	if (length > STORE_NOTE_MAX)
		return error_set(err, ERROR_MALFORMED, "a note has at most %d octets, this one %zu",
		    STORE_NOTE_MAX, length);
	for (size_t i = 0; i < length; i += used) {
		used = utf8_decode((const uint8_t *)note + i, length - i, &character);
		if (used == 0)
			return error_set(err, ERROR_MALFORMED, "octet %zu of the note is not UTF-8",
			    i + 1);
		if (utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED,
			    "octet %zu of the note is a control character", i + 1);
	}
	return 0;
}

/* What can be refused without a look at the others. */
static int
device_check(const struct store_device *device, struct error *err)
{
	uint8_t meant[STORE_HASH_SIZE];

	if (device->name_count > STORE_DEVICE_NAMES_MAX)
		return error_set(err, ERROR_MALFORMED, "a device has at most %d names, this one %zu",
		    STORE_DEVICE_NAMES_MAX, device->name_count);
	for (size_t i = 0; i < device->name_count; i++) {
		const char *name = device->names[i];

		if (identifier_check(name, strlen(name), err) != 0)
			return error_wrap(err, "name %zu", i + 1);
		/* A device that is enrolled tomorrow owns its hash today. */
		if (store_hash_parse(name, meant) &&
		    memcmp(meant, device->ek_hash, STORE_HASH_SIZE) != 0)
			return error_set(err, ERROR_CONFLICT,
			    "name \"%s\" is the hash of another EK; choose another name", name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(name, device->names[j]) == 0)
				return error_set(err, ERROR_CONFLICT, "name \"%s\" is given twice", name);
	}
	return device->note != NULL ? device_check_note(device->note, err) : 0;
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

static int
device_check_others(struct store *store, const struct store_device *device, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_BY_HASH_STATEMENT, err);
	char          hash[STORE_HASH_TEXT_SIZE] = "";
	bool          exists;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, device->ek_hash, STORE_HASH_SIZE);
	if (device_exists(store, statement, &exists, hash, err) != 0)
		return -1;
	if (exists)
		return error_set(err, ERROR_CONFLICT,
		    "EK %s is enrolled already; see \"attest-ca show %s\"", hash, hash);

	for (size_t i = 0; i < device->name_count; i++) {
		statement = sqlite_prepared(store, SQLITE_DEVICE_BY_NAME_STATEMENT, err);
		if (statement == NULL)
			return -1;
		sqlite_bind_string(statement, 1, device->names[i]);
		if (device_exists(store, statement, &exists, hash, err) != 0)
			return -1;
		if (exists)
			return error_set(err, ERROR_CONFLICT,
			    "name \"%s\" belongs to device %s; choose another name, or remove that device",
			    device->names[i], hash);
	}
	return 0;
}

static int
device_insert_name(struct store *store, int64_t id, const char *name, size_t position,
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

static int
device_insert(struct store *store, const struct store_device *device, int64_t now,
    struct error *err)
{
	sqlite3_stmt *statement;
	int64_t       revision;
	int64_t       id;

	if (device_check_others(store, device, err) != 0 ||
	    sqlite_revision_next(store, &revision, err) != 0 ||
	    (statement = sqlite_prepared(store, SQLITE_DEVICE_INSERT_STATEMENT, err)) == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, device->ek_hash, STORE_HASH_SIZE);
	sqlite_bind_string(statement, 2, device->note != NULL ? device->note : "");
	(void)sqlite3_bind_int64(statement, 3, now);
	(void)sqlite3_bind_int64(statement, 4, revision);
	if (sqlite_step(store, statement, "adding a device", err) != 0)
		return -1;
	id = sqlite3_last_insert_rowid(store->db);
	for (size_t i = 0; i < device->name_count; i++)
		if (device_insert_name(store, id, device->names[i], i, revision, err) != 0)
			return -1;
	return 0;
}

int
store_device_enroll(struct store *store, const struct store_device *device, int64_t now,
    struct error *err)
{
	bool marked;
	int  rc;

	if (device_check(device, err) != 0 || sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = device_insert(store, device, now, err);
	return sqlite_change_end(store, marked, rc, err);
}

static int
device_delete(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_DELETE_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (sqlite_step(store, statement, "removing a device", err) != 0)
		return -1;
	if (sqlite3_changes(store->db) == 0)
		return sqlite_not_enrolled(ek_hash, err);

	statement = sqlite_prepared(store, SQLITE_CERTIFICATE_REVOKE_STATEMENT, err);
	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	(void)sqlite3_bind_int64(statement, 2, now);
	return sqlite_step(store, statement, "revoking certificates", err);
}

int
store_device_remove(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err)
{
	bool marked;
	int  rc;

	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = device_delete(store, ek_hash, now, err);
	return sqlite_change_end(store, marked, rc, err);
}

static int
device_read_names(struct store *store, int64_t id, struct store_device *out, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_NAME_OF_DEVICE_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	out->names = memory_new(STORE_DEVICE_NAMES_MAX * sizeof *out->names);
	(void)sqlite3_bind_int64(statement, 1, id);
	while ((rc = sqlite_step(store, statement, "reading names", err)) > 0) {
		if (out->name_count == STORE_DEVICE_NAMES_MAX) {
			(void)sqlite3_reset(statement);
			return error_set(err, ERROR_INTERNAL, "%s has a device of more than %d names",
			    store->path, STORE_DEVICE_NAMES_MAX);
		}
		out->names[out->name_count++] =
		    memory_strdup((const char *)sqlite3_column_text(statement, 0));
	}
	return rc;
}

int
sqlite_device_read(struct store *store, sqlite3_stmt *row, struct store_device *out, struct error *err)
{
	*out = (struct store_device){0};
	if (sqlite3_column_bytes(row, 1) != STORE_HASH_SIZE)
		return error_set(err, ERROR_INTERNAL, "%s has a hash of another size", store->path);
	memcpy(out->ek_hash, sqlite3_column_blob(row, 1), STORE_HASH_SIZE);
	out->note = memory_strdup((const char *)sqlite3_column_text(row, 2));
	out->enabled = sqlite3_column_int(row, 3) != 0;
	out->enrolled = sqlite3_column_int64(row, 4);
	out->revision = sqlite3_column_int64(row, 5);
	if (device_read_names(store, sqlite3_column_int64(row, 0), out, err) != 0) {
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
