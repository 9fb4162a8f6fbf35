/*
 * The waiting list: EKs that wait for approval. Owns the eviction when the list is
 * full. An entry grants nothing: only device.c enrolls a device.
 */
#include "config.h"

#include "store/inventory/waiting.h"

#include <stdio.h>
#include <string.h>

#include "store/hash.h"
#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "store/inventory/rows.h"
#include "store/inventory/waiting_shares.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/own_command.h"

/* Most evictions per new entry: a lowered bound is reached in steps. */
#define GIVE_WAY_MAX 16

/* ---- rows ---- */

#define WAITING_COLUMNS                    \
	"ek_hash, denied, " EVIDENCE_COLUMNS \
	", root, peer, source, first_seen, last_seen, times, wish"

static void
waiting_text(struct sql_statement *row, int column, char *out, size_t size)
{
	(void)snprintf(out, size, "%s", sql_column_text(row, column));
}

/* A row of WAITING_COLUMNS. */
static int
waiting_read(struct store *store, struct sql_statement *row, struct store_waiting *out, struct error *err)
{
	struct store_evidence *evidence = &out->evidence;
	struct view            ek_hash = sql_column_octets(row, 0);
	struct view            root = sql_column_octets(row, 7);

	*out = (struct store_waiting){0};
	if (ek_hash.size != STORE_HASH_SIZE)
		return error_set(err, ERROR_INTERNAL, "%s has a hash of another size", store_place(store));
	memcpy(out->ek_hash, ek_hash.data, STORE_HASH_SIZE);
	out->denied = sql_column_int64(row, 1) != 0;
	evidence_read(row, 2, evidence);
	if (root.size == sizeof evidence->root)
		memcpy(evidence->root, root.data, sizeof evidence->root);
	waiting_text(row, 8, out->peer, sizeof out->peer);
	waiting_text(row, 9, out->source, sizeof out->source);
	out->first_seen = sql_column_int64(row, 10);
	out->last_seen = sql_column_int64(row, 11);
	out->times = sql_column_int64(row, 12);
	waiting_text(row, 13, out->wish, sizeof out->wish);
	return 0;
}

static int
waiting_look(struct store *store, const uint8_t *ek_hash, struct store_waiting *out, bool *found,
    struct error *err)
{
	static const char     text[] = "SELECT " WAITING_COLUMNS " FROM waiting WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sql_step(statement, "looking at the waiting list", err);
	*found = rc > 0;
	if (rc > 0)
		rc = waiting_read(store, statement, out, err);
	sql_reset(statement);
	return rc;
}

static int
waiting_put(struct store *store, const struct store_waiting *entry, int64_t now, struct error *err)
{
	static const char            text[] =
	    "INSERT INTO waiting (" WAITING_COLUMNS ")"
	    " VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12)"
	    " ON CONFLICT (ek_hash) DO UPDATE SET verdict = ?2, reason = ?3, manufacturer = ?4,"
	    " model = ?5, version = ?6, root = ?7, peer = ?8, last_seen = ?10,"
	    " times = waiting.times + ?11, wish = ?12";
	const struct store_evidence *evidence = &entry->evidence;
	bool                         verified = evidence->verdict == STORE_VERDICT_VERIFIED;
	struct sql_statement        *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, entry->ek_hash, STORE_HASH_SIZE);
	evidence_bind(statement, 2, evidence);
	sql_bind_octets(statement, 7, evidence->root, verified ? sizeof evidence->root : 0);
	sql_bind_text(statement, 8, entry->peer);
	sql_bind_text(statement, 9, entry->source);
	sql_bind_int64(statement, 10, now);
	sql_bind_int64(statement, 11, entry->times > 0 ? entry->times : 1);
	sql_bind_text(statement, 12, entry->wish);
	return sql_step(statement, "writing to the waiting list", err);
}

/* ---- the bound ---- */

