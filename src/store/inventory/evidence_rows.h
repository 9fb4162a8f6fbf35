/* Evidence in rows: what the tables of EK certificates and of those that wait share. */
#ifndef STORE_INVENTORY_EVIDENCE_ROWS_H
#define STORE_INVENTORY_EVIDENCE_ROWS_H

#include <sqlite3.h>

struct store_evidence;

/* Five columns, in this order, wherever a table keeps evidence. */
#define SQLITE_EVIDENCE_COLUMNS "verdict, reason, manufacturer, model, version"

#define SQLITE_EVIDENCE_STATEMENTS(X)                                                     \
	X(DEVICE_SEEN, "UPDATE device SET seen = ?2 WHERE id ="                           \
	    " (SELECT id FROM enrolled WHERE ek_hash = ?1)")                              \
	X(EVIDENCE_UPSERT, "INSERT INTO ek_certificate (device, checked, "                \
	    SQLITE_EVIDENCE_COLUMNS ", root, certificate)"                                \
	    " SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM enrolled WHERE ek_hash = ?1" \
	    " ON CONFLICT (device) DO UPDATE SET checked = ?2, verdict = ?3, reason = ?4," \
	    " manufacturer = ?5, model = ?6, version = ?7, root = ?8, certificate = ?9"   \
	    " WHERE (?3 <> 'absent' OR verdict = 'absent') AND"                           \
	    " (verdict, reason, manufacturer, model, version, root, certificate)"         \
	    " IS NOT (?3, ?4, ?5, ?6, ?7, ?8, ?9)")                                       \
	X(EVIDENCE_FIND, "SELECT " SQLITE_EVIDENCE_COLUMNS ", root, checked"              \
	    " FROM ek_certificate JOIN enrolled ON enrolled.id = ek_certificate.device"   \
	    " WHERE ek_hash = ?1")

/* Binds them from the parameter `first` on; *evidence outlives the statement's use. */
void sqlite_evidence_bind(sqlite3_stmt *statement, int first, const struct store_evidence *evidence);

/* Fills *out from them, from the column `first` on; its root is zero. What is too long is cut. */
void sqlite_evidence_read(sqlite3_stmt *row, int first, struct store_evidence *out);

#endif
