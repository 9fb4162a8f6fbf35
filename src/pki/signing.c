/* Serializes the use of keys outside our memory; knows no token and no certificate. */
#include "config.h"

#include "pki/signing.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "pki/key.h"
#include "tpm/openssl_error.h"
#include "util/bytes.h"

/* Octets of an AlgorithmIdentifier; the longest, RSASSA-PSS's, has some 70. */
#define SIGNING_ALGORITHM_MAX 128

/* A home, kept in OpenSSL's ex_data of a key. */
struct resident {
	struct signing_home home;
	unsigned            users; /* references to the key, under the lock */
};

/* One lock for all such keys: a token does one thing at a time, and its library is loaded and
 * unloaded in between. */
static pthread_mutex_t signing_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t  signing_once = PTHREAD_ONCE_INIT;
static int             signing_index = -1; /* index in OpenSSL's ex_data */

static void
signing_init(void)
{
	signing_index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_EVP_PKEY, 0, NULL, NULL, NULL,
	    NULL);
}

void
signing_lock(void)
{
	(void)pthread_mutex_lock(&signing_mutex);
}

void
signing_unlock(void)
{
	(void)pthread_mutex_unlock(&signing_mutex);
}

static struct resident *
signing_resident(const EVP_PKEY *key)
{
	(void)pthread_once(&signing_once, signing_init);
	return signing_index < 0 ? NULL : EVP_PKEY_get_ex_data(key, signing_index);
}

static const struct signing_home *
signing_home_of(const EVP_PKEY *key)
{
	const struct resident *resident = signing_resident(key);

	return resident != NULL ? &resident->home : NULL;
}

int
signing_set_home(EVP_PKEY *key, const struct signing_home *home, struct error *err)
{
	struct resident *resident = signing_resident(key);

	if (resident != NULL) {
		resident->users++;
		home->leave(home->arg);
		return 0;
	}
	resident = memory_new(sizeof *resident);
	*resident = (struct resident){*home, 1};
	if (signing_index < 0 || EVP_PKEY_set_ex_data(key, signing_index, resident) != 1) {
		free(resident);
		return error_set_openssl(err, ERROR_INTERNAL, "recording the home of a key");
	}
	return 0;
}

static EVP_PKEY_CTX *
signing_key_context(const struct signing *signing)
{
	return EVP_MD_CTX_get_pkey_ctx(signing->context);
}

