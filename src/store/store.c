/*
 * Stores: the choice of the engine, transactions, and everything that does not depend on
 * the engine. Knows no tables and no SQL.
 */
#include "config.h"

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "store/engine.h"
#include "store/similar.h"
#include "store/sql.h"
#include "store/sqlite/engine.h"
#include "util/error.h"

/* The first is the engine of a place without a scheme. */
static const struct store_engine *const engines[] = {&sqlite_engine};

#define ENGINE_COUNT (sizeof engines / sizeof engines[0])

/* Length of the scheme of a place (RFC 3986 §3.1), before its colon; 0: none. */
static size_t
place_scheme(const char *place)
{
	size_t length = strspn(place, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	return place[length] == ':' && place[0] >= 'a' && place[0] <= 'z' ? length : 0;
}

/* The engine of a place, and the place without its scheme; NULL for an unknown scheme. */
static const struct store_engine *
place_engine(const char *place, const char **rest)
{
	size_t length = place_scheme(place);

	*rest = length != 0 ? place + length + 1 : place;
	if (length == 0)
		return engines[0];
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		if (strlen(engines[i]->scheme) == length &&
		    strncmp(engines[i]->scheme, place, length) == 0)
			return engines[i];
	return NULL;
}

/* Prints only the scheme: the rest may contain a password. */
static int
place_refuse(const char *place, struct error *err)
{
	return error_set(err, ERROR_MALFORMED,
	    "a store cannot be kept at \"%.*s:\": write a directory, as DIRECTORY or sqlite:DIRECTORY "
	    "(./DIRECTORY when there is a colon in its name)",
	    (int)(place_scheme(place) < 32 ? place_scheme(place) : 32), place);
}

int
store_place_check(const char *place, struct error *err)
{
	const char *rest;

	if (place_engine(place, &rest) == NULL)
		return place_refuse(place, err);
	return *rest != '\0' ? 0
	                     : error_set(err, ERROR_MALFORMED, "the place of a store cannot be empty");
}

int
store_database_create(enum store_database database, const char *place, struct error *err)
{
	const char                *rest;
	const struct store_engine *engine = place_engine(place, &rest);

	return engine != NULL ? engine->create(database, rest, err) : place_refuse(place, err);
}

int
store_database_open(enum store_database database, const char *place, struct store **out,
    struct error *err)
{
	const char                *rest;
	const struct store_engine *engine = place_engine(place, &rest);

	if (engine == NULL)
		return place_refuse(place, err);
	*out = NULL;
	if (engine->open(database, rest, out, err) != 0)
		return -1;
	if (database != STORE_INVENTORY || similar_complete(*out, err) == 0)
		return 0;
	store_close(*out);
	*out = NULL;
	return -1;
}

int
store_create(const char *place, struct error *err)
{
	return store_database_create(STORE_INVENTORY, place, err);
}

int
store_open(const char *place, struct store **out, struct error *err)
{
	return store_database_open(STORE_INVENTORY, place, out, err);
}

const char *const *
store_files(enum store_database database, const char *place)
{
	static const char *const   none[] = {NULL};
	const char                *rest;
	const struct store_engine *engine = place_engine(place, &rest);

	return engine != NULL && engine->files != NULL ? engine->files(database) : none;
}

const char *
store_directory(const char *place)
{
	const char                *rest;
	const struct store_engine *engine = place_engine(place, &rest);

	return engine != NULL && engine->files != NULL ? rest : NULL;
}

bool
store_has_file(enum store_database database, const char *place, const char *name)
{
	const char *first = store_files(database, place)[0];

	/* An engine may have temporary files, whose names begin with the store's. */
	return first != NULL && strncmp(name, first, strlen(first)) == 0;
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
 * Some failures (a full disk, I/O) make an engine roll back the whole
 * transaction by itself; later statements would then be committed alone.
 */
int
store_check_writing(const struct store *store, struct error *err)
{
	if (!store->writing)
		return error_set(err, ERROR_INTERNAL, "%s: no transaction is open", store->place);
	/* OVERLOADED: it may be the failure of another job, and clients may retry. */
	if (!store->engine->in_transaction(store))
		return error_set(err, ERROR_OVERLOADED, "an earlier failure has undone the transaction");
	return 0;
}

int
store_begin(struct store *store, struct error *err)
{
	if (store->writing)
		return error_set(err, ERROR_INTERNAL, "%s: a transaction is open already",
		    store->place);
	if (store->lost)
		return error_set(err, ERROR_INTERNAL, "%s: the disk has failed; start again", store->place);
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

bool
store_is_lost(const struct store *store)
{
	return store->lost;
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

	/* Without a transaction there is nothing to roll back, and the commit will fail. */
	if (store_check_writing(store, &ignored) == 0)
		store->engine->release(store, keep);
}
