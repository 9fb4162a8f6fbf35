/* The certificates that an operator trusts as ends of chains. */
#ifndef PKI_TRUST_H
#define PKI_TRUST_H

#include <stddef.h>

#include <openssl/x509.h>

struct error;

struct trust;

/* An empty set, which trusts nobody; trust_free takes NULL too. */
struct trust *trust_new(void);
void          trust_free(struct trust *trust);

/*
 * Adds every certificate of a PEM file; an end need not be self-signed, but be a
 * CA. NOT_FOUND, INTERNAL, or MALFORMED when there is none, or one that is no CA;
 * then nothing of the file is added. Not while other threads use the set.
 */
int trust_add_file(struct trust *trust, const char *path, struct error *err);

/* How many there are. */
size_t trust_count(const struct trust *trust);

/* The file that a certificate of the set came from; NULL for any other certificate. */
const char *trust_source(const struct trust *trust, const X509 *root);

/* All of them, borrowed. */
STACK_OF(X509) *trust_stack(const struct trust *trust);

#endif
