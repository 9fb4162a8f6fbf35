/*
 * Whose attestations count: attestation roots, their CRLs, and the roots whose
 * devices may order any name. Files of the operator, read again when they change.
 */
#ifndef ACME_KEEPER_ROOTS_H
#define ACME_KEEPER_ROOTS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

#include "util/config_file.h"

struct error;
struct revocation;
struct roots;
struct shared_version;
struct store;
struct trust;

/* Which files, borrowed for as long as there are roots of them. */
struct roots_files {
	const char               *roots; /* PEM */
	const struct config_list *crls;
	const struct config_list *any_name; /* PEM */
	bool                      tolerate_stale; /* CRLs that expired or cannot be read */
	bool                      require_crl;    /* one of every AK certificate's issuer, if any */
	struct store             *store; /* ACME's, which keeps what CRLs were seen */
	bool only_check; /* --check-config: nothing is written */
};

/* What they held at one time: a version's value, between roots_acquire and roots_release. */
struct roots_snapshot {
	struct trust      *trust;
	struct revocation *revocation; /* NULL: no CRL is configured */
	bool               require_crl;
	struct trust      *any_name;
};

/*
 * Reads the files. NOT_FOUND, MALFORMED or INTERNAL, naming the file, when one
 * cannot be read (a CRL too, unless that is tolerated: then it is logged). CONFLICT when an
 * issuer's CRL is older than one that was seen before, as crl_mark_check says.
 */
int  roots_new(const struct roots_files *files, struct roots **out, struct error *err);
void roots_free(struct roots *roots);

/*
 * Reads the files again if one of them changed since. When that fails the old
 * ones stay if it is tolerated; otherwise nothing is trusted until they can be read
 * again, and -1 says why, each time that they change. When an older CRL was put back, the CRLs
 * from before stay in use, and -1 says so. Also keeps what CRLs were seen. From the thread of
 * the store.
 */
int roots_refresh(struct roots *roots, struct error *err);

/*
 * What counts now, a struct roots_snapshot, to be given back; from any thread. NULL with
 * BAD_ATTESTATION_STATEMENT when a file cannot be read and that is not tolerated.
 */
struct shared_version *roots_acquire(struct roots *roots, struct error *err);
void                   roots_release(struct roots *roots, struct shared_version *version);

/* A number that differs after what counts was replaced. From the thread of the store. */
uint64_t roots_generation(const struct roots *roots);

/* True when the devices of this root may order any name. */
bool roots_allow_any_name(const struct roots_snapshot *snapshot, const X509 *root);

#endif
