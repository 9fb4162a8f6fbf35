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
    "CREATE TABLE device (line INTEGER, ek_hash BLOB, enabled INTEGER, names BLOB, tags BLOB"
    DEVICE_TEXTS(DEVICE_TEXT_COLUMN) ");"
    "CREATE TABLE removed (line INTEGER, ek_hash BLOB, removed_at INTEGER, names TEXT, actor TEXT,"
    " reason TEXT);"
    "CREATE TABLE name (name TEXT, skeleton TEXT, ek_hash BLOB, line INTEGER);"
    "BEGIN;";

/* The first three insert, the others are walks. */
enum stage_statement { STAGE_ADD_DEVICE, STAGE_ADD_NAME, STAGE_ADD_REMOVED, STAGE_WALKS };
#define STAGE_STATEMENTS (STAGE_WALKS + SQLITE_STAGE_ORDERS)

static const char *const stage_texts[STAGE_STATEMENTS] = {
    [STAGE_ADD_DEVICE] = "INSERT INTO device VALUES (?1, ?2, ?3, ?4, ?5"
        DEVICE_TEXTS(DEVICE_TEXT_PARAMETER) ")",
    [STAGE_ADD_NAME] = "INSERT INTO name VALUES (?1, ?2, ?3, ?4)",
    [STAGE_ADD_REMOVED] = "INSERT INTO removed VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STAGE_WALKS + SQLITE_STAGE_HASHES] =
        "SELECT line, ek_hash FROM device UNION ALL SELECT line, ek_hash FROM removed"
        " ORDER BY ek_hash, line",
    [STAGE_WALKS + SQLITE_STAGE_REMOVED] =
        "SELECT line, ek_hash, removed_at, names, actor, reason FROM removed ORDER BY ek_hash, line",
    [STAGE_WALKS + SQLITE_STAGE_NAMES] =
        "SELECT line, ek_hash, name, skeleton FROM name ORDER BY skeleton, name, line",
    [STAGE_WALKS + SQLITE_STAGE_DEVICES] =
        "SELECT line, ek_hash, enabled, names, tags" DEVICE_TEXTS(DEVICE_TEXT_COLUMN)
        " FROM device ORDER BY ek_hash, line",
};

struct sqlite_stage {
	sqlite3                *db;
	sqlite3_stmt           *statements[STAGE_STATEMENTS];
	enum sqlite_stage_order order; /* of the walk */
	struct bytes            names; /* to be inserted */
	struct bytes            tags;
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
	bytes_clear(&stage->names);
	bytes_clear(&stage->tags);
	free(stage);
}

/* Strings, each followed by a NUL. */
static void
stage_pack(char *const *texts, size_t count, struct bytes *out)
{
	out->size = 0;
	for (size_t i = 0; i < count; i++)
		bytes_append(out, texts[i], strlen(texts[i]) + 1);
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

static int
stage_add_name(struct sqlite_stage *stage, const struct store_device *device, const char *name,
    uint64_t line, struct error *err)
{
	sqlite3_stmt *statement = stage->statements[STAGE_ADD_NAME];
	AUTO_BYTES    skeleton = {0};

	if (name_skeleton(name, &skeleton, err) != 0)
		return -1;
	stage_bind_text(statement, 1, name);
	stage_bind_text(statement, 2, (const char *)skeleton.data);
	(void)sqlite3_bind_blob64(statement, 3, device->ek_hash, STORE_HASH_SIZE, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 4, (sqlite3_int64)line);
	return stage_insert(stage, statement, err);
}

int
sqlite_stage_add(struct sqlite_stage *stage, const struct store_device *device, uint64_t line,
    struct error *err)
{
	sqlite3_stmt *statement = stage->statements[STAGE_ADD_DEVICE];

	stage_pack(device->names, device->name_count, &stage->names);
	stage_pack(device->tags, device->tag_count, &stage->tags);
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)line);
	(void)sqlite3_bind_blob64(statement, 2, device->ek_hash, STORE_HASH_SIZE, SQLITE_STATIC);
	(void)sqlite3_bind_int(statement, 3, device->enabled);
	(void)sqlite3_bind_blob64(statement, 4, stage->names.data, stage->names.size, SQLITE_STATIC);
	(void)sqlite3_bind_blob64(statement, 5, stage->tags.data, stage->tags.size, SQLITE_STATIC);
#define X(name, FIELD, number, ...)                                                           \
	stage_bind_text(statement, number, device->name != NULL ? device->name : "");
	DEVICE_TEXTS(X)
#undef X
	if (stage_insert(stage, statement, err) != 0)
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
	int           rc = sqlite3_step(row);
	int           text = 5; /* column of the first */

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
