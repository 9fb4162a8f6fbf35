/* Shared by the parts of the keeper. */
#ifndef ACME_KEEPER_KEEPER_PARTS_H
#define ACME_KEEPER_KEEPER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "acme/keeper/attested.h"
#include "ca/issuer.h"
#include "service/keeper/keeper.h"
#include "util/bytes.h"
#include "util/config_file.h"
#include "util/folder.h"

struct acme_settings;
struct crl_keeper;
struct newcomers;
struct roots;

/* The whole keeper; workers read it, and change only the members that say so. */
struct acme_keeper {
	struct service_keeper       service;
	const struct acme_settings *settings;
	struct issuer_files         issuing;
	struct bytes                root_pem;
	char                       *base;    /* base URL for clients */
	char                       *crl_url; /* NULL: none in certificates */
	struct config_list          dns_names;
	struct folder               state; /* the state directory */
	struct roots               *roots;  /* has a lock of its own */
	struct newcomers           *newcomers; /* accounts; these two are the writer's thread's */
	struct newcomers           *unattested; /* orders */
	struct crl_keeper          *crl; /* this and all below are the main thread's */
	struct attested             attested;
	bool                        bundle_due; /* crl.pem must be rewritten */
	int64_t                     next_sweep;
	int64_t                     next_account_sweep;
	int64_t                     tls_begin; /* of the server's certificate */
	int64_t                     tls_end;
	int64_t                     tls_until; /* renewal time of the server's certificate */
};

#endif
