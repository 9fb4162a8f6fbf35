/*
 * A private temporary SQLite database, used for the external sort of an import.
 * Knows no store, and does not check its content.
 */
#include "config.h"

#include "store/sqlite/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "store/inventory/device.h"
#include "store/inventory/name_check.h"
#include "util/bytes.h"
#include "util/error.h"

/*
 * `head` is the beginning of the hash as a number, by which it is sorted first: SQLite compares numbers
 * many times faster than octets.
 *
 * Durability is not needed. SQLite sorts up to half of the cache in memory before it
 * uses files. Sorting files are unlinked at once.
 */
static const char stage_settings[] =
    "PRAGMA page_size = 16384;"
    "PRAGMA journal_mode = OFF;"
    "PRAGMA synchronous = OFF;"
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA secure_delete = OFF;"
    "PRAGMA temp_store = FILE;"
    "PRAGMA cache_size = -8192;"
    "CREATE TABLE device (line INTEGER, ek_hash BLOB, head INTEGER, enabled INTEGER, names BLOB, tags BLOB"
    DEVICE_TEXTS(DEVICE_TEXT_COLUMN) ");"
    "CREATE TABLE removed (line INTEGER, ek_hash BLOB, head INTEGER, removed_at INTEGER, names TEXT, actor TEXT,"
    " reason TEXT);"
    "CREATE TABLE name (name TEXT, skeleton TEXT, ek_hash BLOB, line INTEGER);"
    "BEGIN;";

/* So many rows are inserted by one statement, which costs less than as many statements. */
#define STAGE_ROWS 8
#define ROWS(row)  row ", " row ", " row ", " row ", " row ", " row ", " row ", " row

#define DEVICE_TEXT_ROW(name, ...) ", ?"
#define DEVICE_ROW                 "(?, ?, ?, ?, ?, ?" DEVICE_TEXTS(DEVICE_TEXT_ROW) ")"
#define NAME_ROW                   "(?, ?, ?, ?)"

/* Parameters of a row of these. */
#define DEVICE_TEXT_ONE(name, ...) +1
enum { NAME_PARAMETERS = 4, DEVICE_PARAMETERS = 6 DEVICE_TEXTS(DEVICE_TEXT_ONE) };

/* Up to STAGE_WALKS they insert, the others are walks. */
enum stage_statement {
	STAGE_ADD_DEVICE,
	STAGE_ADD_DEVICES,
	STAGE_ADD_NAME,
	STAGE_ADD_NAMES,
	STAGE_ADD_REMOVED,
	STAGE_WALKS
};
#define STAGE_STATEMENTS (STAGE_WALKS + SQLITE_STAGE_ORDERS)

static const char *const stage_texts[STAGE_STATEMENTS] = {
    [STAGE_ADD_DEVICE] = "INSERT INTO device VALUES " DEVICE_ROW,
    [STAGE_ADD_DEVICES] = "INSERT OR FAIL INTO device VALUES " ROWS(DEVICE_ROW),
    [STAGE_ADD_NAME] = "INSERT INTO name VALUES " NAME_ROW,
    [STAGE_ADD_NAMES] = "INSERT OR FAIL INTO name VALUES " ROWS(NAME_ROW),
    [STAGE_ADD_REMOVED] = "INSERT INTO removed VALUES (?1, ?2, ?7, ?3, ?4, ?5, ?6)",
    [STAGE_WALKS + SQLITE_STAGE_HASHES] =
        "SELECT line, ek_hash, head FROM device UNION ALL SELECT line, ek_hash, head FROM removed"
        " ORDER BY head, ek_hash, line",
    [STAGE_WALKS + SQLITE_STAGE_REMOVED] =
        "SELECT line, ek_hash, removed_at, names, actor, reason FROM removed ORDER BY ek_hash, line",
    [STAGE_WALKS + SQLITE_STAGE_NAMES] =
        "SELECT line, ek_hash, name, skeleton FROM name ORDER BY skeleton, name, line",
    [STAGE_WALKS + SQLITE_STAGE_DEVICES] =
        "SELECT line, ek_hash, enabled, names, tags" DEVICE_TEXTS(DEVICE_TEXT_COLUMN)
        " FROM device ORDER BY head, ek_hash, line",
};

