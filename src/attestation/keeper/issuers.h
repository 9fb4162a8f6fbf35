/*
 * The issuing CAs of a running attestd: the one that signs, which may be replaced
 * while workers sign with it, and earlier ones, whose CRLs are kept up as long as
 * certificates of theirs are valid. What fronts may read of them is put on a
 * shelf. All but issuers_acquire and issuers_release is the main thread's.
 */
#ifndef ATTESTATION_KEEPER_ISSUERS_H
#define ATTESTATION_KEEPER_ISSUERS_H

#include <stdbool.h>
#include <stdint.h>

#include "ca/issuer.h"
#include "util/bytes.h"
#include "util/shared.h"

struct error;
struct issuers;
struct attestation_settings;
struct shelf;
struct store;

/* The CA that signs, as one version of issuers_acquire holds it: it never changes. */
struct issuer {
	struct issuer_files files;
	struct bytes        chain;   /* attestation_chain_encode of its certificate and what is behind it */
	int64_t             row;     /* its number in the store */
	char               *crl_url; /* for the certificates that it signs; NULL: none */
};

/* Certificates and CRLs go on `shelf`, which must outlive it. */
struct issuers *issuers_new(const struct attestation_settings *settings, struct shelf *shelf);
void            issuers_free(struct issuers *issuers);

/*
 * Loads all that the state directory has, in place of what there was, and puts the
 * CA that signs on record. When it fails, all stays as it was; an earlier CA that
 * cannot be loaded is logged, and fails nothing. INTERNAL when the certificate has
 * expired, or does not lead to root.pem.
 */
int issuers_load(struct issuers *issuers, struct store *store, int64_t now, struct error *err);

/*
 * Keeps the CRLs fresh, their files, and what is on the shelf, and removes earlier CAs
 * that are of no use any more.
 */
int issuers_refresh(struct issuers *issuers, struct store *store, int64_t now, struct error *err);

/* The CA that signs now; `value` is a const struct issuer. For any thread. */
struct shared_version *issuers_acquire(struct issuers *issuers);
void                   issuers_release(struct issuers *issuers, struct shared_version *version);

#endif
