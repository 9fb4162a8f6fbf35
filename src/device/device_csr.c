/* Builds the request with OpenSSL and has the TPM sign its digest. */
#include "config.h"

#include "device/device_csr.h"

#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <tss2/tss2_tpm2_types.h>

#include "device/tpm/key_file.h"
#include "device/tpm/sign_key.h"
#include "pki/permanent_identifier.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "util/bytes.h"
#include "util/der.h"
#include "util/error.h"

/* ub-common-name of RFC 5280 §A.1. */
#define COMMON_NAME_MAX 64U

/* How each kind of key signs CSRs. */
static const struct {
	TPM2_ALG_ID type;
	TPM2_ALG_ID hash;
	TPM2_ALG_ID scheme;
	int         nid;
	const EVP_MD *(*digest)(void);
} signatures[] = {
    {TPM2_ALG_ECC, TPM2_ALG_SHA256, TPM2_ALG_ECDSA, NID_ecdsa_with_SHA256, EVP_sha256},
    {TPM2_ALG_ECC, TPM2_ALG_SHA384, TPM2_ALG_ECDSA, NID_ecdsa_with_SHA384, EVP_sha384},
    {TPM2_ALG_RSA, TPM2_ALG_SHA256, TPM2_ALG_RSASSA, NID_sha256WithRSAEncryption, EVP_sha256},
};

static bool
subject_set(X509_REQ *request, const char *name)
{
	X509_NAME *subject = X509_REQ_get_subject_name(request);

	return strlen(name) > COMMON_NAME_MAX ||
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
	        (const unsigned char *)name, -1, -1, 0) == 1;
}

/* A SubjectAltName, not critical, as DER; NULL on failure. */
static X509_EXTENSION *
alt_name_new(const char *name)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION    *extension = NULL;
	AUTO_BYTES         der = {0};
	size_t             list = der_begin(&der, DER_SEQUENCE);

	permanent_identifier_append(&der, name);
	der_end(&der, list);
	if (value != NULL && ASN1_OCTET_STRING_set(value, der.data, (int)der.size) == 1)
		extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
	ASN1_OCTET_STRING_free(value);
	return extension;
}

static bool
alt_name_set(X509_REQ *request, const char *name)
{
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	X509_EXTENSION *extension = alt_name_new(name);
	bool done = extension != NULL && X509v3_add_ext(&extensions, extension, -1) != NULL &&
	    X509_REQ_add_extensions(request, extensions) == 1;

	X509_EXTENSION_free(extension);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return done;
}

static bool
key_set(X509_REQ *request, const TPMT_PUBLIC *area, struct error *err)
{
	EVP_PKEY *public = NULL;
	bool      done = tpm_public_key(area, &public, err) == 0 &&
	    X509_REQ_set_pubkey(request, public) == 1;

	EVP_PKEY_free(public);
	return done;
}

/* A TPM's signature in X.509's form; the caller frees with OPENSSL_free. -1 on failure. */
static int
signature_encode(const TPMT_SIGNATURE *signature, unsigned char **out)
{
	const TPMS_SIGNATURE_ECC *ecc = &signature->signature.ecdsa;
	const TPM2B_PUBLIC_KEY_RSA *rsa = &signature->signature.rsassa.sig;
	ECDSA_SIG *pair;
	BIGNUM    *r;
	BIGNUM    *s;
	int        size = -1;

	*out = NULL;
	if (signature->sigAlg != TPM2_ALG_ECDSA) {
		*out = OPENSSL_memdup(rsa->buffer, rsa->size);
		return *out != NULL ? rsa->size : -1;
	}
	pair = ECDSA_SIG_new();
	r = BN_bin2bn(ecc->signatureR.buffer, ecc->signatureR.size, NULL);
	s = BN_bin2bn(ecc->signatureS.buffer, ecc->signatureS.size, NULL);
	if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL;
		size = i2d_ECDSA_SIG(pair, out);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return size;
}

/* Sets the signature of the request. */
static bool
signature_set(X509_REQ *request, const TPMT_SIGNATURE *signature)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	unsigned char   *octets = NULL;
	int              size = signature_encode(signature, &octets);

	if (bits == NULL || size < 0 || ASN1_BIT_STRING_set(bits, octets, size) != 1) {
		OPENSSL_free(octets);
		ASN1_BIT_STRING_free(bits);
		return false;
	}
	OPENSSL_free(octets);
	bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
	bits->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* all bits are used: trailing zeros must stay */
	X509_REQ_set0_signature(request, bits);
	return true;
}

static bool
algorithm_set(X509_REQ *request, int nid)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();
	/* Parameters: NULL for RSA by RFC 4055 §5, absent for ECDSA by RFC 5758 §3.2. */
	bool done = algorithm != NULL &&
	    X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid),
	        nid == NID_sha256WithRSAEncryption ? V_ASN1_NULL : V_ASN1_UNDEF, NULL) == 1 &&
	    X509_REQ_set1_signature_algo(request, algorithm) == 1;

	X509_ALGOR_free(algorithm);
	return done;
}

/* Has the TPM sign the digest of the request's info. */
static int
request_sign(struct device_tpm *tpm, const struct device_key *key, X509_REQ *request,
    struct error *err)
{
	const struct sign_key_type *type = sign_key_type_of(&key->public.publicArea);
	TPMT_SIGNATURE  signature;
	unsigned char  *info = NULL;
	uint8_t         digest[EVP_MAX_MD_SIZE];
	unsigned int    digest_size = 0;
	size_t          row = 0;
	int             size;
	bool            done;

	while (type != NULL && row < sizeof signatures / sizeof signatures[0] &&
	    (signatures[row].type != type->type || signatures[row].hash != type->hash))
		row++;
	if (type == NULL || row == sizeof signatures / sizeof signatures[0])
		return error_set(err, ERROR_INTERNAL, "no CSR is made with a key of this kind");
	if (!algorithm_set(request, signatures[row].nid) ||
	    (size = i2d_re_X509_REQ_tbs(request, &info)) <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding the CSR");
	done = EVP_Digest(info, (size_t)size, digest, &digest_size, signatures[row].digest(), NULL) == 1;
	OPENSSL_free(info);
	if (!done)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing the CSR");
	if (sign_key_sign(tpm, key, signatures[row].scheme, signatures[row].hash,
	        (struct view){digest, digest_size}, &signature, err) != 0)
		return -1;
	done = signature_set(request, &signature);
	return done ? 0 : error_set_openssl(err, ERROR_INTERNAL, "encoding the CSR's signature");
}

static int
request_encode(X509_REQ *request, struct bytes *der, struct error *err)
{
	unsigned char *octets = NULL;
	int            size = i2d_X509_REQ(request, &octets);

	if (size <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding the CSR");
	bytes_append(der, octets, (size_t)size);
	OPENSSL_free(octets);
	return 0;
}

int
device_csr_make(struct device_tpm *tpm, const struct device_key *key, const char *name,
    struct bytes *der, struct error *err)
{
	X509_REQ *request = X509_REQ_new();
	int       rc = -1;

	if (request == NULL || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
	    !key_set(request, &key->public.publicArea, err) || !subject_set(request, name) ||
	    !alt_name_set(request, name))
		(void)error_set_openssl(err, ERROR_INTERNAL, "making the CSR");
	else if (request_sign(tpm, key, request, err) == 0)
		rc = request_encode(request, der, err);
	X509_REQ_free(request);
	return rc;
}
