/* The revoked AK certificates of the inventory, for the keeper of a CRL. */
#ifndef CA_CRL_INVENTORY_H
#define CA_CRL_INVENTORY_H

struct crl_source;

/* The source of a store that store_open opened; issuers are those of issuer_record. Static. */
const struct crl_source *crl_source_inventory(void);

#endif
