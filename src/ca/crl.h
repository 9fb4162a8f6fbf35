/*
 * The CRL of an issuing CA, in its file: any of our programs signs it again when the
 * store or the time requires it, and never replaces it by an older one. RFC 5280 §5.
 */
#ifndef CA_CRL_H
#define CA_CRL_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct ca;
struct ca_crl;
struct error;
struct folder;
struct store;
struct crl_keeper;
struct file_lock;

/*
 * Takes the lock against replacing CRLs of the directory, until file_lock_close.
 * OVERLOADED when that takes several seconds.
 */
int crl_lock(const struct folder *state, struct file_lock *lock, struct error *err);

/* Reads revocations and CRL numbers from a kind of store. Each returns 0, or -1 with an error. */
struct crl_source {
	/* Draws a number, greater than any before and at least `least`; it is on disk on return. */
	int (*number_next)(struct store *store, int64_t issuer, int64_t least, int64_t *number,
	    struct error *err);
	/* The last number drawn for this issuer; 0: none. */
	int (*number_last)(struct store *store, int64_t issuer, int64_t *number, struct error *err);
	/* A counter that changes when certificates are revoked. */
	int (*revocations)(struct store *store, int64_t *revocations, struct error *err);
	/*
	 * Appends, by crl_entry_append, each certificate of the issuer that is revoked and not
	 * past notAfter at `since`, by notAfter.
	 */
	int (*list)(struct store *store, int64_t issuer, int64_t since, struct bytes *revoked,
	    struct error *err);
};

/* Appends a struct ca_revoked, with the serial number (1 to 20 octets) as a CRL has it. */
void crl_entry_append(struct bytes *revoked, struct view serial, int64_t when, int reason);

/*
 * Makes the keeper of the CRL of `ca`, which is `issuer` in the store that `source` knows, in
 * `file` of the state directory. Its CRLs are valid for `lifetime` seconds; 0: as long as the
 * present one, or a week. `state`, `source` and `ca` must outlive it. crl_keeper_free takes NULL too.
 */
struct crl_keeper *crl_keeper_new(const struct folder *state, const char *file,
    const struct crl_source *source, int64_t issuer, const struct ca *ca, int64_t lifetime);
void               crl_keeper_free(struct crl_keeper *crl);

/*
 * Loads a CRL that another program has signed meanwhile. Signs a new one if the CRL lacks
 * revoked certificates, its number is not the last one drawn, half its life has passed, it
 * begins after `now`, another CRL has its number, or there is none. Cheap when nothing has
 * changed. Sets *fresh if the CRL has changed, even when -1 reports that the file could not be
 * written. The next call retries what failed.
 */
int crl_keeper_refresh(struct crl_keeper *crl, struct store *store, int64_t now, bool *fresh,
    struct error *err);

/* Signs unconditionally. */
int crl_keeper_sign(struct crl_keeper *crl, struct store *store, int64_t now, struct error *err);

/* The CRL, as DER and parsed; borrowed until the next of the two calls above. */
struct view          crl_keeper_der(const struct crl_keeper *crl);
const struct ca_crl *crl_keeper_content(const struct crl_keeper *crl);

#endif
