/* The operator's trust anchors. */
#ifndef PKI_TRUST_H
#define PKI_TRUST_H

#include <stddef.h>

#include <openssl/x509.h>

struct error;
struct folder;

struct trust;

/* An empty set, which trusts no chain; trust_free takes NULL too. */
struct trust *trust_new(void);
void          trust_free(struct trust *trust);

/*
 * Adds every certificate of a PEM file; an anchor must be a CA but need not be
 * self-signed. NOT_FOUND, INTERNAL, or MALFORMED when the file has no
 * certificate, or one that is no CA; then nothing of the file is added. Not while
 * other threads use the set.
 */
int trust_add_file(struct trust *trust, const char *path, struct error *err);

/* The same for the file `name` in a directory. */
int trust_add_in(struct trust *trust, const struct folder *folder, const char *name,
    struct error *err);

/* Number of anchors. */
size_t trust_count(const struct trust *trust);

/* The file that a certificate of the set came from; NULL for any other certificate.
 * For tests. */
const char *trust_source(const struct trust *trust, const X509 *root);

/* All of them, borrowed. */
STACK_OF(X509) *trust_stack(const struct trust *trust);

#endif
