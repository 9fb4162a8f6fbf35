/*
 * Whether a valid authorization still stands: a device may have been revoked or renamed since it attested,
 * and a name may have been denied. What is ready must not serve as a certificate in reserve.
 */
#ifndef ACME_KEEPER_STANDING_H
#define ACME_KEEPER_STANDING_H

struct bytes;
struct call;
struct error;
struct store_authorization;

/*
 * Checks the name by the present policy, and the attestation's certificates by the present roots and CRL.
 * Appends to `ak_serial` as statement_check_chain. UNAUTHORIZED with the reason, or INTERNAL.
 */
int standing_check(const struct call *call, const struct store_authorization *authorization,
    struct bytes *ak_serial, struct error *err);

#endif
