/* Lists the audit trail and verifies its chain. Changes nothing. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/audit_chain.h"
#include "store/inventory/rows.h"
#include "util/error.h"

/* A text column; NULL if it contains a NUL, which no entry does. */
static const char *
audit_read_text(struct sql_statement *row, int column)
{
	const char *text = sql_column_text(row, column);

	return text != NULL && strlen(text) == sql_column_octets(row, column).size ? text : NULL;
}

static int
audit_read(struct store *store, struct sql_statement *row, struct audit_entry *out,
    struct error *err)
{
	struct view ek_hash = sql_column_octets(row, 6);
	struct view hash = sql_column_octets(row, 9);
	bool        named = sql_column_text(row, 10) != NULL; /* NULL in older entries */

	*out = (struct audit_entry){.id = sql_column_int64(row, 0),
	    .at = sql_column_int64(row, 1),
	    .actor = audit_read_text(row, 2),
	    .peer = audit_read_text(row, 3),
	    .request = audit_read_text(row, 4),
	    .action = audit_read_text(row, 5),
	    .ek_hash = ek_hash.size == 0 ? NULL : ek_hash.data,
	    .outcome = audit_read_text(row, 7),
	    .detail = audit_read_text(row, 8),
	    .names = audit_read_text(row, 10)};
	if (out->actor == NULL || out->peer == NULL || out->request == NULL ||
	    out->action == NULL || out->outcome == NULL || out->detail == NULL ||
	    (named && out->names == NULL) ||
	    (ek_hash.size != 0 && ek_hash.size != STORE_HASH_SIZE) ||
	    hash.size != sizeof out->hash)
		return error_set(err, ERROR_INTERNAL, "%s: audit entry %" PRId64 " was altered",
		    store_place(store), out->id);
	memcpy(out->hash, hash.data, sizeof out->hash);
	return 0;
}

static int
audit_walk(struct store *store, struct sql_statement *statement, store_audit_cb *each, void *arg,
    struct error *err)
{
	struct audit_entry entry;
	bool               more = true;
	int                rc = 0;

