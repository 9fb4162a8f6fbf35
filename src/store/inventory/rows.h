/*
 * Shared by the files of the inventory: lists of columns, and common parts of changes.
 * Private to store/.
 */
#ifndef STORE_INVENTORY_ROWS_H
#define STORE_INVENTORY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/inventory/audit.h"
#include "store/inventory/device_text.h"
#include "store/sql.h"

struct store_device;
struct store_evidence;
struct store_removed;
struct store_similar;

#define DEVICE_COLUMNS \
	"device.id, ek_hash, enabled, enrolled, revision, seen" DEVICE_TEXTS(DEVICE_TEXT_COLUMN)
#define DEVICE_INSERT                                                                         \
	"INSERT INTO device (ek_hash, enabled, enrolled, revision, batch"                     \
	DEVICE_TEXTS(DEVICE_TEXT_COLUMN) ") VALUES (?1, ?2, ?3, ?4, ?5"                       \
	DEVICE_TEXTS(DEVICE_TEXT_PARAMETER) ")"
#define CERTIFICATE_COLUMNS \
	"serial, ek_hash, ak_name, not_before, not_after, revoked, reason, issuer"
#define EVIDENCE_COLUMNS "verdict, reason, manufacturer, model, version"
#define AUDIT_COLUMNS \
	"id, at, actor, peer, request, action, ek_hash, outcome, detail, hash, names"

/*
 * Parts of enrolling a device. CONFLICT when another device has one of the names;
 * device_insert, which adds the whole device as enabled, also when the EK is enrolled.
 * Inside a transaction.
 */
int device_check_names(struct store *store, const struct store_device *device,
    struct error *err);
int device_insert(struct store *store, const struct store_device *device, int64_t now,
    int64_t *id, struct error *err);
int device_name_insert(struct store *store, int64_t id, const char *name, size_t position,
    int64_t since, struct error *err);
int device_tag_insert(struct store *store, int64_t id, const char *tag, struct error *err);

/* Binds the parameters of DEVICE_INSERT except ?5, the batch. A text that is NULL is empty. */
void device_insert_bind(struct sql_statement *statement, const struct store_device *device,
    bool enabled, int64_t enrolled, int64_t revision);

/* CONFLICT when the EK is enrolled; when a device other than `owner`, which may be NULL, has the
 * name. */
int device_check_hash(struct store *store, const uint8_t *ek_hash, struct error *err);
int device_check_name(struct store *store, const char *name, const uint8_t *owner,
    struct error *err);

/*
 * CONFLICT when the name looks like one of a device other than `owner`, unless the connection
 * allows it (similar.h) or a device has the name by now. similar_found decides so about one that
 * the caller has found.
 */
int similar_check(struct store *store, const char *name, const uint8_t *owner, struct error *err);
int similar_found(struct store *store, const char *name, const struct store_similar *other,
    struct error *err);

/*
 * Removes a device and revokes its certificates; `names`, of AUDIT_NAMES_SIZE, gets its
 * names, for the audit trail. NOT_ENROLLED. Inside a transaction.
 */
int device_delete(struct store *store, const uint8_t *ek_hash, int reason, int64_t now,
    char *names, size_t *revoked, struct error *err);

/*
 * Keep a tombstone of the EK, whose names struct audit_entry has; and take it away, if there
 * is one, as somebody enrolls the EK. Inside a transaction.
 */
int removed_record(struct store *store, const uint8_t *ek_hash, const char *names,
    const char *reason, int64_t now, struct error *err);
int removed_forget(struct store *store, const uint8_t *ek_hash, struct error *err);

/*
 * Takes over a tombstone of another store, which keeps its actor; of two of one EK the later
 * stays. CONFLICT when the EK is enrolled. Inside a transaction.
 */
int removed_take(struct store *store, const struct store_removed *removed, struct error *err);

/* Draws a new revision, larger than any before. */
int device_revision_next(struct store *store, int64_t *revision, struct error *err);

/*
 * Fills *out from a row of DEVICE_COLUMNS; the row is still open, so that names
 * and row come from one snapshot. device_one steps to the row of a bound
 * statement, if there is one, and resets it.
 */
int device_read(struct store *store, struct sql_statement *row, struct store_device *out,
    struct error *err);
int device_one(struct store *store, struct sql_statement *statement, struct store_device *out,
    bool *found, struct error *err);

/*
 * Revokes the certificates of an EK that are of this revision of its device or a later
 * one and are not revoked yet. Includes expired ones, because clocks differ; *revoked
 * counts those that had not expired. Inside a transaction.
 */
int revoke_since(struct store *store, const uint8_t *ek_hash, int64_t revision, int reason,
    int64_t now, size_t *revoked, struct error *err);

/* store_device_enroll, recorded as `action`. */
int device_enroll(struct store *store, const struct store_device *device,
    enum audit_action action, int64_t now, struct error *err);

/*
 * Finds the hash with the prefix `text` by the statement `range`, which lists up to two between ?1
 * and ?2; *found is false when there is none, or the text is not a prefix of a hash. CONFLICT when
 * there are two.
 */
int search_prefix(struct store *store, const char *range, const char *text,
    uint8_t *ek_hash, bool *found, struct error *err);

/*
 * Part of enrolling: takes the EK off the waiting list, if it is there, and moves its
 * evidence to the row of `device`. Inside a transaction.
 */
int waiting_leave(struct store *store, const uint8_t *ek_hash, int64_t device,
    struct error *err);

/*
 * Inside a transaction, free a hash, a name: CONFLICT when a running import has
 * reserved it; leftovers of a killed import are removed.
 */
int batch_yield_hash(struct store *store, const uint8_t *ek_hash, struct error *err);
int batch_yield_name(struct store *store, const char *name, struct error *err);

/*
 * The columns of evidence, wherever a table keeps it: evidence_bind binds them from the
 * parameter `first` on, and *evidence outlives the statement's use; evidence_read fills *out
 * from them, from the column `first` on. Its root is zero; a text that is too long is cut.
 */
void evidence_bind(struct sql_statement *statement, int first,
    const struct store_evidence *evidence);
void evidence_read(struct sql_statement *row, int first, struct store_evidence *out);

/* NOT_ENROLLED with the hash and the remedy. Returns -1. */
int device_not_enrolled(const uint8_t *ek_hash, struct error *err);

#endif
