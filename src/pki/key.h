/* Private keys: made, kept in files, and loaded through OSSL_STORE; for tokens and TPMs see
 * key_uri.h. */
#ifndef PKI_KEY_H
#define PKI_KEY_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;
struct signing_home;

/* Most octets of a key's file. */
#define KEY_FILE_MAX ((size_t)1 << 20)

/* The kinds of CA key: the word on the command line, and how to make one. */
enum key_type { KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_RSA3072, KEY_TYPE_RSA4096 };

/* Reads "p256", "p384", "rsa3072" or "rsa4096"; MALFORMED names them all. */
int key_type_parse(const char *text, enum key_type *type, struct error *err);

/* Finds the kind of a public or private key; false when it is none of them. */
bool key_type_of(const EVP_PKEY *key, enum key_type *type);

/* Makes a key; the caller frees *key with EVP_PKEY_free. INTERNAL on failure. */
int key_generate(enum key_type type, EVP_PKEY **key, struct error *err);

/* Appends the key as unencrypted PKCS #8 PEM, for a file that only its owner reads. */
int key_encode(EVP_PKEY *key, struct bytes *pem, struct error *err);

/* The path that a "file:" URI or a path names; of another URI that is itself. Borrowed. */
const char *key_path(const char *uri);

/*
 * Loads the one private key that `uri` (a path or any URI of OSSL_STORE) names.
 * Never asks for a passphrase: an encrypted key is refused. NOT_FOUND when there
 * is no key, else INTERNAL (also when there are several). The caller frees *key. Public for
 * tests: programs use key_open and key_load_content.
 */
int key_load(const char *uri, EVP_PKEY **key, struct error *err);

/*
 * The same for a key that `secret`, if not empty, unlocks; INTERNAL when it does
 * not. `home` is the library context of the key, NULL for the default one.
 */
int key_load_in(const char *uri, struct view secret, const struct signing_home *home,
    EVP_PKEY **key, struct error *err);

/* The same for the content of a key's file, `uri`; NULL: of no file. */
int key_load_content(const struct bytes *content, const char *uri, struct view secret,
    const struct signing_home *home, EVP_PKEY **key, struct error *err);

/*
 * The digest that signatures of this key use: SHA-384 for P-384, SHA-512 for
 * P-521, SHA-256 otherwise; NULL for EdDSA.
 */
const EVP_MD *key_digest(EVP_PKEY *key);

#endif
