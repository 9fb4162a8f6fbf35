/*
 * Objects that have not proven themselves yet: accounts of the last hour, and orders whose
 * machines have not attested. Which of them is evicted when there are more than a server takes,
 * by util/shares.h. In memory; the writer's thread alone.
 */
#ifndef ACME_KEEPER_NEWCOMERS_H
#define ACME_KEEPER_NEWCOMERS_H

#include <stddef.h>
#include <stdint.h>

#include "store/acme/acme.h"
#include "util/bytes.h"

struct newcomers;

/* Each is forgotten after so many seconds. */
struct newcomers *newcomers_new(int64_t lifetime);
void              newcomers_free(struct newcomers *newcomers); /* takes NULL too */

/* Another lifetime from now on, also for those that are counted. */
void newcomers_limit(struct newcomers *newcomers, int64_t lifetime);

/*
 * Counts a new one, which `peer` asked for at `now`, the peer's and the subject's: that is the
 * account of an order, and empty for an account. What is older than the lifetime goes.
 */
void newcomers_add(struct newcomers *newcomers, const char id[STORE_ID_SIZE], struct view peer,
    struct view subject, int64_t now);

/* It has attested, and is not evicted any more. An unknown id is ignored. */
void newcomers_prove(struct newcomers *newcomers, const char *id);

/* Number of those that have not, at `now`. */
size_t newcomers_count(struct newcomers *newcomers, int64_t now);

/*
 * Takes out the one to evict, the oldest of the client network or the subject that has
 * most, and writes its id; "" when all that are known have attested.
 */
void newcomers_displace(struct newcomers *newcomers, char id[STORE_ID_SIZE]);

#endif