/* Small pieces of memory that SQLite keeps for itself: a record that it sorts is one. */
#define STAGE_LOOKASIDE_SIZE  1200
#define STAGE_LOOKASIDE_COUNT 256

/* Copies of what waits to be inserted with others. */
struct stage_device {
	uint64_t     line;
	uint8_t      ek_hash[STORE_HASH_SIZE];
	bool         enabled;
	struct bytes names; /* strings, each followed by a NUL */
	struct bytes tags;
	struct bytes texts;
};

struct stage_name {
	uint64_t     line;
	uint8_t      ek_hash[STORE_HASH_SIZE];
	struct bytes text;
	struct bytes skeleton;
};

struct sqlite_stage {
	sqlite3                *db;
	sqlite3_stmt           *statements[STAGE_STATEMENTS];
	enum sqlite_stage_order order; /* of the walk */
	struct stage_device     devices[STAGE_ROWS];
	size_t                  device_count;
	struct stage_name       names[STAGE_ROWS];
	size_t                  name_count;
	char                   *name_texts[STORE_DEVICE_NAMES_MAX]; /* being read */
	char                   *tag_texts[STORE_DEVICE_TAGS_MAX];
};

static int
stage_error(const struct sqlite_stage *stage, const char *doing, struct error *err)
{
	int code = stage->db != NULL ? sqlite3_extended_errcode(stage->db) : SQLITE_NOMEM;

	return error_set(err, ERROR_INTERNAL, "%s in a temporary file: %s (%d)%s", doing,
	    sqlite3_errstr(code), code,
	    (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR
	        ? "; make room, or set TMPDIR to a directory that has some"
	        : "");
}

int
sqlite_stage_open(struct sqlite_stage **out, struct error *err)
{
	struct sqlite_stage *stage = memory_new(sizeof *stage);

	if (sqlite3_open_v2("", &stage->db,
	        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
	            SQLITE_OPEN_EXRESCODE,
	        NULL) != SQLITE_OK ||
	    sqlite3_db_config(stage->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, STAGE_LOOKASIDE_SIZE,
	        STAGE_LOOKASIDE_COUNT) != SQLITE_OK ||
	    sqlite3_exec(stage->db, stage_settings, NULL, NULL, NULL) != SQLITE_OK)
		goto fail;
	for (size_t i = 0; i < STAGE_STATEMENTS; i++)
		if (sqlite3_prepare_v3(stage->db, stage_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
		        &stage->statements[i], NULL) != SQLITE_OK)
			goto fail;
	*out = stage;
	return 0;

fail:
	(void)stage_error(stage, "gathering devices", err);
	sqlite_stage_close(stage);
	return -1;
}

void
sqlite_stage_close(struct sqlite_stage *stage)
{
	if (stage == NULL)
		return;
	for (size_t i = 0; i < STAGE_STATEMENTS; i++)
		(void)sqlite3_finalize(stage->statements[i]);
	(void)sqlite3_close(stage->db);
	for (size_t i = 0; i < STAGE_ROWS; i++) {
		bytes_clear(&stage->devices[i].names);
		bytes_clear(&stage->devices[i].tags);
		bytes_clear(&stage->devices[i].texts);
		bytes_clear(&stage->names[i].text);
		bytes_clear(&stage->names[i].skeleton);
	}
	free(stage);
}

/* With its NUL. */
static void
text_append(struct bytes *out, const char *text)
{
	bytes_append(out, text, strlen(text) + 1);
}

static void
stage_pack(char *const *texts, size_t count, struct bytes *out)
{
	out->size = 0;
	for (size_t i = 0; i < count; i++)
		text_append(out, texts[i]);
}

/* Borrowed from the blob. */
static size_t
stage_unpack(sqlite3_stmt *row, int column, char **texts, size_t max)
{
	const char *text = sqlite3_column_blob(row, column); /* NULL if empty */
	size_t      left = (size_t)sqlite3_column_bytes(row, column);
	size_t      count = 0;

	while (left > 0 && count < max) {
		size_t size = strlen(text) + 1;

		texts[count++] = (char *)(uintptr_t)text;
		text += size;
		left -= size;
	}
	return count;
}

static void
stage_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	(void)sqlite3_bind_text64(statement, index, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8);
}

