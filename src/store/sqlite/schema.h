/* The tables of a database in SQLite, and the file that holds them. */
#ifndef STORE_SQLITE_SCHEMA_H
#define STORE_SQLITE_SCHEMA_H

struct sqlite_schema {
	const char        *program; /* the program whose init makes it: "attest-ca" */
	const char *const *files;   /* in the place, which is a directory; ended by NULL: first the
	                             * database, then what SQLite and writers have beside it */
	const char        *lock_file; /* one of them: the writers' queue */
	int                application_id;
	int                version; /* number of texts */
	const char *const *texts;   /* each upgrades the tables from the version before */
};

extern const struct sqlite_schema sqlite_schema_inventory;
extern const struct sqlite_schema sqlite_schema_acme;

#endif
