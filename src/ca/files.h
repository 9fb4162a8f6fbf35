/*
 * The files of a state directory: made by `attest-ca init`, read by attestd's
 * keeper, which needs everything but the root's key. The store's own files are not
 * here: its engine knows them (store_files).
 */
#ifndef CA_FILES_H
#define CA_FILES_H

#include <stddef.h>

#define STATE_DIR_DEFAULT "/var/lib/attest-ca"

/* The most octets of one with certificates or a key. */
#define STATE_PEM_MAX ((size_t)256 * 1024)

#define STATE_ROOT_KEY    "root.key"    /* PKCS #8 PEM; may be kept elsewhere after init */
#define STATE_ROOT_PEM    "root.pem"
#define STATE_ROOT_CRL    "root.crl"    /* DER, empty */
#define STATE_ISSUING_KEY "issuing.key" /* PKCS #8 PEM */
#define STATE_ISSUING_PEM "issuing.pem"
#define STATE_ISSUING_URI "issuing.uri" /* instead of issuing.key: where the key is */
#define STATE_NEXT_KEY    "issuing.next.key" /* the pending key; or issuing.next.uri */
#define STATE_NEXT_URI    "issuing.next.uri"
#define STATE_NEXT_CRL    "issuing.next.crl" /* of the new issuing CA, until attestd uses it */
#define STATE_CRL_PEM     "crl.pem"     /* the CRLs of all issuing CAs and of the root */
#define STATE_ISSUING_CRL "crl.der"     /* DER, signed by attestd */
#define STATE_CRL_LOCK    "crl.lock"    /* the queue of signers of a CRL */
#define STATE_DAEMON_LOCK "daemon.lock" /* held by attestd while it runs */
#define STATE_ISSUERS     "issuers"     /* KEYID.pem, .key or .uri, .crl of earlier CAs */

/* And in the state directory of attest-acmed, which has the keys and certificates above of its
 * own. */
#define ACME_STATE_DIR_DEFAULT "/var/lib/attest-acmed"

#define STATE_ATTESTATION_ROOTS "attestation-roots.pem"
#define STATE_DNS_NAMES        "dns-names"     /* of the server's certificate, a line each */

#endif