/* Number of entries: all, or of one source. */
static int
waiting_count(struct store *store, const char *source, size_t *count, struct error *err)
{
	static const char     all[] = "SELECT waiting FROM counter";
	static const char     of_source[] = "SELECT entries FROM waiting_source WHERE source = ?1";
	struct sql_statement *statement = sql_prepare(store, source != NULL ? of_source : all, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	if (source != NULL)
		sql_bind_text(statement, 1, source);
	rc = sql_step(statement, "counting the waiting list", err);
	*count = rc > 0 ? (size_t)sql_column_int64(statement, 0) : 0;
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* Takes one entry off the list; *gone: it was there, and was seen last at *seen. */
static int
waiting_take(struct store *store, const uint8_t *ek_hash, int64_t *seen, bool *gone,
    struct error *err)
{
	static const char     text[] =
	    "DELETE FROM waiting WHERE ek_hash = ?1 AND denied = 0 RETURNING last_seen";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sql_step(statement, "making room on the waiting list", err);
	*gone = rc > 0;
	if (rc > 0)
		*seen = sql_column_int64(statement, 0);
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* Reads the list again, without the newcomer, which is on it already. */
static int
waiting_read_shares(struct store *store, const struct store_waiting *newcomer,
    struct waiting_shares *shares, struct error *err)
{
	static const char     text[] =
	    "SELECT " WAITING_COLUMNS " FROM waiting WHERE denied = 0 AND ek_hash <> ?1"
	    " ORDER BY last_seen, ek_hash";
	struct sql_statement *statement = sql_prepare(store, text, err);
	struct store_waiting  entry;
	int                   rc;

	if (statement == NULL)
		return -1;
	waiting_shares_clear(shares);
	sql_bind_octets(statement, 1, newcomer->ek_hash, STORE_HASH_SIZE);
	while ((rc = sql_step(statement, "reading the waiting list", err)) > 0 &&
	    (rc = waiting_read(store, statement, &entry, err)) == 0)
		waiting_shares_enter(shares, &entry);
	sql_reset(statement);
	return rc;
}

/* Evicts one of this kind, if the shares know one that is on the list still. */
static int
waiting_evict(struct store *store, struct waiting_shares *shares, bool verified, int64_t *seen,
    bool *gone, struct error *err)
{
	uint8_t ek_hash[STORE_HASH_SIZE];

	*gone = false;
	while (!*gone && waiting_shares_evict(shares, verified, ek_hash)) {
		if (waiting_take(store, ek_hash, seen, gone, err) != 0)
			return -1;
	}
	return 0;
}

/*
 * The shares lack what was on the list before they were made, and what a transaction that failed
 * has put back; then there are less of them than of the others on the list.
 */
static int
waiting_learn(struct store *store, const struct store_waiting *newcomer, size_t count,
    struct waiting_shares *shares, struct error *err)
{
	return waiting_shares_count(shares) + 1 < count
	    ? waiting_read_shares(store, newcomer, shares, err)
	    : 0;
}

/*
 * Evicts one of `count` entries: one whose certificate does not verify; else, for a newcomer whose
 * own verifies, one of the others; else the newcomer itself, *itself. *seen says when it was seen
 * last.
 */
static int
waiting_give_way(struct store *store, const struct store_waiting *newcomer, size_t count,
    struct waiting_shares *shares, int64_t *seen, bool *itself, struct error *err)
{
	bool verified = newcomer->evidence.verdict == STORE_VERDICT_VERIFIED;
	bool gone = false;

	/* The second time without those that had gone already. */
	for (int turn = 0; turn < 2 && !gone; turn++) {
		if (waiting_learn(store, newcomer, count, shares, err) != 0 ||
		    waiting_evict(store, shares, false, seen, &gone, err) != 0)
			return -1;
	}
	if (!gone && verified && waiting_evict(store, shares, true, seen, &gone, err) != 0)
		return -1;
	*itself = !gone && !verified;
	return *itself ? waiting_take(store, newcomer->ek_hash, seen, &gone, err) : 0;
}

/* Makes room; *flooded: an entry that was seen a moment ago was evicted. */
static int
waiting_bound(struct store *store, const struct store_waiting *entry, size_t max, int64_t now,
    struct waiting_shares *shares, bool *flooded, struct error *err)
{
	size_t  count = 0;
	int64_t seen = 0;
	bool    itself = false;

	*flooded = false;
	if (waiting_count(store, NULL, &count, err) != 0)
		return -1;
	for (int given = 0; count > max && given < GIVE_WAY_MAX && !itself; given++, count--) {
		if (waiting_give_way(store, entry, count, shares, &seen, &itself, err) != 0)
			return -1;
		*flooded = *flooded || seen > now - STORE_WAITING_MOMENT;
	}
	if (!itself)
		waiting_shares_enter(shares, entry);
	return 0;
}

/* ---- in ---- */

/* Bounds the audit trail, which only grows: an attacker can create EKs for free. */
static int
waiting_record(struct store *store, const struct store_waiting *entry, size_t max, int64_t now,
    struct error *err)
{
	size_t count = 0;

	if (waiting_count(store, entry->source, &count, err) != 0)
		return -1;
	return count > STORE_WAITING_SHARE(max)
	    ? 0
	    : store_audit_add(store, AUDIT_WAIT, entry->ek_hash, "done", "waits for approval", now,
	          err);
}

static int
waiting_is_enrolled(struct store *store, const uint8_t *ek_hash, bool *enrolled, struct error *err)
{
	static const char     text[] = "SELECT 1 FROM enrolled WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	return sql_any(statement, "looking for a device", enrolled, err);
}

static int
waiting_enter(struct store *store, const struct store_waiting *entry, size_t max, int64_t now,
    struct waiting_shares *shares, bool *denied, struct error *err)
{
	struct store_waiting there;
	struct store_waiting mine = *entry;
	bool                 enrolled = false;
	bool                 found = false;
	bool                 flooded;

	if (waiting_is_enrolled(store, entry->ek_hash, &enrolled, err) != 0 ||
	    waiting_look(store, entry->ek_hash, &there, &found, err) != 0)
		return -1;
	*denied = found && there.denied;
	if (enrolled || *denied)
		return 0;
	if (found && there.evidence.verdict == STORE_VERDICT_VERIFIED &&
	    mine.evidence.verdict != STORE_VERDICT_VERIFIED)
		mine.evidence = there.evidence;
	if (waiting_put(store, &mine, now, err) != 0)
		return -1;
	if (found) {
		memcpy(mine.source, there.source, sizeof mine.source);
		waiting_shares_enter(shares, &mine);
		return 0;
	}
	if (waiting_bound(store, entry, max, now, shares, &flooded, err) != 0)
		return -1;
	return flooded ? 0 : waiting_record(store, entry, max, now, err);
}

int
store_waiting_add(struct store *store, const struct store_waiting *entry, size_t max, int64_t now,
    struct waiting_shares *shares, bool *denied, struct error *err)
{
	bool marked;
	int  rc;

	*denied = false;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = max != 0 ? waiting_enter(store, entry, max, now, shares, denied, err) : 0;
	return sql_change_end(store, marked, rc, err);
}

/* ---- looking ---- */

static int
waiting_not_found(const uint8_t *ek_hash, struct error *err)
{
	char hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(ek_hash, hash);
	return error_set(err, ERROR_NOT_FOUND,
	    "EK %s does not wait; see \"%s pending\", or run \"%s enroll %s\"", hash,
	    own_command("attest-ca"), own_command("attest-ca"), hash);
}

int
store_waiting_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_waiting *out, struct error *err)
{
	bool found;

	if (waiting_look(store, ek_hash, out, &found, err) != 0)
		return -1;
	return found ? 0 : waiting_not_found(ek_hash, err);
}

int
store_waiting_resolve(struct store *store, const char *text, struct store_waiting *out,
    struct error *err)
{
	static const char range[] =
	    "SELECT ek_hash FROM waiting WHERE ek_hash BETWEEN ?1 AND ?2"
	    " ORDER BY ek_hash LIMIT 2";
	uint8_t           ek_hash[STORE_HASH_SIZE];
	bool              found = true;

	if (!store_hash_parse(text, ek_hash) &&
	    search_prefix(store, range, text, ek_hash, &found, err) != 0)
		return -1;
	if (!found)
		return error_set(err, ERROR_NOT_FOUND,
		    "no waiting EK begins with \"%.300s\" (4 digits at least); see \"%s pending\"", text,
		    own_command("attest-ca"));
	return store_waiting_find(store, ek_hash, out, err);
}

int
store_waiting_list(struct store *store, bool denied, store_waiting_cb *each, void *arg,
    struct error *err)
{
	static const char     text[] =
	    "SELECT " WAITING_COLUMNS " FROM waiting WHERE denied = ?1 AND NOT EXISTS (SELECT 1"
	    " FROM enrolled WHERE enrolled.ek_hash = waiting.ek_hash)"
	    " ORDER BY last_seen DESC, ek_hash";
	struct store_waiting  entry;
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, denied);
	while ((rc = sql_step(statement, "reading the waiting list", err)) > 0) {
		rc = waiting_read(store, statement, &entry, err);
		if (rc != 0 || !each(&entry, arg))
			break;
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* ---- out ---- */

int
waiting_leave(struct store *store, const uint8_t *ek_hash, int64_t device,
    struct error *err)
{
	static const char     keep[] =
	    "INSERT INTO ek_certificate (device, checked, " EVIDENCE_COLUMNS ", root,"
	    " certificate) SELECT ?2, last_seen, " EVIDENCE_COLUMNS ", root, ?3 FROM waiting"
	    " WHERE ek_hash = ?1 ON CONFLICT DO NOTHING";
	static const char     remove[] = "DELETE FROM waiting WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, keep, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, device);
	sql_bind_octets(statement, 3, ek_hash, 0); /* whose certificate was not kept */
	if (sql_step(statement, "keeping what is known of an EK", err) != 0 ||
	    (statement = sql_prepare(store, remove, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	return sql_step(statement, "taking an EK off the waiting list", err);
}

static int
waiting_check_removed(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	struct store_removed removed;
	char                 hash[STORE_HASH_TEXT_SIZE];
	char                 when[CLOCK_TEXT_SIZE];

	if (store_removed_find(store, ek_hash, &removed, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	store_hash_format(ek_hash, hash);
	clock_format(removed.at, when);
	removed.names[strcspn(removed.names, "\n")] = '\0';
	return error_set(err, ERROR_CONFLICT,
	    "EK %s was enrolled%s%s and was removed at %s%s%s; to let it in again, run \"%s"
	    " approve --again %s\"", hash, removed.names[0] != '\0' ? " as " : "", removed.names, when,
	    removed.actor[0] != '\0' ? " by " : "", removed.actor, own_command("attest-ca"), hash);
}

int
store_waiting_approve(struct store *store, const struct store_device *device, bool again,
    int64_t now, struct error *err)
{
	struct store_waiting entry;
	bool                 marked;
	int                  rc;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = store_waiting_find(store, device->ek_hash, &entry, err);
	if (rc == 0 && !again)
		rc = waiting_check_removed(store, device->ek_hash, err);
	if (rc == 0)
		rc = device_enroll(store, device, AUDIT_APPROVE, now, err);
	return sql_change_end(store, marked, rc, err);
}

static int
waiting_deny(struct store *store, const uint8_t *ek_hash, int64_t now, struct error *err)
{
	static const char     text[] = "UPDATE waiting SET denied = 1 WHERE ek_hash = ?1";
	struct store_waiting  entry;
	struct sql_statement *statement;

	if (store_waiting_find(store, ek_hash, &entry, err) != 0)
		return -1;
	if (entry.denied)
		return 0;
	if ((statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (sql_step(statement, "denying an EK", err) != 0)
		return -1;
	return store_audit_add(store, AUDIT_DENY, ek_hash, "done", "not listed again", now, err);
}

int
store_waiting_deny(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err)
{
	bool marked;
	int  rc;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = waiting_deny(store, ek_hash, now, err);
	return sql_change_end(store, marked, rc, err);
}
