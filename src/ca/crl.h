/*
 * The CRL of an issuing CA, in its file: signed anew when the store or the time asks
 * for it, by whichever program is there, and never replaced by an older one. RFC 5280 §5.
 */
#ifndef CA_CRL_H
#define CA_CRL_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct ca;
struct ca_crl;
struct error;
struct store;
struct crl_keeper;
struct file_lock;

/*
 * Waits until nobody replaces a CRL of the directory; until file_lock_close nobody does.
 * OVERLOADED when that takes several seconds.
 */
int crl_lock(const char *state_dir, struct file_lock *lock, struct error *err);

/*
 * Makes the keeper of the CRL of `ca`, who is `issuer` in the store, in `file` of the
 * state directory. What it signs lives `lifetime` seconds; 0: as long as the one that is
 * there, or a week. `ca` must outlive it. crl_keeper_free takes NULL too.
 */
struct crl_keeper *crl_keeper_new(const char *state_dir, const char *file, int64_t issuer,
    const struct ca *ca, int64_t lifetime);
void               crl_keeper_free(struct crl_keeper *crl);

/*
 * Takes over what somebody else has signed meanwhile; and signs when certificates were
 * revoked that the CRL does not name, when half its life has passed, when it begins after
 * `now`, or when there is none. Cheap when nothing has happened. Sets *fresh when the CRL
 * is another than before, even when -1 says that the file could not be written: the next
 * call tries it again.
 */
int crl_keeper_refresh(struct crl_keeper *crl, struct store *store, int64_t now, bool *fresh,
    struct error *err);

/* Signs in any case. */
int crl_keeper_sign(struct crl_keeper *crl, struct store *store, int64_t now, struct error *err);

/* The CRL, DER, and what it says; borrowed until the next of the two calls above. */
struct view          crl_keeper_der(const struct crl_keeper *crl);
const struct ca_crl *crl_keeper_content(const struct crl_keeper *crl);

#endif
