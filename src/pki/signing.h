/*
 * Signing with a private key in memory, a token or a TPM. A key of a token or a TPM
 * is used by one thread at a time, because neither the device nor its library
 * promises more. These functions serialize its use: sign with such a key, and free
 * it, only through them.
 */
#ifndef PKI_SIGNING_H
#define PKI_SIGNING_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* The context for X509_sign_ctx and similar functions; {0} is empty. */
struct signing {
	EVP_MD_CTX *context;
	bool        locked;
};

/*
 * Begins a signature with the key's own digest (key_digest); signing_end must follow
 * in the same thread, also after a failure. INTERNAL when the key cannot sign.
 */
int  signing_begin(EVP_PKEY *key, struct signing *signing, struct error *err);
void signing_end(struct signing *signing);

/*
 * Begins once for many: *prepared is a context that signing_begin_prepared copies, in any
 * thread, in a tenth of the time; free it with EVP_MD_CTX_free, before the key. NULL for a key of a
 * token or a TPM, and for one that cannot be prepared.
 */
void signing_prepare(EVP_PKEY *key, EVP_MD_CTX **prepared);

/* As signing_begin; `prepared` is NULL or of the same key. */
int signing_begin_prepared(EVP_PKEY *key, const EVP_MD_CTX *prepared, struct signing *signing,
    struct error *err);

/* Appends the AlgorithmIdentifier of the signature in DER. INTERNAL. */
int signing_algorithm(const struct signing *signing, struct bytes *der, struct error *err);

/* Signs `content`, once, and appends the signature. INTERNAL. */
int signing_sign(struct signing *signing, struct view content, struct bytes *signature,
    struct error *err);

/*
 * The public half of any key as an ordinary OpenSSL key: the parameters of a
 * token's key cannot be read. INTERNAL. The caller frees *half.
 */
int signing_public_half(EVP_PKEY *key, EVP_PKEY **half, struct error *err);

/* The home of a key that is not in our memory. */
struct signing_home {
	OSSL_LIB_CTX *library;    /* library context that signs; NULL: the default */
	const char   *properties; /* property query for the implementation; NULL: any */
	void        (*leave)(void *arg); /* called after the key is freed; under the lock */
	void         *arg;
};

/*
 * Sets the home of a key; call under the lock. From then on its use is serialized,
 * and signing_key_free leaves the home with the last reference made here. If the key
 * has a home already (libp11 may return the same key again), the new `home` is left
 * at once.
 */
int signing_set_home(EVP_PKEY *key, const struct signing_home *home, struct error *err);

/* One more reference to any key, which signing_key_free frees. */
void signing_key_hold(EVP_PKEY *key);

/* Frees a reference to any key; NULL is none. */
void signing_key_free(EVP_PKEY *key);

/* For code that opens such keys; not recursive. */
void signing_lock(void);
void signing_unlock(void);

#endif
