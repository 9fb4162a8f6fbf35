/* Owns the record of recent accounts and orders by source; they themselves are the store's. */
#include "config.h"

#include "acme/keeper/newcomers.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/queue.h>

#include "util/bytes.h"
#include "util/shares.h"
#include "util/source.h"

struct newcomer {
	char                   id[STORE_ID_SIZE]; /* first: what it is found by */
	int64_t                since;
	struct share_entry     share;
	TAILQ_ENTRY(newcomer)  link;
};

struct newcomers {
	int64_t        lifetime;
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
newcomers_new(int64_t lifetime)
{
	struct newcomers *newcomers = memory_new(sizeof *newcomers);

	newcomers->lifetime = lifetime;
	newcomers->shares = shares_new();
	TAILQ_INIT(&newcomers->all);
	return newcomers;
}

void
newcomers_limit(struct newcomers *newcomers, int64_t lifetime)
{
	newcomers->lifetime = lifetime;
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

/* One that is ahead by a lifetime is of a clock that was set back, and old, too: it would keep all after it. */
static bool
newcomer_is_old(const struct newcomers *newcomers, const struct newcomer *newcomer, int64_t now)
{
	return newcomer->since >= now + newcomers->lifetime || newcomer->since <= now - newcomers->lifetime;
}

static void
newcomers_expire(struct newcomers *newcomers, int64_t now)
{
	struct newcomer *oldest;

	while ((oldest = TAILQ_FIRST(&newcomers->all)) != NULL &&
	    newcomer_is_old(newcomers, oldest, now))
		newcomer_remove(newcomers, oldest);
}

void
newcomers_add(struct newcomers *newcomers, const char id[STORE_ID_SIZE], struct view peer,
    struct view subject, int64_t now)
{
	struct newcomer *newcomer = memory_new(sizeof *newcomer);
	struct source    source = source_of_text(peer);

	newcomers_expire(newcomers, now);
	(void)snprintf(newcomer->id, sizeof newcomer->id, "%s", id);
	newcomer->since = now;
	(void)memory_check(tsearch(newcomer, &newcomers->index, newcomer_compare));
	TAILQ_INSERT_TAIL(&newcomers->all, newcomer, link);
	shares_enter(newcomers->shares, &newcomer->share, &source, subject, false);
}

void
newcomers_prove(struct newcomers *newcomers, const char *id)
{
	struct newcomer *const *found = tfind(id, &newcomers->index, newcomer_compare);

	if (found != NULL)
		newcomer_remove(newcomers, *found);
}

size_t
newcomers_count(struct newcomers *newcomers, int64_t now)
{
	newcomers_expire(newcomers, now);
	return shares_count(newcomers->shares);
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
