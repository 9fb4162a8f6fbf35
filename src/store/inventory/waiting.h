/*
 * The waiting list: EKs that asked, passed every rule and are not enrolled. It
 * is bounded, and an entry grants no rights.
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
struct waiting_shares;

#define STORE_PEER_MAX 71 /* octets of an address as text */
#define STORE_WISH_MAX 255 /* octets of a name */

/* The share of one source in `max` entries while others want to get in. */
#define STORE_WAITING_SHARE(max) ((max) / 8 + 1)

/* A list is flooded when the evicted entry was seen less than this many seconds ago. */
#define STORE_WAITING_MOMENT ((int64_t)24 * 60 * 60)

struct store_waiting {
	uint8_t               ek_hash[STORE_HASH_SIZE];
	struct store_evidence evidence;
	char                  peer[STORE_PEER_MAX + 1];   /* of the last request */
	char                  source[STORE_PEER_MAX + 1]; /* the network that shares its quota */
	char                  wish[STORE_WISH_MAX + 1]; /* the name that the last request asked for, which
	                                                 * proves nothing; "": none */
	int64_t               first_seen;
	int64_t               last_seen;
	int64_t               times; /* requests; for store_waiting_add those to add */
	bool                  denied;
};

/*
 * Puts an EK on the list, or counts it again: ek_hash, evidence, peer, source, wish and
 * times are read. Above `max` entries one is evicted: of those whose certificate does not verify, because
 * an attacker can create any number of these, the least recently seen of the source with the
 * most, within the network with the most (waiting_shares.h; `shares` is the caller's, for one
 * list). If all others are verified, a verified one evicts one of them, and any other is not
 * kept. Anyone can ask with another machine's EK, so an entry stays with the source that asked
 * first, and stays verified once it was. A new EK is recorded in the audit trail only while its
 * source has no more than its share and the list is not flooded, because nothing else
 * bounds the audit trail. A denied EK stays denied and *denied is set; nothing is written
 * for it, nor for one that is enrolled by now.
 */
int store_waiting_add(struct store *store, const struct store_waiting *entry, size_t max,
    int64_t now, struct waiting_shares *shares, bool *denied, struct error *err);

/* Finds a waiting or denied EK. NOT_FOUND. */
int store_waiting_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_waiting *out, struct error *err);

/* Lists the waiting EKs, the latest seen first, or with `denied` the denied ones. */
typedef bool store_waiting_cb(const struct store_waiting *entry, void *arg);
int store_waiting_list(struct store *store, bool denied, store_waiting_cb *each, void *arg,
    struct error *err);

/* Finds one, waiting or denied, by its hash in any form or a prefix of 4 digits at least.
 * NOT_FOUND, CONFLICT. */
int store_waiting_resolve(struct store *store, const char *text, struct store_waiting *out,
    struct error *err);

/*
 * Approves: enrols `device` (its hash is on the list; names, tags and note as for
 * store_device_enroll), keeps the evidence with it, and takes it off the list. One transaction
 * with its audit entry. NOT_FOUND when it is no longer on the list; CONFLICT, naming the
 * removed device, when its device was removed from the inventory, unless `again` readmits it.
 */
int store_waiting_approve(struct store *store, const struct store_device *device, bool again,
    int64_t now, struct error *err);

/*
 * Denies a waiting EK: it is not listed again, however often it asks, until it is
 * approved or enrolled. Recorded in the audit trail, except for one that is denied
 * already. NOT_FOUND.
 */
int store_waiting_deny(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now,
    struct error *err);

#endif
