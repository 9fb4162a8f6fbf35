/* The tables of the inventory, version by version. A released text never changes. */
#include "config.h"

#include <stddef.h>

#include "store/sqlite/schema.h"

/*
 * A certificate names its device by hash and not by row: the record outlives
 * the device. A name has the revision since which the device has it, and a
 * certificate the revision of its issue, so that the certificates that carry a
 * name can be found.
 */
static const char schema_devices[] =
    "CREATE TABLE counter ("
    " id INTEGER PRIMARY KEY CHECK (id = 1),"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO counter (id, revision) VALUES (1, 0);"
    "CREATE TABLE device ("
    " id INTEGER PRIMARY KEY,"
    " ek_hash BLOB NOT NULL UNIQUE CHECK (length(ek_hash) = 32),"
    " note TEXT NOT NULL,"
    " enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),"
    " enrolled INTEGER NOT NULL,"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE name ("
    " name TEXT PRIMARY KEY CHECK (name <> ''),"
    " device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL,"
    " since INTEGER NOT NULL,"
    " UNIQUE (device, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE certificate ("
    " id INTEGER PRIMARY KEY,"
    " serial BLOB NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 20),"
    " ek_hash BLOB NOT NULL CHECK (length(ek_hash) = 32),"
    " ak_name BLOB NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL,"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX certificate_of_device ON certificate (ek_hash);"
    "CREATE INDEX certificate_revoked ON certificate (not_after) WHERE revoked <> 0;";

/*
 * A device that belongs to a row of `batch` is being imported: it is invisible
 * until that row is deleted. Queries for devices use the view `enrolled`. The
 * verdict on a device's EK certificate is kept beside it. The audit table is
 * append-only.
 */
static const char schema_fleet[] =
    "ALTER TABLE counter ADD COLUMN crl_number INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE counter ADD COLUMN revocations INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE counter ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE counter ADD COLUMN trust_revision INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE counter ADD COLUMN audit_cut INTEGER NOT NULL DEFAULT 0;" /* last removed entry */
    "ALTER TABLE counter ADD COLUMN audit_cut_hash BLOB NOT NULL DEFAULT x'';" /* its hash */
    "ALTER TABLE device ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN batch INTEGER;"
    "CREATE TABLE batch ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " first_device INTEGER NOT NULL," /* lower bound of its devices' ids */
    " started INTEGER NOT NULL"
    ") STRICT;"
    "CREATE VIEW enrolled AS SELECT * FROM device"
    " WHERE batch IS NULL OR batch NOT IN (SELECT id FROM batch);"
    "CREATE TABLE tag ("
    " device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,"
    " tag TEXT NOT NULL CHECK (tag <> ''),"
    " PRIMARY KEY (device, tag)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX tag_devices ON tag (tag, device);"
    "CREATE TABLE ek_certificate ("
    " device INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,"
    " checked INTEGER NOT NULL,"
    " verdict TEXT NOT NULL CHECK (verdict IN ('absent', 'refused', 'verified')),"
    " reason TEXT NOT NULL,"
    " manufacturer TEXT NOT NULL,"
    " model TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " root BLOB NOT NULL," /* SHA-256 of the root's DER, empty unless verified */
    " certificate BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE waiting ("
    " ek_hash BLOB PRIMARY KEY CHECK (length(ek_hash) = 32),"
    " denied INTEGER NOT NULL CHECK (denied IN (0, 1)),"
    " verdict TEXT NOT NULL CHECK (verdict IN ('absent', 'refused', 'verified')),"
    " reason TEXT NOT NULL,"
    " manufacturer TEXT NOT NULL,"
    " model TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " root BLOB NOT NULL," /* as in ek_certificate */
    " peer TEXT NOT NULL,"
    " source TEXT NOT NULL," /* the source whose share it counts against */
    " first_seen INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL,"
    " times INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    /* Indexes to find the eviction victim and a source's share without a full scan. */
    "CREATE INDEX waiting_unseen ON waiting (verdict = 'verified', last_seen, ek_hash)"
    " WHERE denied = 0;"
    "CREATE INDEX waiting_unseen_of ON waiting (source, verdict = 'verified', last_seen, ek_hash)"
    " WHERE denied = 0;"
    "CREATE TABLE waiting_source ("
    " source TEXT PRIMARY KEY,"
    " entries INTEGER NOT NULL" /* that wait */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX waiting_crowd ON waiting_source (entries);"
    "CREATE TRIGGER waiting_comes AFTER INSERT ON waiting WHEN new.denied = 0 BEGIN"
    " UPDATE counter SET waiting = waiting + 1;"
    " INSERT INTO waiting_source (source, entries) VALUES (new.source, 1)"
    " ON CONFLICT (source) DO UPDATE SET entries = entries + 1;"
    "END;"
    "CREATE TRIGGER waiting_goes AFTER DELETE ON waiting WHEN old.denied = 0 BEGIN"
    " UPDATE counter SET waiting = waiting - 1;"
    " UPDATE waiting_source SET entries = entries - 1 WHERE source = old.source;"
    " DELETE FROM waiting_source WHERE source = old.source AND entries = 0;"
    "END;"
    "CREATE TRIGGER waiting_denied AFTER UPDATE OF denied ON waiting"
    " WHEN old.denied = 0 AND new.denied = 1 BEGIN"
    " UPDATE counter SET waiting = waiting - 1;"
    " UPDATE waiting_source SET entries = entries - 1 WHERE source = old.source;"
    " DELETE FROM waiting_source WHERE source = old.source AND entries = 0;"
    "END;"
    "CREATE TABLE trust ("
    " fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32)," /* SHA-256 of the DER */
    " root INTEGER NOT NULL CHECK (root IN (0, 1)),"
    " certificate BLOB NOT NULL,"
    " source TEXT NOT NULL,"
    " added INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE issuer ("
    " id INTEGER PRIMARY KEY,"
    " key_id BLOB NOT NULL UNIQUE," /* subjectKeyIdentifier */
    " certificate BLOB NOT NULL,"
    " since INTEGER NOT NULL"
    ") STRICT;"
    "ALTER TABLE certificate ADD COLUMN reason INTEGER NOT NULL DEFAULT 0;" /* CRLReason */
    "ALTER TABLE certificate ADD COLUMN issuer INTEGER REFERENCES issuer (id);"
    "CREATE INDEX certificate_expiry ON certificate (not_after);"
    "CREATE TABLE audit ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " at INTEGER NOT NULL,"
    " actor TEXT NOT NULL,"
    " peer TEXT NOT NULL,"
    " request TEXT NOT NULL,"
    " action TEXT NOT NULL,"
    " ek_hash BLOB CHECK (ek_hash IS NULL OR length(ek_hash) = 32),"
    " outcome TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " hash BLOB NOT NULL CHECK (length(hash) = 32)"
    ") STRICT;"
    "CREATE INDEX audit_of_device ON audit (ek_hash, id) WHERE ek_hash IS NOT NULL;"
    "CREATE INDEX audit_by_time ON audit (at);"
    "CREATE TRIGGER audit_only_grows BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit table only grows'); END;"
    "CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit"
    " WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"
    " BEGIN SELECT RAISE(ABORT, 'the audit table only grows'); END;"
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit"
    " WHEN OLD.id > (SELECT audit_cut FROM counter)"
    " BEGIN SELECT RAISE(ABORT, 'the audit table only grows'); END;"
    "CREATE TRIGGER audit_cut_only_grows BEFORE UPDATE OF audit_cut ON counter"
    " WHEN NEW.audit_cut < OLD.audit_cut"
    " BEGIN SELECT RAISE(ABORT, 'the audit table only grows'); END;";

/* A CRL whose number is not the last of its issuer is an older one, or from another store. */
static const char schema_numbers[] =
    "ALTER TABLE issuer ADD COLUMN crl_number INTEGER NOT NULL DEFAULT 0;";

/* A device's names at the time of an act. NULL: from before names were recorded. */
static const char schema_audit_names[] = "ALTER TABLE audit ADD COLUMN names TEXT;";

/*
 * EKs whose device was taken out, which no retention removes. Older versions kept them in the
 * audit table and among the certificates: what is left there is taken over, the latest of each.
 */
static const char schema_removed[] =
    "CREATE TABLE removed ("
    " ek_hash BLOB PRIMARY KEY CHECK (length(ek_hash) = 32),"
    " removed_at INTEGER NOT NULL,"
    " names TEXT NOT NULL," /* a line each */
    " actor TEXT NOT NULL,"
    " reason TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO removed (ek_hash, removed_at, names, actor, reason)"
    " SELECT ek_hash, at, '', actor, 'removed' FROM audit AS last"
    " WHERE action IN ('remove', 'replace') AND outcome = 'done' AND ek_hash IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM device WHERE device.ek_hash = last.ek_hash)"
    " AND id = (SELECT max(id) FROM audit WHERE audit.ek_hash = last.ek_hash"
    " AND action IN ('remove', 'replace') AND outcome = 'done');"
    "INSERT INTO removed (ek_hash, removed_at, names, actor, reason)"
    " SELECT ek_hash, max(not_before), '', '', 'removed' FROM certificate"
    " WHERE NOT EXISTS (SELECT 1 FROM device WHERE device.ek_hash = certificate.ek_hash)"
    " AND NOT EXISTS (SELECT 1 FROM removed WHERE removed.ek_hash = certificate.ek_hash)"
    " GROUP BY ek_hash;";

/*
 * What a reader may take a name for (name_check.h): rows from before have none until the
 * store is opened, and counter.skeletons is the version of the tables that made those there
 * are. Names of older versions may look alike, so that the index is not unique.
 */
static const char schema_skeletons[] =
    "ALTER TABLE counter ADD COLUMN skeletons INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE name ADD COLUMN skeleton TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX name_skeleton ON name (skeleton);";

/* The name that a waiting device asks for, in its own words. */
static const char schema_wishes[] = "ALTER TABLE waiting ADD COLUMN wish TEXT NOT NULL DEFAULT '';";

/* No query has used these since the waiting list keeps its shares in memory. */
static const char schema_unseen[] = "DROP INDEX IF EXISTS waiting_unseen; DROP INDEX IF EXISTS waiting_unseen_of;";

static const char *const inventory_texts[] = {schema_devices, schema_fleet, schema_numbers,
    schema_audit_names, schema_removed, schema_skeletons, schema_wishes, schema_unseen};

static const char *const inventory_files[] = {
    "store.db", "store.db-wal", "store.db-shm", "store.lock", NULL};

const struct sqlite_schema sqlite_schema_inventory = {
    .program = "attest-ca",
    .files = inventory_files,
    .lock_file = "store.lock",
    .application_id = 0x41744341, /* "AtCA" */
    .version = sizeof inventory_texts / sizeof inventory_texts[0],
    .texts = inventory_texts,
};
