/* A new CA of two levels, a root and an issuing CA: what both init commands ask for and make. */
#ifndef ADMIN_NEW_CA_H
#define ADMIN_NEW_CA_H

#include <stddef.h>
#include <stdint.h>

#include "command/option.h"
#include "pki/ca.h"
#include "pki/key.h"

struct directory_file;
struct error;

/* RFC 5280 allows 64 characters in a CN; the words after the name take 8. */
#define NEW_CA_NAME_MAX 56
#define NEW_CA_CN_SIZE  (4 * 64 + 1)

/* The options, and the struct that they fill. */
struct new_ca_options {
	const char *name;
	const char *key_type;
	int64_t     root_lifetime; /* seconds, like the next */
	int64_t     issuing_lifetime;
};

/* The rows of the struct new_ca_options that is the member `ca` of the struct `type`. */
#define NEW_CA_ROWS(type, default_name)                                                         \
	{OPTION(TEXT, "name", "NAME", type, ca.name, "what both certificates' CN begins with"), \
	    .value = (default_name)},                                                           \
	{OPTION(TEXT, "key-type", "TYPE", type, ca.key_type, "p256, p384, rsa3072 or rsa4096"), \
	    .value = "p256"},                                                                   \
	{OPTION(DURATION, "root-lifetime", "DURATION", type, ca.root_lifetime,                  \
	     "how long the root is valid"),                                                     \
	    .value = "20y"},                                                                    \
	{OPTION(DURATION, "issuing-lifetime", "DURATION", type, ca.issuing_lifetime,            \
	     "how long the issuing certificate is"),                                            \
	    .value = "10y"}

/* What the options say. */
struct new_ca {
	enum key_type type;
	int64_t       root_lifetime;
	int64_t       issuing_lifetime;
	char          root_name[NEW_CA_CN_SIZE];
	char          issuing_name[NEW_CA_CN_SIZE];
};

/*
 * Checks the options and fills *plan. MALFORMED: a name of no or too many characters, or
 * that is no line of UTF-8; an unknown type; an issuing certificate that outlives its root.
 */
int new_ca_plan(const struct new_ca_options *options, struct new_ca *plan, struct error *err);

/*
 * Makes both keys and certificates; an issuing key that is there already is used instead of a
 * new one. The caller clears both, also after a failure.
 */
int new_ca_make(const struct new_ca *plan, int64_t now, struct ca *root, struct ca *issuing,
    struct error *err);

/*
 * Fills the root's three files and issuing.pem, found by their names: keys and certificates in
 * PEM, and the root's CRL, which revokes nothing and is valid as long as the root.
 */
int new_ca_encode(const struct ca *root, const struct ca *issuing, int64_t now,
    struct directory_file *files, size_t count, struct error *err);

/* Makes the file of the issuing key one that says where the key is. */
void new_ca_point(struct directory_file *file, const char *uri);

#endif
