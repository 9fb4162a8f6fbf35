/*
 * Watermarks of the attestation CAs' CRLs, kept in the store, so that an older CRL that
 * is put back is refused, even after a restart. RFC 5280 §5.2.3.
 */
#ifndef ACME_KEEPER_CRL_MARK_H
#define ACME_KEEPER_CRL_MARK_H

struct error;
struct revocation;
struct store;
struct trust;

/*
 * Compares the newest CRL of each issuer with its mark: by number if both have one, else by
 * thisUpdate. CONFLICT, with both numbers, when it is older, or is another CRL of the same
 * number: then the set must not be used. INTERNAL.
 */
int crl_mark_check(struct store *store, const struct revocation *revocation, struct error *err);

/*
 * Raises the marks. Only CRLs with a verified signature count, verified with the certificate
 * of a verified chain, with one of `trust`, or with the one that signed the issuer's last CRL.
 * So a forged CRL with a great number cannot block the issuer's own CRLs. Cheap when nothing
 * is new. INTERNAL.
 */
int crl_mark_keep(struct store *store, const struct revocation *revocation,
    const struct trust *trust, struct error *err);

#endif
