/* The tables of ACME's first store as it made them; the caller says which version that is, and commits. */
#ifndef TESTS_UNIT_STORE_ACME_SCHEMA_H
#define TESTS_UNIT_STORE_ACME_SCHEMA_H

#define ACME_SCHEMA_1                                                                     \
	"PRAGMA journal_mode = WAL; BEGIN; PRAGMA application_id = 1098137955;"           \
	"CREATE TABLE account ("                                                          \
	" id INTEGER PRIMARY KEY,"                                                        \
	" name TEXT NOT NULL UNIQUE,"                                                     \
	" status TEXT NOT NULL,"                                                          \
	" jwk TEXT NOT NULL,"                                                             \
	" thumbprint TEXT NOT NULL UNIQUE,"                                               \
	" contacts TEXT NOT NULL,"                                                        \
	" terms_agreed INTEGER NOT NULL,"                                                 \
	" created INTEGER NOT NULL"                                                       \
	") STRICT;"                                                                       \
	"CREATE INDEX account_created ON account (created);"                              \
	"CREATE TABLE orders ("                                                           \
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"                                          \
	" name TEXT NOT NULL UNIQUE,"                                                     \
	" account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"            \
	" status TEXT NOT NULL,"                                                          \
	" created INTEGER NOT NULL,"                                                      \
	" expires INTEGER NOT NULL,"                                                      \
	" not_before INTEGER NOT NULL,"                                                   \
	" not_after INTEGER NOT NULL,"                                                    \
	" problem TEXT,"                                                                  \
	" detail TEXT,"                                                                   \
	" certificate TEXT"                                                               \
	") STRICT;"                                                                       \
	"CREATE INDEX orders_of_account ON orders (account, created);"                    \
	"CREATE INDEX orders_expired ON orders (expires);"                                \
	"CREATE TABLE authorization ("                                                    \
	" id INTEGER PRIMARY KEY,"                                                        \
	" name TEXT NOT NULL UNIQUE,"                                                     \
	" from_order INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,"          \
	" position INTEGER NOT NULL,"                                                     \
	" type TEXT NOT NULL,"                                                            \
	" value TEXT NOT NULL,"                                                           \
	" status TEXT NOT NULL,"                                                          \
	" challenge TEXT NOT NULL,"                                                       \
	" token TEXT NOT NULL,"                                                           \
	" expires INTEGER NOT NULL,"                                                      \
	" validated INTEGER NOT NULL DEFAULT 0,"                                          \
	" problem TEXT,"                                                                  \
	" detail TEXT,"                                                                   \
	" key BLOB,"                                                                      \
	" witness TEXT,"                                                                  \
	" UNIQUE (from_order, position)"                                                  \
	") STRICT;"                                                                       \
	"CREATE TABLE certificate ("                                                      \
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"                                          \
	" name TEXT NOT NULL UNIQUE,"                                                     \
	" account TEXT NOT NULL,"                                                         \
	" from_order TEXT NOT NULL,"                                                      \
	" serial BLOB NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 20),"           \
	" names TEXT NOT NULL,"                                                           \
	" witness TEXT NOT NULL,"                                                         \
	" key_hash BLOB NOT NULL CHECK (length(key_hash) = 32),"                          \
	" der BLOB NOT NULL,"                                                             \
	" not_before INTEGER NOT NULL,"                                                   \
	" not_after INTEGER NOT NULL,"                                                    \
	" revoked INTEGER NOT NULL,"                                                      \
	" reason INTEGER NOT NULL"                                                        \
	") STRICT;"                                                                       \
	"CREATE INDEX certificate_of_account ON certificate (account);"                   \
	"CREATE INDEX certificate_expired ON certificate (not_after);"                    \
	"CREATE INDEX certificate_revoked ON certificate (not_after) WHERE revoked <> 0;"

#endif
