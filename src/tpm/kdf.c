/* Lays out the inputs of TPM 2.0's key derivations for OpenSSL's HMAC and SSKDF. */
#include "config.h"

#include "tpm/kdf.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "tpm/digest.h"
#include "tpm/hmac.h"
#include "tpm/openssl_error.h"

/* OpenSSL only copies what parameters point at; its type lacks const. */
static OSSL_PARAM
kdf_octets(const char *name, struct view octets)
{
	static uint8_t nothing;
	void          *data = octets.size == 0 ? &nothing : (void *)(uintptr_t)octets.data;

	return OSSL_PARAM_construct_octet_string(name, data, octets.size);
}

static OSSL_PARAM
kdf_text(const char *name, const char *text)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)text, 0);
}

static int
kdf_derive(const char *function, const OSSL_PARAM *params, uint8_t *out, size_t size,
    struct error *err)
{
	EVP_KDF     *kdf = EVP_KDF_fetch(NULL, function, NULL);
	EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	int          rc = 0;

	if (EVP_KDF_derive(ctx, out, size, params) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "deriving a key with %s", function);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return rc;
}

/* SP 800-108 in counter mode: blocks of HMAC(key, i || label || 0 || u || v || bits). */
int
tpm_kdfa(uint16_t alg, struct view key, const char *label, struct view u, struct view v,
    uint8_t *out, size_t size, struct error *err)
{
	size_t  digest_size = tpm_digest_size(alg);
	uint8_t counter[4] = {0};
	uint8_t bits[4] = {(uint8_t)(size >> 21), (uint8_t)(size >> 13), (uint8_t)(size >> 5),
	    (uint8_t)(size << 3)};
	uint8_t block[EVP_MAX_MD_SIZE];
	int     rc = 0;

	if (digest_size == 0)
		return error_set(err, ERROR_INTERNAL, "no KDFa with hash 0x%04x", alg);
	for (size_t done = 0; done < size && rc == 0; done += digest_size) {
		const struct view pieces[] = {
		    {counter, sizeof counter},
		    {(const uint8_t *)label, strlen(label) + 1},
		    u,
		    v,
		    {bits, sizeof bits},
		};

		counter[3]++;
		rc = tpm_hmac(alg, key, pieces, sizeof pieces / sizeof pieces[0], block, err);
		if (rc == 0)
			memcpy(out + done, block, size - done < digest_size ? size - done : digest_size);
	}
	bytes_cleanse(block, sizeof block);
	return rc == 0 ? 0 : error_wrap(err, "KDFa");
}

int
tpm_kdfe(uint16_t alg, struct view z, const char *use, struct view u, struct view v,
    uint8_t *out, size_t size, struct error *err)
{
	const EVP_MD *digest = tpm_digest(alg);
	AUTO_BYTES    info = {0};
	OSSL_PARAM    params[4];

	if (digest == NULL)
		return error_set(err, ERROR_INTERNAL, "no KDFe with hash 0x%04x", alg);
	bytes_append(&info, use, strlen(use) + 1);
	bytes_append(&info, u.data, u.size);
	bytes_append(&info, v.data, v.size);

	params[0] = kdf_text(OSSL_KDF_PARAM_DIGEST, EVP_MD_get0_name(digest));
	params[1] = kdf_octets(OSSL_KDF_PARAM_KEY, z);
	params[2] = kdf_octets(OSSL_KDF_PARAM_INFO, bytes_view(&info));
	params[3] = OSSL_PARAM_construct_end();
	return kdf_derive("SSKDF", params, out, size, err);
}
