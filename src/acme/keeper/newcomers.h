/*
 * The accounts that were made within the last hour: which of them gives way when more are
 * made than a server takes. In memory; the writer's thread alone.
 */
#ifndef ACME_KEEPER_NEWCOMERS_H
#define ACME_KEEPER_NEWCOMERS_H

#include <stdint.h>

#include "store/acme/acme.h"
#include "util/bytes.h"

struct newcomers;

struct newcomers *newcomers_new(void);
void              newcomers_free(struct newcomers *newcomers); /* takes NULL too */

/* Counts a new account, which `peer` asked for at `now`; those of more than an hour ago go. */
void newcomers_add(struct newcomers *newcomers, const char id[STORE_ID_SIZE], struct view peer,
    int64_t now);

/* The account has attested: it gives way no more. One that is not known is left alone. */
void newcomers_prove(struct newcomers *newcomers, const char *id);

/*
 * Takes out the account that gives way, the oldest of the client network that made most, and
 * writes its id; "" when all that are known have attested.
 */
void newcomers_displace(struct newcomers *newcomers, char id[STORE_ID_SIZE]);

#endif
