/*
 * A hostile CSR. Nobody guesses a signature, so that its octets are also put, as a
 * requested extension's, into one that is signed on the spot.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "pki/alt_name.h"
#include "pki/csr.h"
#include "util/error.h"
#include "util/identifier.h"

static void
check(const struct csr *csr)
{
	struct error err = {0};

	assert(csr->key != NULL && csr->spki.size > 0);
	for (size_t i = 0; i < csr->name_count; i++) {
		const char *value = csr->names[i].value;

		switch (csr->names[i].kind) {
		case CSR_NAME_OTHER:
			assert(value == NULL);
			break;
		case CSR_NAME_PERMANENT_IDENTIFIER:
			assert(identifier_check(value, strlen(value), &err) == 0);
			break;
		case CSR_NAME_DNS:
			assert(alt_name_dns_is_valid(value, strlen(value)));
			break;
		}
	}
}

/* OpenSSL's decoder takes it, too, with the same key, and finds the signature good. */
static void
compare(const struct csr *csr, const uint8_t *data, size_t size)
{
	const unsigned char *p = data;
	X509_REQ            *theirs = d2i_X509_REQ(NULL, &p, (long)size);
	EVP_PKEY            *key = theirs != NULL ? X509_REQ_get0_pubkey(theirs) : NULL;

	assert(key != NULL && p == data + size);
	assert(EVP_PKEY_eq(key, csr->key) == 1 && X509_REQ_verify(theirs, key) == 1);
	X509_REQ_free(theirs);
}

static void
decode(const uint8_t *data, size_t size)
{
	struct csr   csr;
	struct error err = {0};

	if (csr_decode((struct view){data, size}, &csr, &err) == 0) {
		check(&csr);
		compare(&csr, data, size);
		csr_clear(&csr);
	} else {
		assert(csr.key == NULL && csr.names == NULL && csr.excess == NULL);
		assert(err.kind == ERROR_MALFORMED);
	}
}

/* Signs a CSR whose first octet of input chooses the extension, and the rest is its value. */
static void
decode_signed(const uint8_t *data, size_t size)
{
	static const int nids[] = {NID_subject_alt_name, NID_key_usage, NID_ext_key_usage,
	    NID_basic_constraints};
	static EVP_PKEY *key;
	X509_REQ        *request = X509_REQ_new();
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	unsigned char   *der = NULL;
	int              der_size;

	if (key == NULL)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	(void)ASN1_OCTET_STRING_set(value, data + 1, (int)size - 1);
	(void)sk_X509_EXTENSION_push(extensions,
	    X509_EXTENSION_create_by_NID(NULL, nids[data[0] % 4], data[0] & 4, value));
	(void)X509_REQ_add_extensions(request, extensions);
	(void)X509_REQ_set_pubkey(request, key);
	(void)X509_REQ_sign(request, key, NULL);
	der_size = i2d_X509_REQ(request, &der);
	if (der_size > 0)
		decode(der, (size_t)der_size);
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	ASN1_OCTET_STRING_free(value);
	X509_REQ_free(request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decode(data, size);
	if (size > 0 && size < 4096)
		decode_signed(data, size);
	return 0;
}
