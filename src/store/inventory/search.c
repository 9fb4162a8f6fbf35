/* Finds one device by name or by a prefix of its hash. Changes nothing. */
#include "config.h"

#include <string.h>

#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/inventory/rows.h"
#include "store/store.h"
#include "util/error.h"
#include "util/own_command.h"

static int
search_by_name(struct store *store, const char *name, struct store_device *out, bool *found,
    struct error *err)
{
	static const char     text[] =
	    "SELECT " DEVICE_COLUMNS " FROM name"
	    " JOIN enrolled AS device ON device.id = name.device WHERE name.name = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, name);
	return device_one(store, statement, out, found, err);
}

int
store_device_named(struct store *store, const char *name, uint8_t ek_hash[STORE_HASH_SIZE],
    struct error *err)
{
	static const char     text[] =
	    "SELECT ek_hash FROM name JOIN enrolled AS device ON device.id = name.device"
	    " WHERE name.name = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, name);
	rc = sql_step(statement, "looking for a device", err);
	if (rc > 0)
		memcpy(ek_hash, sql_column_octets(statement, 0).data, STORE_HASH_SIZE);
	sql_reset(statement);
	if (rc == 0)
		return error_set(err, ERROR_NOT_FOUND, "no device is called \"%.300s\"", name);
	return rc < 0 ? -1 : 0;
}

int
search_prefix(struct store *store, const char *range, const char *text, uint8_t *ek_hash,
    bool *found, struct error *err)
{
	uint8_t               greatest[STORE_HASH_SIZE];
	char                  hashes[2][STORE_HASH_TEXT_SIZE];
	struct sql_statement *statement;
	int                   count = 0;
	int                   rc;

	*found = false;
	if (!store_hash_range(text, ek_hash, greatest))
		return 0;
	statement = sql_prepare(store, range, err);
	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_octets(statement, 2, greatest, STORE_HASH_SIZE);
	while ((rc = sql_step(statement, "looking for a device", err)) > 0 && count < 2)
		store_hash_format(sql_column_octets(statement, 0).data, hashes[count++]);
	sql_reset(statement);
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
	static const char range[] =
	    "SELECT ek_hash FROM enrolled WHERE ek_hash BETWEEN ?1 AND ?2"
	    " ORDER BY ek_hash LIMIT 2";
	uint8_t           ek_hash[STORE_HASH_SIZE];
	bool              found;

	if (store_hash_parse(text, ek_hash))
		return store_device_find(store, ek_hash, out, err);
	if (search_by_name(store, text, out, &found, err) != 0)
		return -1;
	if (found)
		return 0;
	if (search_prefix(store, range, text, ek_hash, &found, err) != 0)
		return -1;
	if (!found)
		return error_set(err, ERROR_NOT_ENROLLED,
		    "no device is called \"%.300s\", and no EK hash begins so; see \"%s list\"", text,
		    own_command("attest-ca"));
	return store_device_find(store, ek_hash, out, err);
}
