#include "config.h"

#include "failing_sql.h"

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "failing.h"

static int  code = SQLITE_IOERR;
static _Thread_local bool told; /* this thread's last call has failed */

void
failing_sql(int wanted)
{
	code = wanted;
}

static bool
fails(void)
{
	told = failing_now();
	return told;
}

/* A wrapped call is named so by the linker. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

WRAP(int, sqlite3_prepare_v2, sqlite3 *db, const char *text, int size, sqlite3_stmt **out, const char **rest)
{
	return fails() ? code : __real_sqlite3_prepare_v2(db, text, size, out, rest);
}

WRAP(int, sqlite3_prepare_v3, sqlite3 *db, const char *text, int size, unsigned flags, sqlite3_stmt **out,
    const char **rest)
{
	return fails() ? code : __real_sqlite3_prepare_v3(db, text, size, flags, out, rest);
}

WRAP(int, sqlite3_step, sqlite3_stmt *statement)
{
	return fails() ? code : __real_sqlite3_step(statement);
}

WRAP(int, sqlite3_extended_errcode, sqlite3 *db)
{
	return told ? code : __real_sqlite3_extended_errcode(db);
}

WRAP(int, sqlite3_file_control, sqlite3 *db, const char *name, int operation, void *arg)
{
	return fails() ? code : __real_sqlite3_file_control(db, name, operation, arg);
}
