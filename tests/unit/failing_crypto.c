#include "config.h"

#include "failing_crypto.h"

#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "failing.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
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
