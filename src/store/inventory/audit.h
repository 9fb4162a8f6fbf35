/*
 * The audit trail: an append-only table, each entry chained to the one before
 * by its hash. Every change of the store adds its entry in the same
 * transaction, so that no change is unrecorded.
 */
#ifndef STORE_INVENTORY_AUDIT_H
#define STORE_INVENTORY_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct error;
struct store_device;

/* The actor of changes. Strings are copied, cut at 128 octets, and may be NULL. */
struct store_actor {
	const char *name;    /* "uid 1000 (alice)"; NULL: the user of this process */
	const char *peer;    /* "192.0.2.1:51442", of a request from the network */
	const char *request; /* its id in the log */
};

/* Sets the actor of all following changes; the default is the user of the process. */
void store_actor_set(struct store *store, const struct store_actor *actor);

/* The acts: the word in the table and in answers. */
#define AUDIT_ACTIONS(X)             \
	X(ENROLL, "enroll")          \
	X(IMPORT, "import")          \
	X(REMOVE, "remove")          \
	X(REPLACE, "replace")        \
	X(DISABLE, "disable")        \
	X(ENABLE, "enable")          \
	X(SET, "set")                \
	X(WAIT, "wait")              \
	X(APPROVE, "approve")        \
	X(DENY, "deny")              \
	X(CERTIFY, "certify")        \
	X(REVOKE, "revoke")          \
	X(TRUST_IMPORT, "trust import") \
	X(TRUST_REMOVE, "trust remove") \
	X(ISSUER, "issuing")         \
	X(BACKUP, "backup")          \
	X(RESTORE, "restore")        \
	X(CUT, "cut")

enum audit_action {
#define X(name, word) AUDIT_##name,
	AUDIT_ACTIONS(X)
#undef X
	AUDIT_ACTION_COUNT
};

const char *audit_action_word(enum audit_action action);

/*
 * Adds an entry, in the open transaction or one of its own. `ek_hash` is NULL when it
 * concerns no device; `outcome` is "done" or "refused"; `detail` is text without secrets:
 * it is stored unchanged, and escaped for display. The device's names are part of the
 * entry.
 */
int store_audit_add(struct store *store, enum audit_action action,
    const uint8_t ek_hash[STORE_HASH_SIZE], const char *outcome, const char *detail, int64_t now,
    struct error *err);

/*
 * The same of a device that was read before, and that has not changed since, as its revision says:
 * its names are not read again.
 */
int store_audit_add_of(struct store *store, enum audit_action action, const struct store_device *device,
    const char *outcome, const char *detail, int64_t now, struct error *err);

/* A recorded entry. The strings are valid during the callback. */
struct audit_entry {
	int64_t     id;
	int64_t     at;
	const char *actor;
	const char *peer;
	const char *request;
	const char *action;
	const uint8_t *ek_hash; /* NULL: no device */
	const char *outcome;
	const char *detail;
	/*
	 * The device's names at the time, before the act if that changes them: one per line,
	 * with a line end after the last if there were more than fit. "" for a device
	 * without names, and for no device; NULL in an entry from before names were
	 * recorded.
	 */
	const char *names;
	uint8_t     hash[32];
};

/* Selects entries; {0}: all. */
struct audit_filter {
	int64_t        after; /* ids above this */
	int64_t        since; /* this time or later */
	const uint8_t *ek_hash;
};

typedef bool store_audit_cb(const struct audit_entry *entry, void *arg);
int store_audit_list(struct store *store, const struct audit_filter *filter, store_audit_cb *each,
    void *arg, struct error *err);

/*
 * Verifies the hash chain. INTERNAL naming the first entry that was altered or is
 * missing. *count is the number of intact entries; *head is the hash of the last.
 *
 * An attacker who can write to the file can also recompute the whole chain. So
 * `expect`, unless NULL, is a hash that was noted elsewhere; an entry must have
 * it, or the last that was cut.
 */
int store_audit_verify(struct store *store, const uint8_t expect[32], int64_t *count,
    uint8_t head[32], struct error *err);

/*
 * Cuts off the entries before the first one of the time `before` or later, and
 * records the place and its hash, so that the rest still verifies. Readers no longer
 * see them at once, but they are removed `max` at a time: *removed is the number of
 * this call; repeat until it is 0.
 */
int store_audit_cut(struct store *store, int64_t before, size_t max, int64_t now, size_t *removed,
    struct error *err);

#endif
