/*
 * Moves a device's names, tags and note to the EK of its new mainboard. No other code
 * moves a name from one EK to another, and this one only on an administrator's
 * command.
 */
#include "config.h"

#include <string.h>

#include "store/hash.h"
#include "store/inventory/audit.h"
#include "store/inventory/audit_chain.h"
#include "store/inventory/audit_detail.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/device_check.h"
#include "store/inventory/rows.h"
#include "util/bytes.h"
#include "util/error.h"

/* Each of the two EKs gets an audit entry. */
static int
replace_record(struct store *store, const struct store_device *old, const char *names,
    const struct store_device *new, size_t revoked, int64_t now, struct error *err)
{
	char       hash[STORE_HASH_TEXT_SIZE];
	AUTO_BYTES gone = {0};
	AUTO_BYTES come = {0};

	audit_detail_revoked(&gone, revoked);
	audit_detail_text(&gone, "; replaced by ");
	store_hash_format(new->ek_hash, hash);
	audit_detail_text(&gone, hash);
	if (audit_detail_record(store, AUDIT_REPLACE, old->ek_hash, names, &gone, now, err) != 0)
		return -1;
	audit_detail_text(&come, "replaces ");
	store_hash_format(old->ek_hash, hash);
	audit_detail_text(&come, hash);
	audit_detail_list(&come, "; names:", new->names, new->name_count);
	return audit_detail_record(store, AUDIT_REPLACE, new->ek_hash, NULL, &come, now, err);
}

/* A disabled device stays disabled with its new board. */
static int
replace_disable(struct store *store, int64_t id, struct error *err)
{
	static const char     text[] = "UPDATE device SET enabled = 0 WHERE id = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, id);
	return sql_step(statement, "switching a device off", err);
}

/* The old device is removed first, to free its names. */
static int
device_replace(struct store *store, const struct store_device *old, const struct store_device *new,
    int64_t now, size_t *revoked, struct error *err)
{
	char    names[AUDIT_NAMES_SIZE];
	char    reason[STORE_HASH_TEXT_SIZE + 16] = "replaced by ";
	int64_t id;

	store_hash_format(new->ek_hash, reason + strlen(reason));
	if (memcmp(old->ek_hash, new->ek_hash, STORE_HASH_SIZE) == 0)
		return error_set(err, ERROR_CONFLICT, "a device cannot replace itself");
	if (store_device_check(new, err) != 0)
		return error_wrap(err, "what it is called cannot move");
	if (device_delete(store, old->ek_hash, REASON_SUPERSEDED, now, names, revoked, err) != 0 ||
	    removed_record(store, old->ek_hash, names, reason, now, err) != 0 ||
	    device_insert(store, new, now, &id, err) != 0 ||
	    (!old->enabled && replace_disable(store, id, err) != 0))
		return -1;
	return replace_record(store, old, names, new, *revoked, now, err);
}

int
store_device_replace(struct store *store, const uint8_t old_hash[STORE_HASH_SIZE],
    const uint8_t new_hash[STORE_HASH_SIZE], int64_t now, size_t *revoked, struct error *err)
{
	struct store_device old = {.enabled = false};
	struct store_device new;
	bool                marked;
	int                 rc;

	*revoked = 0;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = store_device_find(store, old_hash, &old, err);
	if (rc == 0) {
		new = old; /* borrows names, tags and note */
		memcpy(new.ek_hash, new_hash, STORE_HASH_SIZE);
		rc = device_replace(store, &old, &new, now, revoked, err);
	}
	store_device_clear(&old);
	return sql_change_end(store, marked, rc, err);
}
