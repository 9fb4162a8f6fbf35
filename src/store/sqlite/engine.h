/* The SQLite engine, for the table in store.c. */
#ifndef STORE_SQLITE_ENGINE_H
#define STORE_SQLITE_ENGINE_H

struct store_engine;

/* A place is a directory, in which a database is a file. */
extern const struct store_engine sqlite_engine;

#endif
