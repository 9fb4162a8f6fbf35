#include "config.h"

#include "failing_crypto.h"

#include <stdint.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "failing.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "tpm/spki.h"
#include "util/bytes.h"
#include "util/error.h"

/* Makes the linker take this file out of its library. */
void
failing_crypto(void)
{
}

/* A wrapped call is named so by the linker. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

WRAP(int, EVP_Digest, const void *data, size_t size, unsigned char *hash, unsigned *hash_size, const EVP_MD *digest,
    ENGINE *engine)
{
	return failing_now() ? 0 : __real_EVP_Digest(data, size, hash, hash_size, digest, engine);
}

WRAP(int, EVP_DigestInit_ex, EVP_MD_CTX *context, const EVP_MD *digest, ENGINE *engine)
{
	return failing_now() ? 0 : __real_EVP_DigestInit_ex(context, digest, engine);
}

WRAP(int, EVP_DigestUpdate, EVP_MD_CTX *context, const void *data, size_t size)
{
	return failing_now() ? 0 : __real_EVP_DigestUpdate(context, data, size);
}

WRAP(int, EVP_DigestFinal_ex, EVP_MD_CTX *context, unsigned char *hash, unsigned *size)
{
	return failing_now() ? 0 : __real_EVP_DigestFinal_ex(context, hash, size);
}

/* ---- what stands in for memory that OpenSSL asks for, or for a provider that is gone ---- */

WRAP(EVP_MD_CTX *, EVP_MD_CTX_new, void)
{
	return failing_now() ? NULL : __real_EVP_MD_CTX_new();
}

WRAP(int, EVP_KDF_derive, EVP_KDF_CTX *context, unsigned char *key, size_t size, const OSSL_PARAM params[])
{
	return failing_now() ? 0 : __real_EVP_KDF_derive(context, key, size, params);
}

WRAP(int, EVP_PKEY_fromdata_init, EVP_PKEY_CTX *context)
{
	return failing_now() ? 0 : __real_EVP_PKEY_fromdata_init(context);
}

WRAP(int, EVP_PKEY_CTX_get_params, EVP_PKEY_CTX *context, OSSL_PARAM *params)
{
	return failing_now() ? 0 : __real_EVP_PKEY_CTX_get_params(context, params);
}

WRAP(int, EVP_PKEY_set_ex_data, EVP_PKEY *key, int index, void *data)
{
	return failing_now() ? 0 : __real_EVP_PKEY_set_ex_data(key, index, data);
}

WRAP(X509_ALGOR *, X509_ALGOR_new, void)
{
	return failing_now() ? NULL : __real_X509_ALGOR_new();
}

WRAP(OSSL_LIB_CTX *, OSSL_LIB_CTX_new, void)
{
	return failing_now() ? NULL : __real_OSSL_LIB_CTX_new();
}

WRAP(int, RAND_bytes, unsigned char *out, int size)
{
	return failing_now() ? 0 : __real_RAND_bytes(out, size);
}

WRAP(BIO *, BIO_new_mem_buf, const void *data, int size)
{
	return failing_now() ? NULL : __real_BIO_new_mem_buf(data, size);
}

WRAP(int, BN_bn2bin, const BIGNUM *number, unsigned char *out)
{
	return failing_now() ? 0 : __real_BN_bn2bin(number, out);
}

WRAP(int, X509_digest, const X509 *certificate, const EVP_MD *digest, unsigned char *hash, unsigned *size)
{
	return failing_now() ? 0 : __real_X509_digest(certificate, digest, hash, size);
}

WRAP(int, X509_CRL_digest, const X509_CRL *crl, const EVP_MD *digest, unsigned char *hash, unsigned *size)
{
	return failing_now() ? 0 : __real_X509_CRL_digest(crl, digest, hash, size);
}

WRAP(int, X509_NAME_get0_der, const X509_NAME *name, const unsigned char **der, size_t *size)
{
	return failing_now() ? 0 : __real_X509_NAME_get0_der(name, der, size);
}

WRAP(int, i2d_PUBKEY, const EVP_PKEY *key, unsigned char **der)
{
	return failing_now() ? -1 : __real_i2d_PUBKEY(key, der);
}

WRAP(int, i2d_X509, const X509 *certificate, unsigned char **der)
{
	return failing_now() ? -1 : __real_i2d_X509(certificate, der);
}

WRAP(int, SSL_CTX_set_cipher_list, SSL_CTX *tls, const char *ciphers)
{
	return failing_now() ? 0 : __real_SSL_CTX_set_cipher_list(tls, ciphers);
}

/* ---- our own ---- */

static int
fail(struct error *err)
{
	return error_set(err, ERROR_INTERNAL, "no memory");
}

WRAP(int, key_generate, enum key_type type, EVP_PKEY **key, struct error *err)
{
	return failing_now() ? fail(err) : __real_key_generate(type, key, err);
}

WRAP(int, key_encode, EVP_PKEY *key, struct bytes *pem, struct error *err)
{
	return failing_now() ? fail(err) : __real_key_encode(key, pem, err);
}

WRAP(int, spki_encode, EVP_PKEY *key, struct bytes *der, struct error *err)
{
	return failing_now() ? fail(err) : __real_spki_encode(key, der, err);
}

WRAP(int, certificate_encode_pem, const X509 *certificate, struct bytes *pem, struct error *err)
{
	return failing_now() ? fail(err) : __real_certificate_encode_pem(certificate, pem, err);
}

WRAP(int, ca_root_create, EVP_PKEY *key, const char *name, int64_t now, int64_t lifetime, X509 **certificate,
    struct error *err)
{
	return failing_now() ? fail(err) : __real_ca_root_create(key, name, now, lifetime, certificate, err);
}

WRAP(int, ca_issuing_create, const struct ca *root, EVP_PKEY *key, const char *name, int64_t now, int64_t lifetime,
    X509 **certificate, struct error *err)
{
	return failing_now() ? fail(err) : __real_ca_issuing_create(root, key, name, now, lifetime, certificate, err);
}
