/*
 * The EKs that asked, passed every rule and are not enrolled: a bounded list for
 * an administrator to look through. Nothing on it has any right.
 */
#ifndef STORE_INVENTORY_WAITING_H
#define STORE_INVENTORY_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/inventory/evidence.h"
#include "store/inventory/device.h"
#include "store/store.h"

struct error;

#define STORE_PEER_MAX 71 /* octets of an address as text */

/* Of `max` entries, so many may be of one source while others want to get in. */
#define STORE_WAITING_SHARE(max) ((max) / 8 + 1)

/* A list is flooded when who gives way was seen less than so many seconds ago. */
#define STORE_WAITING_MOMENT ((int64_t)24 * 60 * 60)

struct store_waiting {
	uint8_t               ek_hash[STORE_HASH_SIZE];
	struct store_evidence evidence;
	char                  peer[STORE_PEER_MAX + 1];   /* of the last request */
	char                  source[STORE_PEER_MAX + 1]; /* the addresses that share with it */
	int64_t               first_seen;
	int64_t               last_seen;
	int64_t               times; /* requests; for store_waiting_add those that it stands for */
	bool                  denied;
};

/*
 * Puts an EK on the list, or counts it again: ek_hash, evidence, peer, source and times
 * are read. Above `max` entries the one that was not seen for longest gives way: first
 * among those of the source that has most, when that is more than its share, and first
 * those whose certificate does not verify, of which anybody can make as many as he
 * likes. Anybody can ask with the EK of another: it stays with the source that asked first,
 * and verified once it has been. On record is an EK that is new, while its source has no
 * more than its share and the list is not flooded: the record is bounded by nothing else.
 * An EK that was denied stays denied and *denied is set; nothing is written for it, nor
 * for one that is enrolled by now.
 */
int store_waiting_add(struct store *store, const struct store_waiting *entry, size_t max,
    int64_t now, bool *denied, struct error *err);

/* Finds one that waits or was denied. NOT_FOUND. */
int store_waiting_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_waiting *out, struct error *err);

/* Lists those that wait, the latest seen first, or with `denied` those that were denied. */
typedef bool store_waiting_cb(const struct store_waiting *entry, void *arg);
int store_waiting_list(struct store *store, bool denied, store_waiting_cb *each, void *arg,
    struct error *err);

/* Finds one, waiting or denied, by its hash in any form or a prefix of 4 digits at least. NOT_FOUND, CONFLICT. */
int store_waiting_resolve(struct store *store, const char *text, struct store_waiting *out,
    struct error *err);

/*
 * Approves: enrols `device` (its hash is on the list; names, tags and note as for
 * store_device_enroll), keeps the evidence with it, and takes it off the list. One
 * transaction, on record. NOT_FOUND when it does not wait any more; CONFLICT, saying what it
 * was, when its device was removed from the inventory, unless `again` says that it comes back.
 */
int store_waiting_approve(struct store *store, const struct store_device *device, bool again,
    int64_t now, struct error *err);

/*
 * Denies one that waits: it is not listed again, however often it asks, until it is
 * approved or enrolled. On record, but for one that is denied already. NOT_FOUND.
 */
int store_waiting_deny(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err);

#endif
