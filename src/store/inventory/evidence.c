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

/* Binds EK and evidence from 1 to 8. Empty octets are an empty value, not NULL. */
static void
evidence_bind_all(struct sql_statement *statement, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, struct view certificate)
{
	bool verified = evidence->verdict == STORE_VERDICT_VERIFIED;

	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	evidence_bind(statement, 2, evidence);
	sql_bind_octets(statement, 7, evidence->root, verified ? sizeof evidence->root : 0);
	sql_bind_octets(statement, 8, certificate.size != 0 ? certificate.data : evidence->root,
	    certificate.size);
}

/*
 * Whether what is recorded stays: it is the same, or was more than nothing. Asked first, as an insertion
 * has SQLite make a table in memory of the verdicts there may be, for nothing most times.
 */
static int
evidence_stays(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, struct view certificate, bool *stays, struct error *err)
{
	static const char     text[] =
	    "SELECT 1 FROM ek_certificate WHERE device = (SELECT id FROM enrolled WHERE ek_hash = ?1)"
	    " AND ((?2 = 'absent' AND verdict <> 'absent')"
	    " OR (" EVIDENCE_COLUMNS ", root, certificate) = (?2, ?3, ?4, ?5, ?6, ?7, ?8))";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	evidence_bind_all(statement, ek_hash, evidence, certificate);
	rc = sql_step(statement, "looking for an EK certificate", err);
	sql_reset(statement);
	*stays = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int
evidence_upsert(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, struct view certificate, int64_t now,
    struct error *err)
{
	static const char     text[] =
	    "INSERT INTO ek_certificate (device, checked, " EVIDENCE_COLUMNS ", root,"
	    " certificate) SELECT id, ?9, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM enrolled"
	    " WHERE ek_hash = ?1 ON CONFLICT (device) DO UPDATE"
	    " SET checked = ?9, verdict = ?2, reason = ?3, manufacturer = ?4, model = ?5,"
	    " version = ?6, root = ?7, certificate = ?8";
	struct sql_statement *statement;
	bool                  stays;

	if (evidence_stays(store, ek_hash, evidence, certificate, &stays, err) != 0)
		return -1;
	if (stays)
		return 0;
	if ((statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	evidence_bind_all(statement, ek_hash, evidence, certificate);
	sql_bind_int64(statement, 9, now);
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
