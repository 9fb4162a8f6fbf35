/*
 * Signing with a private key, wherever it lives. A key of a token or a TPM is used
 * by one thread at a time, since neither their libraries nor they promise more, and
 * it is these functions that see to it: whoever signs or frees such a key uses them.
 */
#ifndef PKI_SIGNING_H
#define PKI_SIGNING_H

#include <stdbool.h>

#include <openssl/types.h>

struct error;

/* What X509_sign_ctx and its siblings take; {0} is none. */
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
 * The public half of any key, as one that OpenSSL holds itself: a token's does not
 * tell what it is made of. INTERNAL. The caller frees *half.
 */
int signing_public_half(EVP_PKEY *key, EVP_PKEY **half, struct error *err);

/* Where a key lives that is not in our memory. */
struct signing_home {
	OSSL_LIB_CTX *library;    /* whose implementation signs; NULL: the default one's */
	const char   *properties; /* which one; NULL: any */
	void        (*leave)(void *arg); /* after the key; under the lock */
	void         *arg;
};

/*
 * Says where a key lives, under the lock. From then on its use is serialized, and
 * signing_key_free leaves the home with the last reference that was made so: when
 * the key is there already (libp11 gives the same one again), `home` is left at once.
 */
int signing_set_home(EVP_PKEY *key, const struct signing_home *home, struct error *err);

/* Frees a reference to any key; NULL is none. */
void signing_key_free(EVP_PKEY *key);

/* For those who open such keys; not to be taken twice. */
void signing_lock(void);
void signing_unlock(void);

#endif
