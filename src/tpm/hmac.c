/* Fetches OpenSSL's HMAC once: looking it up by name at every use takes longer than using it. */
#include "config.h"

#include "tpm/hmac.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tpm/digest.h"
#include "tpm/openssl_error.h"

static EVP_MAC       *hmac;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void
hmac_fetch(void)
{
	hmac = memory_check(EVP_MAC_fetch(NULL, "HMAC", NULL));
}

int
tpm_hmac(uint16_t alg, struct view key, const struct view *pieces, size_t count,
    uint8_t *out, struct error *err)
{
	const EVP_MD *digest = tpm_digest(alg);
	OSSL_PARAM    params[2];
	EVP_MAC_CTX  *ctx;
	size_t        size = 0;
	bool          good;

	if (digest == NULL)
		return error_set(err, ERROR_INTERNAL, "no HMAC with hash 0x%04x", alg);
	(void)pthread_once(&fetched, hmac_fetch);
	/* OpenSSL only copies the name; its type lacks const. */
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
	    (char *)(uintptr_t)EVP_MD_get0_name(digest), 0);
	params[1] = OSSL_PARAM_construct_end();
	ctx = EVP_MAC_CTX_new(hmac);
	good = ctx != NULL && EVP_MAC_init(ctx, key.data, key.size, params) == 1;
	for (size_t i = 0; i < count && good; i++)
		good = EVP_MAC_update(ctx, pieces[i].data, pieces[i].size) == 1;
	good = good && EVP_MAC_final(ctx, out, &size, (size_t)EVP_MD_get_size(digest)) == 1;
	EVP_MAC_CTX_free(ctx);
	return good ? 0 : error_set_openssl(err, ERROR_INTERNAL, "computing an HMAC");
}
