/*
 * The issuing CAs of a running attestd: the one that signs, which may be replaced
 * while workers sign with it, and earlier ones, whose CRLs are kept up as long as
 * certificates of theirs are valid. All but issuers_acquire, issuers_release and
 * issuers_greet is the main thread's.
 */
#ifndef ATTESTATION_KEEPER_ISSUERS_H
#define ATTESTATION_KEEPER_ISSUERS_H

#include <stdbool.h>
#include <stdint.h>

#include "attestation/message.h"
#include "ca/issuer.h"
#include "util/bytes.h"
#include "util/shared.h"

struct error;
struct issuers;
struct attestation_settings;
struct store;

/* The CA that signs, as one version of issuers_acquire holds it: it never changes. */
struct issuer {
	struct issuer_files files;
	struct bytes        chain;   /* attestation_chain_encode of its certificate and what is behind it */
	int64_t             row;     /* its number in the store */
	char               *crl_url; /* for the certificates that it signs; NULL: none */
};

struct issuers *issuers_new(const struct attestation_settings *settings);
void            issuers_free(struct issuers *issuers);

/*
 * Loads all that the state directory has, in place of what there was, and puts the
 * CA that signs on record. When it fails, all stays as it was; an earlier CA that
 * cannot be loaded is logged, and fails nothing. INTERNAL when the certificate has
 * expired, or does not lead to root.pem.
 */
int issuers_load(struct issuers *issuers, struct store *store, int64_t now, struct error *err);

/*
 * Keeps the CRLs fresh and their files, and removes earlier CAs that are of no use any
 * more. Sets *fresh when there is something for issuers_tell, also when it returns -1.
 */
int issuers_refresh(struct issuers *issuers, struct store *store, int64_t now, bool *fresh,
    struct error *err);

/* The CA that signs now; `value` is a const struct issuer. For any thread. */
struct shared_version *issuers_acquire(struct issuers *issuers);
void                   issuers_release(struct issuers *issuers, struct shared_version *version);

/* A file that fronts serve; borrowed. */
struct issuers_file {
	enum attestation_file_name name;
	const char            *id;      /* of the issuer whose CRL it is; else empty */
	struct bytes           content; /* empty: it is gone */
};
typedef void issuers_file_cb(const struct issuers_file *file, void *arg);

/* Calls `each` for every file that there is, for a new front. For any thread. */
void issuers_greet(struct issuers *issuers, issuers_file_cb *each, void *arg);

/* The same for those that have changed since the last time, and those that are gone. */
void issuers_tell(struct issuers *issuers, issuers_file_cb *each, void *arg);

#endif
