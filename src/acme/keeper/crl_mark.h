/*
 * What was seen of the attestation CAs' CRLs, kept in the store: an older CRL that is put
 * back is not believed, whatever was restarted meanwhile. RFC 5280 §5.2.3.
 */
#ifndef ACME_KEEPER_CRL_MARK_H
#define ACME_KEEPER_CRL_MARK_H

struct error;
struct revocation;
struct store;
struct trust;

/*
 * Compares the newest CRL of each issuer with the newest that was seen of it. CONFLICT, with
 * both numbers, when it is older, or when it is another CRL of the same number: then the set
 * is not to be used. By number where both have one, else by thisUpdate. INTERNAL.
 */
int crl_mark_check(struct store *store, const struct revocation *revocation, struct error *err);

/*
 * Keeps what is newer. Only CRLs whose signature was verified count, with the certificate of
 * a chain that was believed, with one of `trust`, or with the one that signed the issuer's
 * last: so nobody blocks the issuer's own CRLs with a forged one of a great number. Cheap when
 * nothing is new. INTERNAL.
 */
int crl_mark_keep(struct store *store, const struct revocation *revocation,
    const struct trust *trust, struct error *err);

#endif
