/* Serializes the use of keys outside our memory; knows no token and no certificate. */
#include "config.h"

#include "pki/signing.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/key.h"
#include "tpm/openssl_error.h"
#include "util/bytes.h"

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
signing_end(struct signing *signing)
{
	EVP_MD_CTX_free(signing->context);
	if (signing->locked)
		signing_unlock();
	*signing = (struct signing){.context = NULL};
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