int
signing_begin(EVP_PKEY *key, struct signing *signing, struct error *err)
{
	const struct signing_home *home = signing_home_of(key);
	const EVP_MD              *digest = key_digest(key);
	const char                *name = digest != NULL ? EVP_MD_get0_name(digest) : NULL;

	*signing = (struct signing){.locked = home != NULL};
	if (signing->locked)
		signing_lock();
	signing->context = EVP_MD_CTX_new();
	if (signing->context == NULL ||
	    EVP_DigestSignInit_ex(signing->context, NULL, name, home != NULL ? home->library : NULL,
	        home != NULL ? home->properties : NULL, key, NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "signing with the private key");
	return 0;
}

void
signing_prepare(EVP_PKEY *key, EVP_MD_CTX **prepared)
{
	struct signing signing;
	struct error   ignored;

	*prepared = NULL;
	if (signing_home_of(key) != NULL)
		return;
	if (signing_begin(key, &signing, &ignored) == 0) {
		*prepared = signing.context;
		signing.context = NULL;
	}
	signing_end(&signing);
}

int
signing_begin_prepared(EVP_PKEY *key, const EVP_MD_CTX *prepared, struct signing *signing,
    struct error *err)
{
	if (prepared == NULL)
		return signing_begin(key, signing, err);
	*signing = (struct signing){.context = EVP_MD_CTX_new()};
	if (signing->context == NULL || EVP_MD_CTX_copy_ex(signing->context, prepared) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "signing with the private key");
	return 0;
}

void
signing_end(struct signing *signing)
{
	EVP_MD_CTX_free(signing->context);
	if (signing->locked)
		signing_unlock();
	*signing = (struct signing){.context = NULL};
}

/* The algorithm of a key that no provider has, such as a token's. */
static int
signing_algorithm_of_engine(const struct signing *signing, struct bytes *der)
{
	int            key = EVP_PKEY_get_base_id(EVP_PKEY_CTX_get0_pkey(signing_key_context(signing)));
	X509_ALGOR    *algorithm = X509_ALGOR_new();
	unsigned char *data = NULL;
	int            size = -1;
	int            id = NID_undef;

	if (algorithm != NULL &&
	    OBJ_find_sigid_by_algs(&id, EVP_MD_get_type(EVP_MD_CTX_get0_md(signing->context)), key) == 1 &&
	    X509_ALGOR_set0(algorithm, OBJ_nid2obj(id), key == EVP_PKEY_RSA ? V_ASN1_NULL : V_ASN1_UNDEF,
	        NULL) == 1 &&
	    (size = i2d_X509_ALGOR(algorithm, &data)) > 0)
		bytes_append(der, data, (size_t)size);
	OPENSSL_free(data);
	X509_ALGOR_free(algorithm);
	return size > 0 ? 0 : -1;
}

int
signing_algorithm(const struct signing *signing, struct bytes *der, struct error *err)
{
	uint8_t    octets[SIGNING_ALGORITHM_MAX];
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, octets, sizeof octets),
	    OSSL_PARAM_construct_end(),
	};

	if (EVP_PKEY_CTX_get_params(signing_key_context(signing), params) == 1 &&
	    params[0].return_size != OSSL_PARAM_UNMODIFIED && params[0].return_size != 0) {
		bytes_append(der, octets, params[0].return_size);
		return 0;
	}
	ERR_clear_error();
	if (signing_algorithm_of_engine(signing, der) != 0)
		return error_set_openssl(err, ERROR_INTERNAL, "the key has no signature algorithm");
	return 0;
}

/*
 * OpenSSL 3.0 calls an ECDSA signature made when memory was short while it was encoded, and gives
 * 0 or (unsigned int)-1 for its size.
 */
int
signing_sign(struct signing *signing, struct view content, struct bytes *signature,
    struct error *err)
{
	size_t   size = 0;
	size_t   room;
	uint8_t *at;

	if (EVP_DigestSign(signing->context, NULL, &size, content.data, content.size) != 1 || size == 0)
		return error_set_openssl(err, ERROR_INTERNAL, "signing");
	room = size;
	at = bytes_extend(signature, room);
	if (EVP_DigestSign(signing->context, at, &size, content.data, content.size) != 1 || size == 0 ||
	    size > room)
		return error_set_openssl(err, ERROR_INTERNAL, "signing");
	signature->size = (size_t)(at - signature->data) + size; /* ECDSA's is often shorter */
	return 0;
}

int
signing_public_half(EVP_PKEY *key, EVP_PKEY **half, struct error *err)
{
	unsigned char       *der = NULL;
	const unsigned char *at;
	int                  size;

	if (signing_home_of(key) == NULL) {
		(void)EVP_PKEY_up_ref(key);
		*half = key;
		return 0;
	}
	signing_lock();
	size = i2d_PUBKEY(key, &der);
	signing_unlock();
	at = der;
	*half = size > 0 ? d2i_PUBKEY(NULL, &at, size) : NULL;
	OPENSSL_free(der);
	if (*half == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "reading the public half of a key");
	return 0;
}

void
signing_key_hold(EVP_PKEY *key)
{
	struct resident *resident = signing_resident(key);

	signing_lock();
	(void)EVP_PKEY_up_ref(key);
	if (resident != NULL)
		resident->users++;
	signing_unlock();
}

void
signing_key_free(EVP_PKEY *key)
{
	struct resident *resident = key != NULL ? signing_resident(key) : NULL;

	if (resident == NULL) {
		EVP_PKEY_free(key);
		return;
	}
	signing_lock();
	if (--resident->users > 0) {
		EVP_PKEY_free(key);
	} else {
		(void)EVP_PKEY_set_ex_data(key, signing_index, NULL);
		EVP_PKEY_free(key);
		resident->home.leave(resident->home.arg);
		free(resident);
	}
	signing_unlock();
}
