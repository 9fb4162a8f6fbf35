/*
 * The operator's trust: attestation roots, their CRLs, and the roots whose
 * devices may order any name. The files are read again when they change.
 */
#ifndef ACME_KEEPER_ROOTS_H
#define ACME_KEEPER_ROOTS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

#include "util/config_file.h"

struct certificate_memory;
struct chain_memory;
struct error;
struct folder;
struct revocation;
struct roots;
struct shared_version;
struct store;
struct trust;

/* The files; borrowed as long as the roots exist. */
struct roots_files {
	const struct folder      *state; /* the state directory, */
	const char               *roots; /* and the name of a PEM file there */
	const struct config_list *crls;
	const struct config_list *any_name; /* PEM */
	bool                      tolerate_stale; /* CRLs that expired or cannot be read */
	bool                      require_crl;    /* if there are any: one for each AK's issuer */
	struct store             *store; /* ACME's store, which keeps the CRL marks */
	bool only_check; /* --check-config: nothing is written */
};

/* One reading: the value of a version, between roots_acquire and roots_release. */
struct roots_snapshot {
	struct trust      *trust;
	struct revocation *revocation; /* NULL: no CRL is configured */
	bool               require_crl;
	struct trust      *any_name;
	/* Of all readings: the certificates of statements, and their chains. */
	struct certificate_memory *decoded;
	struct chain_memory       *verified;
};

/*
 * Reads the files. NOT_FOUND, MALFORMED or INTERNAL, naming the file, when one cannot be
 * read (also a CRL, unless that is tolerated: then it is logged). CONFLICT when an issuer's
 * CRL is older than its mark, as in crl_mark_check.
 */
int  roots_new(const struct roots_files *files, struct roots **out, struct error *err);
void roots_free(struct roots *roots);

/*
 * Reads the files again if one of them changed since. When that fails, the old reading stays
 * if that is tolerated; otherwise nothing is trusted until the files can be read again, and -1
 * reports the reason each time that they change. When an older CRL was put back, the previous
 * CRLs stay in use, and -1 reports that. Also stores the CRL marks. Call it in the thread of
 * the store.
 */
int roots_refresh(struct roots *roots, struct error *err);

/*
 * The present reading, a struct roots_snapshot, to be released; any thread. NULL with
 * BAD_ATTESTATION_STATEMENT when a file cannot be read and that is not tolerated.
 */
struct shared_version *roots_acquire(struct roots *roots, struct error *err);
void                   roots_release(struct roots *roots, struct shared_version *version);

/* A number that differs after what counts was replaced. From the thread of the store. */
uint64_t roots_generation(const struct roots *roots);

/* True when the devices of this root may order any name. */
bool roots_allow_any_name(const struct roots_snapshot *snapshot, const X509 *root);

#endif
