/*
 * The CAs whose CRLs attestd maintains: the one that signs, and earlier ones as long
 * as they have valid certificates.
 */
#ifndef ATTESTATION_KEEPER_CRL_ISSUERS_H
#define ATTESTATION_KEEPER_CRL_ISSUERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ca/issuer.h"

struct attestation_settings;
struct crl_keeper;
struct error;
struct folder;
struct issuer;
struct store;

/* One of them; it must not be moved, because `crl` points into it. */
struct crl_issuer {
	struct issuer_files files; /* for an earlier one; the one that signs has it in struct issuer */
	int64_t             row;   /* its number in the store */
	struct crl_keeper  *crl;   /* NULL: the key is missing, and the file is served unchanged */
	char                id[ISSUER_ID_SIZE];
	bool                current; /* it signs */
};

/* The CA that signs is first; {0} is the empty list. */
struct crl_issuers {
	struct crl_issuer **items;
	size_t              count;
};

/*
 * Loads all earlier CAs of the state directory, each with its key if available, records
 * them in the store, and leaves the first place for the CA that signs. A CA that cannot be
 * loaded is logged and left out. Fails as issuer_files_list does. Free the list with
 * crl_issuers_clear, also after a failure.
 */
int  crl_issuers_load(const struct attestation_settings *settings, const struct folder *state,
    struct store *store, const struct key_access *access, int64_t now, struct crl_issuers *issuers,
    struct error *err);
void crl_issuers_clear(struct crl_issuers *issuers);

/* Sets the CA that signs as the first; `issuer` must outlive the list. */
void crl_issuers_set_current(struct crl_issuers *issuers, const struct attestation_settings *settings,
    const struct folder *state, const struct issuer *issuer);

/* True when the issuer with this key identifier is one of them. */
bool crl_issuers_have(const struct crl_issuers *issuers, const char *id);

void crl_issuer_free(struct crl_issuer *issuer);

#endif
