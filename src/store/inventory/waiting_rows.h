/* The waiting list in rows: its statements, and how an EK leaves it. */
#ifndef STORE_INVENTORY_WAITING_ROWS_H
#define STORE_INVENTORY_WAITING_ROWS_H

#include <stdint.h>

#include "store/inventory/evidence_rows.h"

struct error;
struct store;

#define SQLITE_WAITING_COLUMNS                    \
	"ek_hash, denied, " SQLITE_EVIDENCE_COLUMNS \
	", root, peer, source, first_seen, last_seen, times"

#define SQLITE_WAITING_STATEMENTS(X)                                                      \
	X(WAITING_BY_HASH, "SELECT " SQLITE_WAITING_COLUMNS " FROM waiting"               \
	    " WHERE ek_hash = ?1")                                                        \
	X(WAITING_BY_RANGE, "SELECT ek_hash FROM waiting"                                 \
	    " WHERE ek_hash BETWEEN ?1 AND ?2 ORDER BY ek_hash LIMIT 2")                  \
	X(WAITING_PUT, "INSERT INTO waiting (" SQLITE_WAITING_COLUMNS ")"                 \
	    " VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)"              \
	    " ON CONFLICT (ek_hash) DO UPDATE SET verdict = ?2, reason = ?3,"             \
	    " manufacturer = ?4, model = ?5, version = ?6, root = ?7, peer = ?8,"         \
	    " last_seen = ?10, times = times + ?11")                                      \
	X(WAITING_COUNT, "SELECT waiting FROM counter")                                   \
	X(WAITING_OF_SOURCE, "SELECT entries FROM waiting_source WHERE source = ?1")      \
	X(WAITING_CROWD, "SELECT source FROM waiting_source WHERE entries > ?1"           \
	    " ORDER BY entries DESC LIMIT 1")                                             \
	X(WAITING_GIVE_WAY, "DELETE FROM waiting WHERE ek_hash = (SELECT ek_hash"         \
	    " FROM waiting WHERE denied = 0 AND ek_hash <> ?1"                            \
	    " ORDER BY verdict = 'verified', last_seen, ek_hash LIMIT 1) RETURNING last_seen")                \
	X(WAITING_GIVE_WAY_OF, "DELETE FROM waiting WHERE ek_hash = (SELECT ek_hash"      \
	    " FROM waiting WHERE denied = 0 AND ek_hash <> ?1 AND source = ?2"            \
	    " ORDER BY verdict = 'verified', last_seen, ek_hash LIMIT 1) RETURNING last_seen")                \
	X(WAITING_DENY, "UPDATE waiting SET denied = 1 WHERE ek_hash = ?1")               \
	X(WAITING_KEEP, "INSERT OR IGNORE INTO ek_certificate (device, checked, "         \
	    SQLITE_EVIDENCE_COLUMNS ", root, certificate)"                                \
	    " SELECT ?2, last_seen, " SQLITE_EVIDENCE_COLUMNS ", root, x''"               \
	    " FROM waiting WHERE ek_hash = ?1")                                           \
	X(WAITING_REMOVE, "DELETE FROM waiting WHERE ek_hash = ?1")

/*
 * For whoever enrols: takes the EK off the list, if it is there, and keeps what was found
 * out about it with the row of `device`. Inside a transaction.
 */
int sqlite_waiting_leave(struct store *store, const uint8_t *ek_hash, int64_t device,
    struct error *err);

#endif
