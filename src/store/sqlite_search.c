/*
 * Devices as people look for them: by name, by the beginning of a hash, or all
 * of them. Changes nothing.
 */
#include "config.h"

#include "store/hash.h"
#include "store/sqlite_inventory.h"
#include "store/store.h"
#include "util/error.h"

/* Two walks along an index each: a million devices are listed without sorting or keeping any. */
static const char *const search_all[] = {
    "SELECT " SQLITE_DEVICE_COLUMNS " FROM name"
    " JOIN enrolled AS device ON device.id = name.device"
    " WHERE name.position = 0 ORDER BY name.name",
    "SELECT " SQLITE_DEVICE_COLUMNS " FROM enrolled AS device"
    " WHERE NOT EXISTS (SELECT 1 FROM name WHERE name.device = device.id) ORDER BY ek_hash",
};

static int
search_by_name(struct store *store, const char *name, struct store_device *out, bool *found,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_BY_NAME_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, name);
	return sqlite_device_one(store, statement, out, found, err);
}

int
sqlite_hash_by_prefix(struct store *store, size_t which, const char *text, uint8_t *ek_hash,
    bool *found, struct error *err)
{
	uint8_t       greatest[STORE_HASH_SIZE];
	char          hashes[2][STORE_HASH_TEXT_SIZE];
	sqlite3_stmt *statement;
	int           count = 0;
	int           rc;

	*found = false;
	if (!store_hash_range(text, ek_hash, greatest))
		return 0;
	statement = sqlite_prepared(store, which, err);
	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sqlite_bind_octets(statement, 2, greatest, STORE_HASH_SIZE);
	while ((rc = sqlite_step(store, statement, "looking for a device", err)) > 0 && count < 2)
		store_hash_format(sqlite3_column_blob(statement, 0), hashes[count++]);
	(void)sqlite3_reset(statement);
	if (rc < 0)
		return -1;
	if (count == 2)
		return error_set(err, ERROR_CONFLICT,
		    "\"%s\" begins more than one EK hash, %s and %s among them; give more digits", text,
		    hashes[0], hashes[1]);
	*found = count == 1 && store_hash_parse(hashes[0], ek_hash);
	return 0;
}

int
store_device_resolve(struct store *store, const char *text, struct store_device *out,
    struct error *err)
{
	uint8_t ek_hash[STORE_HASH_SIZE];
	bool    found;

	if (store_hash_parse(text, ek_hash))
		return store_device_find(store, ek_hash, out, err);
	if (search_by_name(store, text, out, &found, err) != 0)
		return -1;
	if (found)
		return 0;
	if (sqlite_hash_by_prefix(store, SQLITE_DEVICE_BY_RANGE_STATEMENT, text, ek_hash, &found,
	        err) != 0)
		return -1;
	if (!found)
		return error_set(err, ERROR_NOT_ENROLLED,
		    "no device is called \"%.300s\", and no EK hash begins so; see \"attest-ca list\"",
		    text);
	return store_device_find(store, ek_hash, out, err);
}

/* Sets *more to false when `each` has had enough. */
static int
search_walk(struct store *store, const char *text, store_device_cb *each, void *arg, bool *more,
    struct error *err)
{
	struct store_device device;
	sqlite3_stmt       *statement = NULL;
	int                 rc = 0;

	/* Not a kept one: `each` may list, too. */
	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(store, "listing devices", err);
	while (*more && (rc = sqlite_step(store, statement, "listing devices", err)) > 0) {
		if (sqlite_device_read(store, statement, &device, err) != 0) {
			rc = -1;
			break;
		}
		*more = each(&device, arg);
		store_device_clear(&device);
	}
	(void)sqlite3_finalize(statement);
	return rc < 0 ? -1 : 0;
}

int
store_device_list(struct store *store, store_device_cb *each, void *arg, struct error *err)
{
	bool alone = sqlite3_get_autocommit(store->db) != 0;
	bool more = true;
	int  rc = 0;

	if (alone && sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_error(store, "listing devices", err);
	for (size_t i = 0; rc == 0 && i < sizeof search_all / sizeof search_all[0]; i++)
		rc = search_walk(store, search_all[i], each, arg, &more, err);
	if (alone)
		(void)sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	return rc;
}
