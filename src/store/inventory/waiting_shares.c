/* Owns the order of eviction from the waiting list; reads no store. */
#include "config.h"

#include "store/inventory/waiting_shares.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "store/inventory/waiting.h"
#include "util/bytes.h"
#include "util/shares.h"
#include "util/source.h"

enum { UNPROVEN, VERIFIED, KINDS };

struct waiter {
	uint8_t            ek_hash[STORE_HASH_SIZE]; /* first: what it is found by */
	int                kind;
	struct share_entry share;
};

struct waiting_shares {
	void          *index; /* tsearch's tree */
	struct shares *kinds[KINDS];
};

static int
waiter_compare(const void *a, const void *b)
{
	return memcmp(a, b, STORE_HASH_SIZE);
}

struct waiting_shares *
waiting_shares_new(void)
{
	struct waiting_shares *shares = memory_new(sizeof *shares);

	for (int kind = 0; kind < KINDS; kind++)
		shares->kinds[kind] = shares_new();
	return shares;
}

static void
waiter_remove(struct waiting_shares *shares, struct waiter *waiter)
{
	shares_leave(shares->kinds[waiter->kind], &waiter->share);
	(void)tdelete(waiter, &shares->index, waiter_compare);
	free(waiter);
}

void
waiting_shares_clear(struct waiting_shares *shares)
{
	for (int kind = 0; kind < KINDS; kind++) {
		struct share_entry *entry;

		while ((entry = shares_victim(shares->kinds[kind])) != NULL)
			waiter_remove(shares, SHARES_ITEM(entry, struct waiter, share));
	}
}

void
waiting_shares_free(struct waiting_shares *shares)
{
	if (shares == NULL)
		return;
	waiting_shares_clear(shares);
	for (int kind = 0; kind < KINDS; kind++)
		shares_free(shares->kinds[kind]);
	free(shares);
}

size_t
waiting_shares_count(const struct waiting_shares *shares)
{
	return shares_count(shares->kinds[UNPROVEN]) + shares_count(shares->kinds[VERIFIED]);
}

/* Of IPv6 it is written with its prefix, "2001:db8:0:1::/64". */
static struct source
waiter_source(const struct store_waiting *entry)
{
	return source_of_text((struct view){
	    (const uint8_t *)entry->source, strcspn(entry->source, "/")});
}

void
waiting_shares_enter(struct waiting_shares *shares, const struct store_waiting *entry)
{
	struct waiter *const *found = tfind(entry->ek_hash, &shares->index, waiter_compare);
	struct source         source = waiter_source(entry);
	struct waiter        *waiter;

	if (found != NULL)
		waiter_remove(shares, *found);
	waiter = memory_new(sizeof *waiter);
	memcpy(waiter->ek_hash, entry->ek_hash, STORE_HASH_SIZE);
	waiter->kind = entry->evidence.verdict == STORE_VERDICT_VERIFIED ? VERIFIED : UNPROVEN;
	(void)memory_check(tsearch(waiter, &shares->index, waiter_compare));
	shares_enter(shares->kinds[waiter->kind], &waiter->share, &source, (struct view){0}, false);
}

bool
waiting_shares_evict(struct waiting_shares *shares, bool verified,
    uint8_t ek_hash[STORE_HASH_SIZE])
{
	struct share_entry *entry = shares_victim(shares->kinds[verified ? VERIFIED : UNPROVEN]);
	struct waiter      *waiter;

	if (entry == NULL)
		return false;
	waiter = SHARES_ITEM(entry, struct waiter, share);
	memcpy(ek_hash, waiter->ek_hash, STORE_HASH_SIZE);
	waiter_remove(shares, waiter);
	return true;
}
