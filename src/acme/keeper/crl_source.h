/* The revoked device certificates, for the keeper of a CRL. */
#ifndef ACME_KEEPER_CRL_SOURCE_H
#define ACME_KEEPER_CRL_SOURCE_H

struct crl_source;

/* The source of a store that store_acme_open opened, which has one issuer: 0. Static. */
const struct crl_source *crl_source_acme(void);

#endif
