/* Shared by the parts of the keeper. */
#ifndef ATTESTATION_KEEPER_KEEPER_PARTS_H
#define ATTESTATION_KEEPER_KEEPER_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct auto_enroll;
struct copies;
struct deadlines;
struct issuers;
struct pending;
struct refusals;
struct retention;
struct attestation_settings;
struct shared;
struct shelf;
struct store;
struct store_writer;
struct quota;
struct throttle;

/* The whole keeper; workers read it, and change only the members that say so. */
struct attestation_keeper {
	const struct attestation_settings *settings;
	const char            *listening;
	struct issuers        *issuers; /* for workers: issuers_acquire */
	struct shelf          *shelf;   /* has a lock of its own */
	pthread_mutex_t        tls_lock; /* over the next two, which greet new fronts */
	struct bytes           tls_chain;
	struct bytes           tls_key;
	struct shared         *vendors; /* vendor_trust.h; NULL: EK certificates are ignored */
	struct auto_enroll    *auto_enroll; /* NULL: no self-enrolment */
	struct pending        *pending; /* has a lock of its own */
	struct refusals       *refusals; /* so have these */
	struct quota          *quota;
	struct throttle       *throttle;
	struct store_writer   *writer;  /* any thread may submit */
	struct retention      *retention; /* this and the store are used by the main thread */
	struct store          *store;
	struct deadlines      *deadlines; /* this and the next four are the main thread's */
	int64_t                next_watch;
	uint64_t               crl_version; /* on the shelf, of which the next two tell */
	int64_t                crl_begin;
	int64_t                crl_end;
	struct copies         *copies; /* the main thread's; NULL: nothing is published */
	char                   copies_failure[512]; /* as logged last */
	char                   crl_failure[512]; /* last logged failure to sign CRLs */
};

#endif
