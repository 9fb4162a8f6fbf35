/* Certificate signing requests: PKCS #10, RFC 2986. */
#ifndef PKI_CSR_H
#define PKI_CSR_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* Most names in a CSR; no device needs more. */
#define CSR_NAMES_MAX 64

enum csr_name_kind {
	CSR_NAME_OTHER, /* never issued: e-mail, address, wildcard, identifier with assigner, … */
	CSR_NAME_PERMANENT_IDENTIFIER, /* passes identifier_check */
	CSR_NAME_DNS,                  /* passes alt_name_dns_is_valid */
};

/* A name of the requested SubjectAltName. */
struct csr_name {
	enum csr_name_kind kind;
	char              *value; /* NULL when CSR_NAME_OTHER */
};

/* The content of a CSR whose signature by its own key was verified; the policy decides what is
 * granted. */
struct csr {
	EVP_PKEY        *key;
	struct bytes     spki;        /* of the key, in our own encoding */
	char            *common_name; /* UTF-8 without NUL; NULL when there is none */
	struct csr_name *names;
	size_t           name_count;
	bool             server_auth; /* extendedKeyUsage serverAuth */
	/*
	 * The first name, purpose or power asked for that no profile of ours grants, as a
	 * person would name it ("basicConstraints CA:TRUE", "O in the subject"); NULL when
	 * there is none.
	 */
	char            *excess;
	/*
	 * Usages of the key that no profile of ours has and that no certificate needs
	 * ("keyEncipherment, nonRepudiation"); NULL when there are none.
	 */
	char            *left_out;
};

/*
 * Decodes a DER CSR with nothing after it and verifies its signature (not by MD5 or
 * SHA-1) with its own key. MALFORMED with a detail that says what failed, *csr then
 * empty; csr_clear empties a filled one.
 */
int csr_decode(struct view der, struct csr *csr, struct error *err);

/* Frees what *csr holds and makes it {0}. */
void csr_clear(struct csr *csr);

#endif
