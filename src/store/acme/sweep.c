/* Takes out what is over, a little at a time: writers queue, and nobody writes long. */
#include "config.h"

#include "store/acme/rows.h"

static int
sweep_some(struct store *store, enum acme_statement which, int64_t before, unsigned limit,
    uint64_t *removed, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, which, err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, before);
	(void)sqlite3_bind_int64(statement, 2, limit);
	if (sqlite_step(store, statement, "sweeping", err) < 0)
		return -1;
	*removed += (uint64_t)sqlite3_changes64(store->db);
	return 0;
}

int
store_acme_sweep(struct store *store, const struct store_sweep *sweep, unsigned limit,
    uint64_t *removed, struct error *err)
{
	bool marked;
	int  rc = -1;

	*removed = 0;
	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	if (sweep_some(store, ACME_SWEEP_ORDERS_STATEMENT, sweep->orders, limit, removed, err) == 0 &&
	    sweep_some(store, ACME_SWEEP_CERTIFICATES_STATEMENT, sweep->certificates, limit, removed,
	        err) == 0 &&
	    sweep_some(store, ACME_SWEEP_ACCOUNTS_STATEMENT, sweep->accounts, limit, removed, err) == 0)
		rc = 0;
	return sqlite_change_end(store, marked, rc, err);
}
