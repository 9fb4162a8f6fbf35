/* Shared by the parts of the keeper. */
#ifndef ATTESTATION_KEEPER_KEEPER_PARTS_H
#define ATTESTATION_KEEPER_KEEPER_PARTS_H

#include <stdint.h>

#include "service/keeper/keeper.h"
#include "util/bytes.h"
#include "util/file_lock.h"
#include "util/folder.h"

struct attestation_revision;
struct copies;
struct ek_keys;
struct issuers;
struct pending;
struct refusals;
struct retention;
struct shared;
struct quota;
struct throttle;
struct waiting_shares;

/* The whole keeper; workers read it, and change only the members that say so. */
struct attestation_keeper {
	struct service_keeper  service;
	struct folder          state;   /* the state directory */
	struct file_lock       running; /* tells "check" that it runs: ca/running.h */
	struct issuers        *issuers; /* for workers: issuers_acquire */
	struct shared         *vendors; /* vendor_trust.h; kept unless EK certificates are ignored */
	struct pending        *pending; /* has a lock of its own */
	struct refusals       *refusals; /* so have these */
	struct ek_keys        *ek_keys;
	struct quota          *quota;
	struct throttle       *throttle;
	struct waiting_shares *waiting_shares; /* the writer's thread's */
	struct retention      *retention; /* this and all below are the main thread's */
	const struct attestation_revision *revision; /* the present one, which `service` holds */
	uint64_t               crl_version; /* on the shelf, of which the next two tell */
	int64_t                crl_begin;
	int64_t                crl_end;
	struct copies         *copies; /* NULL: nothing is published */
	char                   copies_failure[512]; /* as logged last */
	char                   crl_failure[512]; /* last logged failure to sign CRLs */
};

#endif
