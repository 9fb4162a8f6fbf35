/* What the parts of the keeper share: keeper.c, challenge.c, certify.c. */
#ifndef ATTESTATION_KEEPER_STATE_H
#define ATTESTATION_KEEPER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct applicant;
struct auto_enroll;
struct error;
struct issuers;
struct keeper_question;
struct attestation_question;
struct pending;
struct refusals;
struct retention;
struct attestation_settings;
struct shared;
struct store;
struct store_device;
struct store_writer;
struct quota;
struct throttle;
struct tpm_ek;
struct worker;

/* The whole keeper; read by every worker, changed by none but where it says. */
struct attestation_keeper {
	const struct attestation_settings *settings;
	const char            *listening;
	struct issuers        *issuers; /* for workers: issuers_acquire and issuers_greet */
	struct bytes           tls_chain;
	struct bytes           tls_key;
	struct shared         *vendors; /* vendor_trust.h; NULL: EK certificates are not looked at */
	struct auto_enroll    *auto_enroll; /* NULL: nobody enrols himself */
	struct pending        *pending; /* has a lock of its own */
	struct refusals       *refusals; /* so have these */
	struct quota          *quota;
	struct throttle       *throttle;
	struct store_writer   *writer;  /* any thread may submit */
	struct retention      *retention; /* this and the store are the main thread's */
	struct store          *store;
	char                   crl_failure[512]; /* what kept CRLs from being signed, as logged last */
};

/* One worker of it. */
struct attestation_worker {
	struct attestation_keeper *keeper;
	struct worker             *worker;
	struct store              *store;
};

/*
 * Finds the device of an EK hash for a new certificate. NOT_ENROLLED and
 * DEVICE_DISABLED name the hash and the remedy. The caller clears *device.
 */
int attestation_device_find(struct attestation_worker *worker, const uint8_t ek_hash[32],
    struct store_device *device, struct error *err);

/*
 * ATTESTATION_CHALLENGE: proves the AK's public area and the EK, and appends to
 * *answer a credential for the AK's Name that is then open (WIRE.md §2, §3). When nothing
 * is wrong but that the EK is not enrolled, NOT_ENROLLED, and *applicant says whose it is.
 */
int attestation_challenge(struct attestation_worker *worker, const struct attestation_question *asked,
    struct applicant *applicant, struct bytes *answer, struct error *err);

/*
 * ATTESTATION_CERTIFY: takes the challenge of the secret, signs the AK certificate,
 * and answers `question`, now or once the certificate is on disk (WIRE.md §5).
 */
void attestation_certify(struct attestation_worker *worker, const struct attestation_question *asked,
    struct keeper_question *question);

/* Whose question it is, for the log. */
struct asker {
	char request[24];
	char peer[72];
};
void asker_set(struct asker *asker, const struct attestation_question *asked);

/* Answers a question with a refusal, and logs it. */
void attestation_refuse(struct keeper_question *question, const struct asker *asker,
    const char *what, const struct error *err);

#endif
