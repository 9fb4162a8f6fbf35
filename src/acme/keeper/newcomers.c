/* Owns who made accounts of late; the accounts are the store's. */
#include "config.h"

#include "acme/keeper/newcomers.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/queue.h>

#include "util/shares.h"
#include "util/source.h"

#define HOUR 3600

struct newcomer {
	char                   id[STORE_ID_SIZE]; /* first: what it is found by */
	int64_t                since;
	struct share_entry     share;
	TAILQ_ENTRY(newcomer)  link;
};

struct newcomers {
	struct shares *shares;
	void          *index; /* tsearch's tree, by id */
	TAILQ_HEAD(, newcomer) all; /* the oldest first */
};

static int
newcomer_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct newcomers *
newcomers_new(void)
{
	struct newcomers *newcomers = memory_new(sizeof *newcomers);

	newcomers->shares = shares_new();
	TAILQ_INIT(&newcomers->all);
	return newcomers;
}

static void
newcomer_remove(struct newcomers *newcomers, struct newcomer *newcomer)
{
	shares_leave(newcomers->shares, &newcomer->share);
	(void)tdelete(newcomer, &newcomers->index, newcomer_compare);
	TAILQ_REMOVE(&newcomers->all, newcomer, link);
	free(newcomer);
}

void
newcomers_free(struct newcomers *newcomers)
{
	if (newcomers == NULL)
		return;
	while (!TAILQ_EMPTY(&newcomers->all))
		newcomer_remove(newcomers, TAILQ_FIRST(&newcomers->all));
	shares_free(newcomers->shares);
	free(newcomers);
}

void
newcomers_add(struct newcomers *newcomers, const char id[STORE_ID_SIZE], struct view peer,
    int64_t now)
{
	struct newcomer *newcomer = memory_new(sizeof *newcomer);
	struct newcomer *oldest;
	struct source    source = source_of_text(peer);

	while ((oldest = TAILQ_FIRST(&newcomers->all)) != NULL && oldest->since <= now - HOUR)
		newcomer_remove(newcomers, oldest);
	(void)snprintf(newcomer->id, sizeof newcomer->id, "%s", id);
	newcomer->since = now;
	if (tsearch(newcomer, &newcomers->index, newcomer_compare) == NULL)
		abort(); /* out of memory, as memory_new */
	TAILQ_INSERT_TAIL(&newcomers->all, newcomer, link);
	shares_enter(newcomers->shares, &newcomer->share, &source, (struct view){0}, false);
}

void
newcomers_prove(struct newcomers *newcomers, const char *id)
{
	struct newcomer *const *found = tfind(id, &newcomers->index, newcomer_compare);

	if (found != NULL)
		shares_hold(newcomers->shares, &(*found)->share, true);
}

void
newcomers_displace(struct newcomers *newcomers, char id[STORE_ID_SIZE])
{
	struct share_entry *entry = shares_victim(newcomers->shares);
	struct newcomer    *newcomer;

	id[0] = '\0';
	if (entry == NULL)
		return;
	newcomer = SHARES_ITEM(entry, struct newcomer, share);
	memcpy(id, newcomer->id, STORE_ID_SIZE);
	newcomer_remove(newcomers, newcomer);
}
