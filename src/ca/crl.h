/*
 * The CRL of an issuing CA, in its file: signed anew when the store or the time asks
 * for it, by whichever program is there, and never replaced by an older one. RFC 5280 §5.
 */
#ifndef CA_CRL_H
#define CA_CRL_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct ca;
struct ca_crl;
struct error;
struct store;
struct store_crl;
struct file_lock;

/*
 * Waits until nobody replaces a CRL of the directory; until file_lock_close nobody does.
 * OVERLOADED when that takes several seconds.
 */
int store_crl_lock(const char *state_dir, struct file_lock *lock, struct error *err);

/* store_issuer_use with the key identifier and the DER of this certificate. */
int store_crl_issuer(struct store *store, const X509 *certificate, int64_t now, int64_t *issuer,
    struct error *err);

/*
 * Makes the keeper of the CRL of `ca`, who is `issuer` in the store, in `file` of the
 * state directory. What it signs lives `lifetime` seconds; 0: as long as the one that is
 * there, or a week. `ca` must outlive it. store_crl_free takes NULL too.
 */
struct store_crl *store_crl_new(const char *state_dir, const char *file, int64_t issuer,
    const struct ca *ca, int64_t lifetime);
void              store_crl_free(struct store_crl *crl);

/*
 * Takes over what somebody else has signed meanwhile; and signs when certificates were
 * revoked that the CRL does not name, when half its life has passed, when it begins after
 * `now`, or when there is none. Cheap when nothing has happened. Sets *fresh when the CRL
 * is another than before, even when -1 says that the file could not be written: the next
 * call tries it again.
 */
int store_crl_refresh(struct store_crl *crl, struct store *store, int64_t now, bool *fresh,
    struct error *err);

/* Signs in any case. */
int store_crl_sign(struct store_crl *crl, struct store *store, int64_t now, struct error *err);

/* The CRL, DER, and what it says; borrowed until the next of the two calls above. */
struct view          store_crl_der(const struct store_crl *crl);
const struct ca_crl *store_crl_content(const struct store_crl *crl);

#endif
