/*
 * The issuing CAs of a running attestd: the one that signs, which may be replaced
 * while workers sign with it, and earlier ones, whose CRLs are maintained as long
 * as they have valid certificates. The files for fronts are put on a shelf. Only
 * issuers_acquire and issuers_release may be called outside the main thread.
 */
#ifndef ATTESTATION_KEEPER_ISSUERS_H
#define ATTESTATION_KEEPER_ISSUERS_H

#include <stdbool.h>
#include <stdint.h>

#include "ca/issuer.h"
#include "util/bytes.h"
#include "util/shared.h"

struct error;
struct folder;
struct issuers;
struct attestation_settings;
struct key_needs;
struct shelf;
struct store;

/* The CA that signs, as an immutable version from issuers_acquire. */
struct issuer {
	struct issuer_files files;
	struct bytes        chain;   /* attestation_chain_encode of its certificate and intermediates */
	int64_t             row;     /* its number in the store */
	char               *crl_url; /* for the certificates that it signs; NULL: none */
};

/* Certificates and CRLs of the state directory go on `shelf`; `needs` notes what keys take, and may be
 * NULL. All must outlive it. */
struct issuers *issuers_new(const struct folder *state, struct shelf *shelf, struct key_needs *needs);
void            issuers_free(struct issuers *issuers);

/*
 * Loads all CAs of the state directory, replaces the present ones, and records the
 * CA that signs. A failure changes nothing; an earlier CA that cannot be loaded is
 * only logged. INTERNAL when the certificate has expired, or does not lead to
 * root.pem.
 */
int issuers_load(struct issuers *issuers, const struct attestation_settings *settings,
    struct store *store, int64_t now, struct error *err);

/*
 * Updates the CRLs, their files and the shelf, and removes earlier CAs that are no
 * longer needed.
 */
int issuers_refresh(struct issuers *issuers, struct store *store, int64_t now, struct error *err);

/* Its identifier, until the next load. Main thread, after the first load. */
const char *issuers_id(const struct issuers *issuers);

/* The CA that signs now; `value` is a const struct issuer. For any thread. */
struct shared_version *issuers_acquire(struct issuers *issuers);
void                   issuers_release(struct issuers *issuers, struct shared_version *version);

#endif
