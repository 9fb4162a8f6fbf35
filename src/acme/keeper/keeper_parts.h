/* Shared by the parts of the keeper. */
#ifndef ACME_KEEPER_KEEPER_PARTS_H
#define ACME_KEEPER_KEEPER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "acme/keeper/attested.h"
#include "service/keeper/keeper.h"
#include "util/folder.h"

struct acme_revision;
struct crl_keeper;
struct newcomers;

/* The whole keeper; workers read it, and change only the members that say so. */
struct acme_keeper {
	struct service_keeper       service;
	struct folder               state; /* the state directory */
	struct newcomers           *newcomers; /* accounts; these two are the writer's thread's */
	struct newcomers           *unattested; /* orders */
	const struct acme_revision *revision; /* the present one, which `service` holds; this and all
	                                       * below are the main thread's */
	struct crl_keeper          *crl;
	struct attested             attested;
	bool                        bundle_due; /* crl.pem must be rewritten */
	int64_t                     next_sweep;
	int64_t                     next_account_sweep;
	int64_t                     tls_begin; /* of the server's certificate */
	int64_t                     tls_end;
	int64_t                     tls_until; /* renewal time of the server's certificate */
};

#endif
