/*
 * The EK certificates of devices: the last one sent, and the verdict on it. Removed
 * with the device.
 */
#include "config.h"

#include "store/inventory/evidence.h"

#include <stdio.h>
#include <string.h>

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

/* Any other text is read as a verdict that trusts nothing. */
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
evidence_bind(struct sql_statement *statement, int first,
    const struct store_evidence *evidence)
{
	sql_bind_text(statement, first, store_verdict_word(evidence->verdict));
	sql_bind_text(statement, first + 1, evidence->reason);
	sql_bind_text(statement, first + 2, evidence->manufacturer);
	sql_bind_text(statement, first + 3, evidence->model);
	sql_bind_text(statement, first + 4, evidence->version);
}

static void
column_copy(struct sql_statement *row, int column, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", sql_column_text(row, column));
}

void
evidence_read(struct sql_statement *row, int first, struct store_evidence *out)
{
	*out = (struct store_evidence){0};
	out->verdict = verdict_of_word(sql_column_text(row, first));
	column_copy(row, first + 1, out->reason, sizeof out->reason);
	column_copy(row, first + 2, out->manufacturer, sizeof out->manufacturer);
	column_copy(row, first + 3, out->model, sizeof out->model);
	column_copy(row, first + 4, out->version, sizeof out->version);
}

static int
device_set_seen(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err)
{
	static const char     text[] =
	    "UPDATE device SET seen = ?2 WHERE id = (SELECT id FROM enrolled"
	    " WHERE ek_hash = ?1)";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, now);
	if (sql_step(statement, "recording when a device was seen", err) != 0)
		return -1;
	if (sql_changed(store) == 0)
		return device_not_enrolled(ek_hash, err);
	return 0;
}

static int
evidence_upsert(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, struct view certificate, int64_t now,
    struct error *err)
{
	static const char     text[] =
	    "INSERT INTO ek_certificate (device, checked, " EVIDENCE_COLUMNS ", root,"
	    " certificate) SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM enrolled"
	    " WHERE ek_hash = ?1 ON CONFLICT (device) DO UPDATE"
	    " SET checked = ?2, verdict = ?3, reason = ?4, manufacturer = ?5, model = ?6,"
	    " version = ?7, root = ?8, certificate = ?9"
	    " WHERE (?3 <> 'absent' OR ek_certificate.verdict = 'absent')"
	    " AND (ek_certificate.verdict, ek_certificate.reason, ek_certificate.manufacturer,"
	    " ek_certificate.model, ek_certificate.version, ek_certificate.root,"
	    " ek_certificate.certificate) <> (?3, ?4, ?5, ?6, ?7, ?8, ?9)";
	struct sql_statement *statement = sql_prepare(store, text, err);
	bool                  verified = evidence->verdict == STORE_VERDICT_VERIFIED;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, now);
	evidence_bind(statement, 3, evidence);
	sql_bind_octets(statement, 8, evidence->root, verified ? sizeof evidence->root : 0);
	/* An empty value, not NULL. */
	sql_bind_octets(statement, 9, certificate.size != 0 ? certificate.data : evidence->root,
	    certificate.size);
	return sql_step(statement, "recording an EK certificate", err);
}

int
store_evidence_record(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, struct view certificate, int64_t now,
    struct error *err)
{
	bool marked;
	int  rc;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = device_set_seen(store, ek_hash, now, err);
	if (rc == 0 && evidence != NULL)
		rc = evidence_upsert(store, ek_hash, evidence, certificate, now, err);
	return sql_change_end(store, marked, rc, err);
}

static int
seen_write(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t when, bool *known,
    bool *later, struct error *err)
{
	static const char     find[] = "SELECT 1 FROM enrolled WHERE ek_hash = ?1";
	static const char     write[] =
	    "UPDATE device SET seen = ?2 WHERE id = (SELECT id FROM enrolled WHERE ek_hash = ?1)"
	    " AND seen < ?2 AND enrolled <= ?2";
	struct sql_statement *statement = sql_prepare(store, find, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sql_step(statement, "looking for a device", err);
	sql_reset(statement);
	*known = rc > 0;
	if (rc <= 0)
		return rc;
	if ((statement = sql_prepare(store, write, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, when);
	if (sql_step(statement, "recording when a device was seen", err) != 0)
		return -1;
	*later = sql_changed(store) != 0;
	return 0;
}

int
store_device_seen(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t when,
    bool *known, bool *later, struct error *err)
{
	bool marked;

	*known = false;
	*later = false;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	return sql_change_end(store, marked, seen_write(store, ek_hash, when, known, later, err), err);
}

int
store_evidence_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_evidence *out, int64_t *checked, struct error *err)
{
	static const char     text[] =
	    "SELECT " EVIDENCE_COLUMNS ", root, checked FROM ek_certificate"
	    " JOIN enrolled ON enrolled.id = ek_certificate.device WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	struct view           root;
	int                   rc;

	*out = (struct store_evidence){0};
	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sql_step(statement, "looking for an EK certificate", err);
	if (rc > 0) {
		evidence_read(statement, 0, out);
		root = sql_column_octets(statement, 5);
		if (root.size == sizeof out->root)
			memcpy(out->root, root.data, sizeof out->root);
		*checked = sql_column_int64(statement, 6);
	}
	sql_reset(statement);
	if (rc == 0)
		return error_set(err, ERROR_NOT_FOUND, "nothing is known of this device's EK certificate");
	return rc < 0 ? -1 : 0;
}