static int
stage_insert(struct sqlite_stage *stage, sqlite3_stmt *statement, struct error *err)
{
	int rc = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return rc == SQLITE_DONE ? 0 : stage_error(stage, "gathering devices", err);
}

static void
stage_bind_octets(sqlite3_stmt *statement, int index, const void *octets, size_t size)
{
	(void)sqlite3_bind_blob64(statement, index, octets, size, SQLITE_STATIC);
}

/* The first octets of a hash as a number that is ordered as they are. */
static sqlite3_int64
hash_head(const uint8_t *ek_hash)
{
	uint64_t head = 0;

	for (size_t i = 0; i < sizeof head; i++)
		head = head << 8 | ek_hash[i];
	return (sqlite3_int64)(head ^ UINT64_C(1) << 63);
}

static void
name_bind(sqlite3_stmt *statement, int row, const struct stage_name *name)
{
	int parameter = row * NAME_PARAMETERS;

	stage_bind_text(statement, ++parameter, (const char *)name->text.data);
	stage_bind_text(statement, ++parameter, (const char *)name->skeleton.data);
	stage_bind_octets(statement, ++parameter, name->ek_hash, STORE_HASH_SIZE);
	(void)sqlite3_bind_int64(statement, ++parameter, (sqlite3_int64)name->line);
}

static void
device_bind(sqlite3_stmt *statement, int row, const struct stage_device *device)
{
	int         parameter = row * DEVICE_PARAMETERS;
	const char *text = (const char *)device->texts.data;

	(void)sqlite3_bind_int64(statement, ++parameter, (sqlite3_int64)device->line);
	stage_bind_octets(statement, ++parameter, device->ek_hash, STORE_HASH_SIZE);
	(void)sqlite3_bind_int64(statement, ++parameter, hash_head(device->ek_hash));
	(void)sqlite3_bind_int(statement, ++parameter, device->enabled);
	stage_bind_octets(statement, ++parameter, device->names.data, device->names.size);
	stage_bind_octets(statement, ++parameter, device->tags.data, device->tags.size);
	while (parameter < (row + 1) * DEVICE_PARAMETERS) {
		stage_bind_text(statement, ++parameter, text);
		text += strlen(text) + 1;
	}
}

/* Inserts the devices that wait: all by one statement, or each by its own. */
static int
stage_put_devices(struct sqlite_stage *stage, struct error *err)
{
	size_t        count = stage->device_count;
	bool          full = count == STAGE_ROWS;
	sqlite3_stmt *statement = stage->statements[full ? STAGE_ADD_DEVICES : STAGE_ADD_DEVICE];

	stage->device_count = 0;
	for (size_t i = 0; i < count; i++) {
		device_bind(statement, full ? (int)i : 0, &stage->devices[i]);
		if ((!full || i + 1 == count) && stage_insert(stage, statement, err) != 0)
			return -1;
	}
	return 0;
}

static int
stage_put_names(struct sqlite_stage *stage, struct error *err)
{
	size_t        count = stage->name_count;
	bool          full = count == STAGE_ROWS;
	sqlite3_stmt *statement = stage->statements[full ? STAGE_ADD_NAMES : STAGE_ADD_NAME];

	stage->name_count = 0;
	for (size_t i = 0; i < count; i++) {
		name_bind(statement, full ? (int)i : 0, &stage->names[i]);
		if ((!full || i + 1 == count) && stage_insert(stage, statement, err) != 0)
			return -1;
	}
	return 0;
}

static int
stage_add_name(struct sqlite_stage *stage, const struct store_device *device, const char *text,
    uint64_t line, struct error *err)
{
	struct stage_name *name = &stage->names[stage->name_count];

	name->text.size = 0;
	name->skeleton.size = 0;
	if (name_skeleton(text, &name->skeleton, err) != 0)
		return -1;
	text_append(&name->text, text);
	memcpy(name->ek_hash, device->ek_hash, STORE_HASH_SIZE);
	name->line = line;
	return ++stage->name_count < STAGE_ROWS ? 0 : stage_put_names(stage, err);
}

int
sqlite_stage_add(struct sqlite_stage *stage, const struct store_device *device, uint64_t line,
    struct error *err)
{
	struct stage_device *copy = &stage->devices[stage->device_count];

