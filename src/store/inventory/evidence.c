/*
 * What is known of the EK certificates of devices: the last that was shown, and what
 * it was found to be. It goes with its device.
 */
#include "config.h"

#include "store/inventory/evidence.h"

#include <stdio.h>
#include <string.h>

#include "store/inventory/evidence_rows.h"
#include "store/inventory/rows.h"
#include "util/error.h"

static const char *const verdict_words[] = {
    [STORE_VERDICT_ABSENT] = "absent",
    [STORE_VERDICT_REFUSED] = "refused",
    [STORE_VERDICT_VERIFIED] = "verified",
};

const char *
store_verdict_word(enum store_verdict verdict)
{
	return verdict_words[verdict];
}

/* Whatever else stands there is no verdict that trusts anything. */
static enum store_verdict
verdict_of_word(const char *word)
{
	for (size_t i = 0; i < sizeof verdict_words / sizeof verdict_words[0]; i++) {
		if (strcmp(word, verdict_words[i]) == 0)
			return (enum store_verdict)i;
	}
	return STORE_VERDICT_ABSENT;
}

void
sqlite_evidence_bind(sqlite3_stmt *statement, int first, const struct store_evidence *evidence)
{
	sqlite_bind_string(statement, first, store_verdict_word(evidence->verdict));
	sqlite_bind_string(statement, first + 1, evidence->reason);
	sqlite_bind_string(statement, first + 2, evidence->manufacturer);
	sqlite_bind_string(statement, first + 3, evidence->model);
	sqlite_bind_string(statement, first + 4, evidence->version);
}

static void
column_copy(sqlite3_stmt *row, int column, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", (const char *)sqlite3_column_text(row, column));
}

void
sqlite_evidence_read(sqlite3_stmt *row, int first, struct store_evidence *out)
{
	*out = (struct store_evidence){0};
	out->verdict = verdict_of_word((const char *)sqlite3_column_text(row, first));
	column_copy(row, first + 1, out->reason, sizeof out->reason);
	column_copy(row, first + 2, out->manufacturer, sizeof out->manufacturer);
	column_copy(row, first + 3, out->model, sizeof out->model);
	column_copy(row, first + 4, out->version, sizeof out->version);
}

static int
device_set_seen(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_SEEN_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	(void)sqlite3_bind_int64(statement, 2, now);
	if (sqlite_step(store, statement, "recording when a device was seen", err) != 0)
		return -1;
	if (sqlite3_changes(store->db) == 0)
		return sqlite_not_enrolled(ek_hash, err);
	return 0;
}

static int
evidence_upsert(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, const uint8_t *certificate, size_t certificate_size,
    int64_t now, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_EVIDENCE_UPSERT_STATEMENT, err);
	bool          verified = evidence->verdict == STORE_VERDICT_VERIFIED;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	(void)sqlite3_bind_int64(statement, 2, now);
	sqlite_evidence_bind(statement, 3, evidence);
	sqlite_bind_octets(statement, 8, evidence->root, verified ? sizeof evidence->root : 0);
	/* No octets are a value, too; NULL would be none. */
	sqlite_bind_octets(statement, 9, certificate_size != 0 ? certificate : evidence->root,
	    certificate_size);
	return sqlite_step(store, statement, "recording an EK certificate", err);
}

int
store_evidence_record(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, const uint8_t *certificate, size_t certificate_size,
    int64_t now, struct error *err)
{
	bool marked;
	int  rc;

	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = device_set_seen(store, ek_hash, now, err);
	if (rc == 0 && evidence != NULL)
		rc = evidence_upsert(store, ek_hash, evidence, certificate, certificate_size, now, err);
	return sqlite_change_end(store, marked, rc, err);
}

int
store_evidence_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_evidence *out, int64_t *checked, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_EVIDENCE_FIND_STATEMENT, err);
	int           rc;

	*out = (struct store_evidence){0};
	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sqlite_step(store, statement, "looking for an EK certificate", err);
	if (rc > 0) {
		sqlite_evidence_read(statement, 0, out);
		if (sqlite3_column_bytes(statement, 5) == (int)sizeof out->root)
			memcpy(out->root, sqlite3_column_blob(statement, 5), sizeof out->root);
		*checked = sqlite3_column_int64(statement, 6);
	}
	(void)sqlite3_reset(statement);
	if (rc == 0)
		return error_set(err, ERROR_NOT_FOUND, "nothing is known of this device's EK certificate");
	return rc < 0 ? -1 : 0;
}