	while (more && (rc = sql_step(statement, "listing the audit table", err)) > 0) {
		if (audit_read(store, statement, &entry, err) != 0) {
			rc = -1;
			break;
		}
		more = each(&entry, arg);
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* Skips entries that were cut but not removed yet. */
#define AUDIT_LIST                                                                \
	"SELECT " AUDIT_COLUMNS " FROM audit"                                     \
	" WHERE id > (SELECT CASE WHEN audit_cut > ?1 THEN audit_cut ELSE ?1 END" \
	" FROM counter)"                                                          \
	" AND at >= ?2 AND id >= CASE WHEN ?2 = 0 THEN 0"                         \
	" ELSE (SELECT min(+id) FROM audit WHERE at >= ?2) END"

int
store_audit_list(struct store *store, const struct audit_filter *filter, store_audit_cb *each,
    void *arg, struct error *err)
{
	static const char     all[] = AUDIT_LIST " ORDER BY id";
	static const char     device[] = AUDIT_LIST " AND ek_hash = ?3 ORDER BY id";
	struct sql_statement *statement =
	    sql_prepare(store, filter->ek_hash != NULL ? device : all, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, filter->after);
	sql_bind_int64(statement, 2, filter->since);
	if (filter->ek_hash != NULL)
		sql_bind_octets(statement, 3, filter->ek_hash, STORE_HASH_SIZE);
	return audit_walk(store, statement, each, arg, err);
}

/* The progress along the chain. */
struct audit_chain {
	const struct store *store;
	const uint8_t      *expect; /* a hash that must occur; NULL: none, or found */
	int64_t             last;   /* number of the last intact entry */
	uint8_t             hash[32];
	size_t              size; /* size of the hash: 0 before the very first entry */
	int64_t             count;
	char                cut[AUDIT_DETAIL_SIZE]; /* from the last cut */
	struct error       *err;
	int                 rc;
};

static void
audit_chain_expect(struct audit_chain *chain)
{
	if (chain->expect != NULL && chain->size == sizeof chain->hash &&
	    memcmp(chain->expect, chain->hash, sizeof chain->hash) == 0)
		chain->expect = NULL;
}

static int
audit_missing(const struct audit_chain *chain, int64_t to, struct error *err)
{
	if (to == chain->last + 1)
		return error_set(err, ERROR_INTERNAL, "%s: audit entry %" PRId64 " is missing",
		    store_place(chain->store), to);
	return error_set(err, ERROR_INTERNAL,
	    "%s: audit entries %" PRId64 " to %" PRId64 " are missing", store_place(chain->store),
	    chain->last + 1, to);
}

static int
audit_chain_check(struct audit_chain *chain, const struct audit_entry *entry, struct error *err)
{
	uint8_t hash[32];

	if (entry->id != chain->last + 1)
		return audit_missing(chain, entry->id - 1, err);
	if (audit_chain_hash((struct view){chain->hash, chain->size}, entry, hash, err) != 0)
		return -1;
	if (memcmp(hash, entry->hash, sizeof hash) != 0)
		return error_set(err, ERROR_INTERNAL,
		    "%s: audit entry %" PRId64 " was altered, or the one before it",
		    store_place(chain->store), entry->id);
	return 0;
}

static bool
audit_chain_cb(const struct audit_entry *entry, void *arg)
{
	struct audit_chain *chain = arg;

	if ((chain->rc = audit_chain_check(chain, entry, chain->err)) != 0)
		return false;
	chain->last = entry->id;
	memcpy(chain->hash, entry->hash, sizeof chain->hash);
	chain->size = sizeof chain->hash;
	chain->count++;
	audit_chain_expect(chain);
	if (strcmp(entry->action, audit_action_word(AUDIT_CUT)) == 0)
		actor_text_copy(chain->cut, sizeof chain->cut, entry->detail);
	return true;
}

/* Missing entries at the front are accepted only if an entry records the cut. */
static int
audit_check_cut(const struct audit_chain *chain, const struct audit_cut *cut, struct error *err)
{
	char said[AUDIT_DETAIL_SIZE];

	audit_cut_format(cut, said, sizeof said);
	if (cut->id != 0 && strcmp(said, chain->cut) != 0)
		return error_set(err, ERROR_INTERNAL,
		    "%s: audit entries up to %" PRId64 " are missing, and no entry says that they were cut",
		    store_place(chain->store), cut->id);
	return 0;
}

static int
audit_follow(struct store *store, struct audit_chain *chain, struct error *err)
{
	struct audit_filter filter = {0};
	struct audit_cut    cut;
	struct audit_head   head;

	if (audit_cut_read(store, &cut, err) != 0 ||
	    audit_chain_head(store, &head, err) != 0)
		return -1;
	chain->last = cut.id;
	memcpy(chain->hash, cut.hash, cut.size);
	chain->size = cut.size;
	audit_chain_expect(chain);
	if (store_audit_list(store, &filter, audit_chain_cb, chain, err) != 0 || chain->rc != 0)
		return -1;
	if (head.sequence > chain->last)
		return audit_missing(chain, head.sequence, err);
	if (audit_check_cut(chain, &cut, err) != 0)
		return -1;
	if (chain->expect != NULL)
		return error_set(err, ERROR_INTERNAL,
		    "%s: no audit entry has the expected hash: the record was written anew, or cut since",
		    store_place(store));
	return 0;
}

int
store_audit_verify(struct store *store, const uint8_t expect[32], int64_t *count, uint8_t head[32],
    struct error *err)
{
	struct audit_chain chain = {.store = store, .expect = expect, .err = err};
	bool               inside;
	int                rc;

	/* Reads one snapshot, independent of writers. */
	if (sql_read_begin(store, &inside, err) != 0)
		return -1;
	rc = audit_follow(store, &chain, err);
	sql_read_end(store, inside);
	*count = chain.count;
	memcpy(head, chain.hash, sizeof chain.hash);
	return rc;
}