	copy->line = line;
	copy->enabled = device->enabled;
	memcpy(copy->ek_hash, device->ek_hash, STORE_HASH_SIZE);
	stage_pack(device->names, device->name_count, &copy->names);
	stage_pack(device->tags, device->tag_count, &copy->tags);
	copy->texts.size = 0;
#define X(name, ...) text_append(&copy->texts, device->name != NULL ? device->name : "");
	DEVICE_TEXTS(X)
#undef X
	if (++stage->device_count == STAGE_ROWS && stage_put_devices(stage, err) != 0)
		return -1;
	for (size_t i = 0; i < device->name_count; i++)
		if (stage_add_name(stage, device, device->names[i], line, err) != 0)
			return -1;
	return 0;
}

int
sqlite_stage_add_removed(struct sqlite_stage *stage, const struct store_removed *removed,
    uint64_t line, struct error *err)
{
	sqlite3_stmt *statement = stage->statements[STAGE_ADD_REMOVED];

	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)line);
	(void)sqlite3_bind_blob64(statement, 2, removed->ek_hash, STORE_HASH_SIZE, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 3, removed->at);
	stage_bind_text(statement, 4, removed->names);
	stage_bind_text(statement, 5, removed->actor);
	stage_bind_text(statement, 6, removed->reason);
	(void)sqlite3_bind_int64(statement, 7, hash_head(removed->ek_hash));
	return stage_insert(stage, statement, err);
}

static void
stage_read_removed(sqlite3_stmt *row, struct store_removed *removed)
{
	memcpy(removed->ek_hash, sqlite3_column_blob(row, 1), STORE_HASH_SIZE);
	removed->at = sqlite3_column_int64(row, 2);
	(void)snprintf(removed->names, sizeof removed->names, "%s", sqlite3_column_text(row, 3));
	(void)snprintf(removed->actor, sizeof removed->actor, "%s", sqlite3_column_text(row, 4));
	(void)snprintf(removed->reason, sizeof removed->reason, "%s", sqlite3_column_text(row, 5));
}

void
sqlite_stage_sort(struct sqlite_stage *stage, enum sqlite_stage_order order)
{
	sqlite_stage_rest(stage);
	stage->order = order;
}

void
sqlite_stage_rest(struct sqlite_stage *stage)
{
	(void)sqlite3_reset(stage->statements[STAGE_WALKS + stage->order]);
}

int
sqlite_stage_next(struct sqlite_stage *stage, struct sqlite_stage_item *item, struct error *err)
{
	sqlite3_stmt *row = stage->statements[STAGE_WALKS + stage->order];
	int           text = 5; /* column of the first */
	int           rc;

	if (stage_put_devices(stage, err) != 0 || stage_put_names(stage, err) != 0)
		return -1;
	rc = sqlite3_step(row);
	*item = (struct sqlite_stage_item){0};
	if (rc != SQLITE_ROW) {
		if (rc != SQLITE_DONE)
			(void)stage_error(stage, "sorting devices", err);
		(void)sqlite3_reset(row);
		return rc == SQLITE_DONE ? 0 : -1;
	}
	item->line = (uint64_t)sqlite3_column_int64(row, 0);
	if (stage->order == SQLITE_STAGE_REMOVED) {
		stage_read_removed(row, &item->removed);
		return 1;
	}
	memcpy(item->device.ek_hash, sqlite3_column_blob(row, 1), STORE_HASH_SIZE);
	if (stage->order == SQLITE_STAGE_NAMES) {
		item->name = (const char *)sqlite3_column_text(row, 2);
		item->skeleton = (const char *)sqlite3_column_text(row, 3);
		return 1;
	}
	if (stage->order == SQLITE_STAGE_HASHES)
		return 1;
	item->device.enabled = sqlite3_column_int(row, 2) != 0;
	item->device.names = stage->name_texts;
	item->device.name_count =
	    stage_unpack(row, 3, stage->name_texts, STORE_DEVICE_NAMES_MAX);
	item->device.tags = stage->tag_texts;
	item->device.tag_count = stage_unpack(row, 4, stage->tag_texts, STORE_DEVICE_TAGS_MAX);
#define X(name, ...) item->device.name = (char *)(uintptr_t)sqlite3_column_text(row, text++);
	DEVICE_TEXTS(X)
#undef X
	return 1;
}
