/*
 * The CRL files that clients get: the issuing CA's (DER), and with the root's (PEM),
 * kept fresh. RFC 5280 §5. For any thread.
 */
#ifndef ACME_KEEPER_CRL_FILES_H
#define ACME_KEEPER_CRL_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct ca;
struct crl_files;
struct error;
struct store;

/*
 * Makes the keeper of a CRL that lives `lifetime` seconds and is signed again at
 * half of that. `root_crl` is the root's, DER, or empty. `issuer` must outlive it.
 */
struct crl_files *crl_files_new(const struct ca *issuer, int64_t lifetime, struct view root_crl);
void              crl_files_free(struct crl_files *crl);

/*
 * Signs the CRL again when the store names other certificates than the last one
 * did, when half its life has passed, when it begins after `now`, or when there is
 * none yet. Sets *fresh when it did. On failure the old one stays. From one thread only.
 */
int crl_files_refresh(struct crl_files *crl, struct store *store, int64_t now, bool *fresh,
    struct error *err);

/* Grows with every new CRL, over restarts too. */
uint64_t crl_files_version(struct crl_files *crl);

/* Appends the whole file. */
void crl_files_read(struct crl_files *crl, bool pem, struct bytes *out);

/*
 * Appends at most `max` octets of a file from *offset on, or from its beginning
 * when *version is another than the current one, which it then becomes. Fills
 * how long the whole is.
 */
void crl_files_piece(struct crl_files *crl, bool pem, uint64_t *version, uint64_t offset,
    size_t max, uint64_t *size, struct bytes *out);

#endif
