/* Shared by the parts of the keeper. */
#ifndef ACME_KEEPER_KEEPER_PARTS_H
#define ACME_KEEPER_KEEPER_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "acme/keeper/attested.h"
#include "ca/issuer.h"
#include "util/bytes.h"
#include "util/config_file.h"

struct acme_settings;
struct crl_keeper;
struct deadlines;
struct newcomers;
struct roots;
struct shelf;
struct store;
struct store_writer;

/* The whole keeper; workers read it, and change only the members that say so. */
struct acme_keeper {
	const struct acme_settings *settings;
	const char                 *listening;
	struct issuer_files         issuing;
	struct bytes                root_pem;
	char                       *base;    /* base URL for clients */
	char                       *crl_url; /* NULL: none in certificates */
	struct config_list          dns_names;
	char                       *roots_path;
	struct roots               *roots;  /* has a lock of its own */
	struct shelf               *shelf;  /* too */
	struct store_writer        *writer; /* any thread may submit */
	struct newcomers           *newcomers; /* the writer's thread's */
	struct store               *store;  /* this and the next ten are the main thread's */
	struct crl_keeper          *crl;
	struct attested             attested;
	bool                        bundle_due; /* crl.pem must be rewritten */
	int64_t                     next_sweep;
	int64_t                     next_account_sweep;
	struct deadlines           *deadlines;
	int64_t                     next_watch;
	int64_t                     tls_begin; /* of the server's certificate */
	int64_t                     tls_end;
	int64_t                     tls_until; /* renewal time of the server's certificate */
	pthread_mutex_t             tls_lock;  /* guards the greeting of new fronts */
	struct bytes                tls_chain;
	struct bytes                tls_key;
};

#endif
