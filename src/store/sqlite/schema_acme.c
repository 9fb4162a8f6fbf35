/* The tables of ACME's database, version by version. A released text never changes. */
#include "config.h"

#include <stddef.h>

#include "store/sqlite/schema.h"

/*
 * Orders go with their account and authorizations with their order; a
 * certificate names both by id and not by row, because its record outlives them.
 */
static const char acme_schema[] =
    "CREATE TABLE account ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " status TEXT NOT NULL,"
    " jwk TEXT NOT NULL,"
    " thumbprint TEXT NOT NULL UNIQUE,"
    " contacts TEXT NOT NULL,"
    " terms_agreed INTEGER NOT NULL,"
    " created INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX account_created ON account (created);"
    "CREATE TABLE orders ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE,"
    " account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " status TEXT NOT NULL,"
    " created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " problem TEXT,"
    " detail TEXT,"
    " certificate TEXT"
    ") STRICT;"
    "CREATE INDEX orders_of_account ON orders (account, created);"
    "CREATE INDEX orders_expired ON orders (expires);"
    "CREATE TABLE authorization ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " from_order INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL,"
    " type TEXT NOT NULL,"
    " value TEXT NOT NULL,"
    " status TEXT NOT NULL,"
    " challenge TEXT NOT NULL,"
    " token TEXT NOT NULL,"
    " expires INTEGER NOT NULL,"
    " validated INTEGER NOT NULL DEFAULT 0,"
    " problem TEXT,"
    " detail TEXT,"
    " key BLOB,"
    " witness TEXT,"
    " UNIQUE (from_order, position)"
    ") STRICT;"
    "CREATE TABLE certificate ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE,"
    " account TEXT NOT NULL,"
    " from_order TEXT NOT NULL,"
    " serial BLOB NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 20),"
    " names TEXT NOT NULL,"
    " witness TEXT NOT NULL,"
    " key_hash BLOB NOT NULL CHECK (length(key_hash) = 32),"
    " der BLOB NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL,"
    " reason INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX certificate_of_account ON certificate (account);"
    "CREATE INDEX certificate_expired ON certificate (not_after);"
    "CREATE INDEX certificate_revoked ON certificate (not_after) WHERE revoked <> 0;";

/* The attestation of an authorization is verified again when its order is finalized. */
static const char acme_schema_chain[] = "ALTER TABLE authorization ADD COLUMN chain BLOB;";

/*
 * Before, CRLs were numbered by the clock: the counter starts above those numbers, even if
 * the last CRL is lost.
 */
static const char acme_schema_counter[] =
    "CREATE TABLE counter ("
    " id INTEGER PRIMARY KEY CHECK (id = 1),"
    " crl_number INTEGER NOT NULL,"
    " revocations INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO counter (id, crl_number, revocations)"
    " VALUES (1, CAST(strftime('%s', 'now') AS INTEGER), 0);";

/* The newest CRL seen of each attestation CA: an older one is refused. */
static const char acme_schema_crl_mark[] =
    "CREATE TABLE crl_mark ("
    " issuer BLOB PRIMARY KEY CHECK (length(issuer) = 32)," /* SHA-256 of name and key identifier */
    " name TEXT NOT NULL,"
    " number BLOB CHECK (length(number) = 20),"
    " this_update INTEGER NOT NULL,"
    " digest BLOB NOT NULL CHECK (length(digest) = 32)," /* SHA-256 of the CRL */
    " certificate BLOB NOT NULL" /* the certificate whose key signed it */
    ") STRICT, WITHOUT ROWID;";

/* What attested an authorization is judged again by its format; there was one before. */
static const char acme_schema_format[] =
    "ALTER TABLE \"authorization\" ADD COLUMN format TEXT;"
    "UPDATE \"authorization\" SET format = 'tpm' WHERE chain IS NOT NULL;";

/* What attested a certificate's key is kept with it: when that is revoked, so may this be. */
static const char acme_schema_attested[] =
    "ALTER TABLE certificate ADD COLUMN chain BLOB;"
    "ALTER TABLE certificate ADD COLUMN ak_serial BLOB;";

/* Accounts that never attested go early; of those that were there before, nothing is known. */
static const char acme_schema_newcomers[] =
    "ALTER TABLE account ADD COLUMN attested INTEGER NOT NULL DEFAULT 0;"
    "UPDATE account SET attested = 1;"
    "CREATE INDEX account_newcomer ON account (created) WHERE attested = 0;";

static const char *const acme_texts[] = {acme_schema, acme_schema_chain, acme_schema_counter,
    acme_schema_crl_mark, acme_schema_format, acme_schema_attested,
    acme_schema_newcomers};

static const char *const acme_files[] = {
    "acme.db", "acme.db-wal", "acme.db-shm", "acme.lock", NULL};

const struct sqlite_schema sqlite_schema_acme = {
    .program = "attest-acmed",
    .files = acme_files,
    .lock_file = "acme.lock",
    .application_id = 0x41744163, /* "AtAc" */
    .version = sizeof acme_texts / sizeof acme_texts[0],
    .texts = acme_texts,
};
