/*
 * Stores: which engine has one, its transactions, and what is the same whoever keeps it.
 * Knows no table and no SQL.
 */
#include "config.h"

#include "store/store.h"

#include <stdlib.h>

#include "store/engine.h"
#include "store/sql.h"
#include "store/sqlite/engine.h"
#include "util/error.h"

int
store_database_create(enum store_database database, const char *place, struct error *err)
{
	return sqlite_engine.create(database, place, err);
}

int
store_database_open(enum store_database database, const char *place, struct store **out,
    struct error *err)
{
	return sqlite_engine.open(database, place, out, err);
}

int
store_create(const char *state_dir, struct error *err)
{
	return store_database_create(STORE_INVENTORY, state_dir, err);
}

int
store_open(const char *state_dir, struct store **out, struct error *err)
{
	return store_database_open(STORE_INVENTORY, state_dir, out, err);
}

void
store_close(struct store *store)
{
	char *place;

	if (store == NULL)
		return;
	place = store->place;
	store_rollback(store);
	sql_table_clear(&store->statements);
	store->engine->close(store);
	free(place);
}

const char *
store_place(const struct store *store)
{
	return store->place;
}

/*
 * Some failures (a full disk, I/O) make an engine undo the whole transaction by
 * itself; what came after them would else be committed alone.
 */
int
store_check_writing(const struct store *store, struct error *err)
{
	if (!store->writing)
		return error_set(err, ERROR_INTERNAL, "%s: no transaction is open", store->place);
	if (!store->engine->in_transaction(store))
		return error_set(err, ERROR_INTERNAL,
		    "%s: an earlier failure has undone the transaction", store->place);
	return 0;
}

int
store_begin(struct store *store, struct error *err)
{
	if (store->writing)
		return error_set(err, ERROR_INTERNAL, "%s: a transaction is open already",
		    store->place);
	if (store->engine->begin(store, true, err) != 0)
		return -1;
	store->writing = true;
	return 0;
}

int
store_commit(struct store *store, struct error *err)
{
	if (store_check_writing(store, err) != 0 || store->engine->commit(store, err) != 0) {
		store_rollback(store);
		return -1;
	}
	store->writing = false;
	return 0;
}

void
store_rollback(struct store *store)
{
	if (!store->writing)
		return;
	store->engine->rollback(store);
	store->writing = false;
}

int
store_change(struct store *store, store_change_cb *run, void *arg, struct error *err)
{
	if (store_begin(store, err) != 0)
		return -1;
	if (run(store, arg, err) == 0)
		return store_commit(store, err);
	store_rollback(store);
	return -1;
}

int
store_mark(struct store *store, struct error *err)
{
	if (store_check_writing(store, err) != 0)
		return -1;
	return store->engine->mark(store, err);
}

void
store_release(struct store *store, bool keep)
{
	struct error ignored;

	/* Without a transaction there is nothing to undo, and the commit will say so. */
	if (store_check_writing(store, &ignored) == 0)
		store->engine->release(store, keep);
}
