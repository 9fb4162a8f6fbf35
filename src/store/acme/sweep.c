/* Removes expired objects in small transactions, so that other writers need not wait long. */
#include "config.h"

#include "store/acme/rows.h"

static int
sweep_some(struct store *store, const char *text, int64_t before, unsigned limit,
    uint64_t *removed, struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, before);
	sql_bind_int64(statement, 2, limit);
	if (sql_step(statement, "sweeping", err) < 0)
		return -1;
	*removed += sql_changed(store);
	return 0;
}

static const char sweep_orders[] =
    "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE expires < ?1"
    " ORDER BY expires LIMIT ?2)";

static const char sweep_certificates[] =
    "DELETE FROM certificate WHERE id IN (SELECT id FROM certificate"
    " WHERE not_after < ?1 ORDER BY not_after LIMIT ?2)";

static const char sweep_accounts[] =
    "DELETE FROM account WHERE id IN (SELECT id FROM account a WHERE created < ?1"
    " AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.account = a.id)"
    " AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.account = a.name) LIMIT ?2)";

static const char sweep_newcomers[] =
    "DELETE FROM account WHERE id IN (SELECT id FROM account a WHERE attested = 0"
    " AND created < ?1 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.account = a.id)"
    " AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.account = a.name)"
    " ORDER BY created LIMIT ?2)";

int
store_acme_sweep(struct store *store, const struct store_sweep *sweep, unsigned limit,
    uint64_t *removed, struct error *err)
{
	bool marked;
	int  rc = -1;

	*removed = 0;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	if (sweep_some(store, sweep_orders, sweep->orders, limit, removed, err) == 0 &&
	    sweep_some(store, sweep_certificates, sweep->certificates, limit, removed, err) == 0 &&
	    sweep_some(store, sweep_newcomers, sweep->newcomers, limit, removed, err) == 0 &&
	    sweep_some(store, sweep_accounts, sweep->accounts, limit, removed, err) == 0)
		rc = 0;
	return sql_change_end(store, marked, rc, err);
}
