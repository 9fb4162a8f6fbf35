/* The TLS key of the server itself and its certificate: made in memory, never on disk. */
#ifndef ACME_KEEPER_SERVER_KEY_H
#define ACME_KEEPER_SERVER_KEY_H

#include <stdint.h>

#include "util/bytes.h"
#include "util/config_file.h"

struct ca;
struct error;

/* The caller clears both. */
struct server_key {
	struct bytes chain; /* PEM, leaf first */
	struct bytes key;   /* PEM */
	int64_t      not_after;
};

/*
 * Makes a P-256 key and a certificate for `names`, valid from an hour ago, but not before the
 * issuer, for `lifetime` seconds, followed by the issuer's chain (PEM). INTERNAL.
 */
int server_key_make(const struct ca *issuing, struct view issuing_pem,
    const struct config_list *names, const char *crl_url, int64_t now, int64_t lifetime,
    struct server_key *out, struct error *err);

#endif
