/*
 * What lies in a state directory: made by `attest-ca init`, read by attestd's
 * keeper, which needs everything but the root's key.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#define STATE_DIR_DEFAULT "/var/lib/attest-ca"

#define STATE_ROOT_KEY    "root.key"    /* PKCS #8 PEM; may be kept elsewhere after init */
#define STATE_ROOT_PEM    "root.pem"
#define STATE_ROOT_CRL    "root.crl"    /* DER, empty */
#define STATE_ISSUING_KEY "issuing.key" /* PKCS #8 PEM */
#define STATE_ISSUING_PEM "issuing.pem"
#define STATE_ISSUING_CRL "crl.der"     /* DER, signed anew by attestd */
#define STATE_STORE       "store.db"    /* SQLite; -wal and -shm beside it while open */
#define STATE_STORE_LOCK  "store.lock"  /* what writers queue for */

#endif
