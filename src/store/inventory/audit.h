/*
 * The record of every act: a table that only grows, each entry chained to the
 * one before by its hash. What changes the store adds its own entry in the same
 * transaction, so that nothing happens that is not on record.
 */
#ifndef STORE_INVENTORY_AUDIT_H
#define STORE_INVENTORY_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct error;

/* On whose behalf a store works. Strings are copied, cut at 128 octets, and may be NULL. */
struct store_actor {
	const char *name;    /* "uid 1000 (alice)"; NULL: the user of this process */
	const char *peer;    /* "192.0.2.1:51442", of a request from the network */
	const char *request; /* its id in the log */
};

/* From now on, this is who acts on the store; without it, the user of the process. */
void store_actor_set(struct store *store, const struct store_actor *actor);

/* What can be on record: the word in the table and in answers. */
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
 * Adds an entry, in the transaction that is open or in one of its own. `ek_hash` may be
 * NULL when it concerns no device; `outcome` is "done" or "refused"; `detail` is for
 * people and holds nothing secret: it is kept as it is, and escaped where it is shown. The
 * names that the device has are part of the entry.
 */
int store_audit_add(struct store *store, enum audit_action action,
    const uint8_t ek_hash[STORE_HASH_SIZE], const char *outcome, const char *detail, int64_t now,
    struct error *err);

/* An entry as it was recorded. The strings are valid during the callback. */
struct audit_entry {
	int64_t     id;
	int64_t     at;
	const char *actor;
	const char *peer;
	const char *request;
	const char *action;
	const uint8_t *ek_hash; /* NULL: no device's */
	const char *outcome;
	const char *detail;
	/*
	 * What the device was called when it was done, before the act where that changes it: a
	 * line each, and an end of line behind the last when there were more than fit. "" for a
	 * device without a name, and for none; NULL in an entry of a store that kept no names.
	 */
	const char *names;
	uint8_t     hash[32];
};

/* Which entries are asked for; {0} is all. */
struct audit_filter {
	int64_t        after; /* ids above this */
	int64_t        since; /* this time or later */
	const uint8_t *ek_hash;
};

typedef bool store_audit_cb(const struct audit_entry *entry, void *arg);
int store_audit_list(struct store *store, const struct audit_filter *filter, store_audit_cb *each,
    void *arg, struct error *err);

/*
 * Computes every hash again. INTERNAL naming the first entry that was altered or is
 * missing. *count is how many hold; *head is the hash of the last.
 *
 * Who can write to the file can also write the whole chain anew: `expect`, unless
 * NULL, is a hash that somebody noted elsewhere. Some entry must have it, or the
 * last that was cut.
 */
int store_audit_verify(struct store *store, const uint8_t expect[32], int64_t *count,
    uint8_t head[32], struct error *err);

/*
 * Cuts off the entries before the first that is of the time `before` or later, and
 * records where and the hash it ends at, so that the rest still verifies. They are
 * gone for every reader at once, but removed `max` at a time: *removed says how many
 * this call did; call it again until that is 0.
 */
int store_audit_cut(struct store *store, int64_t before, size_t max, int64_t now, size_t *removed,
    struct error *err);

#endif
