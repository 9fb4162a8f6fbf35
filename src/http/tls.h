/* TLS contexts from keys and certificates in memory. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/*
 * Makes a server context: TLS 1.2 and 1.3, no compression, no renegotiation, no
 * session tickets or cache, the PEM chain (leaf first) and the PEM key.
 * MALFORMED when either cannot be read or they do not belong together. The
 * caller frees *out with SSL_CTX_free.
 */
int tls_server_new(struct view chain_pem, struct view key_pem, SSL_CTX **out, struct error *err);

#endif
