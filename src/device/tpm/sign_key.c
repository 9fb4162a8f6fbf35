/* Makes and uses the device's keys; keeps no file. Keys are loaded only during a call. */
#include "config.h"

#include "device/tpm/sign_key.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "device/tpm/device_ak.h"
#include "device/tpm/esys.h"
#include "device/tpm/key_create.h"
#include "device/tpm/key_load.h"
#include "device/tpm/key_sign.h"
#include "device/tpm/octets.h"
#include "device/tpm/template.h"
#include "tpm/digest.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "util/error.h"

/* P-256 is first: with RSA many TPMs sign TLS 1.3 with a salt length that peers refuse. */
static const struct sign_key_type types[] = {
    {"ecc-p256", TPM2_ALG_ECC, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256},
    {"ecc-p384", TPM2_ALG_ECC, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384},
    {"rsa-2048", TPM2_ALG_RSA, 2048, TPM2_ALG_SHA256},
};

const struct sign_key_type *
sign_key_type_at(size_t index)
{
	return index < sizeof types / sizeof types[0] ? &types[index] : NULL;
}

const struct sign_key_type *
sign_key_type_find(const char *word)
{
	const struct sign_key_type *type;

	for (size_t i = 0; (type = sign_key_type_at(i)) != NULL; i++) {
		if (strcmp(type->word, word) == 0)
			return type;
	}
	return NULL;
}

const struct sign_key_type *
sign_key_type_of(const TPMT_PUBLIC *area)
{
	const struct sign_key_type *type;

	for (size_t i = 0; (type = sign_key_type_at(i)) != NULL; i++) {
		if (type->type == area->type &&
		    type->size == (type->type == TPM2_ALG_RSA ? area->parameters.rsaDetail.keyBits
		                                              : area->parameters.eccDetail.curveID))
			return type;
	}
	return NULL;
}

TPMT_PUBLIC
sign_key_public(const struct sign_key_type *type)
{
	TPMT_PUBLIC area = {
	    .type = type->type,
	    .nameAlg = TPM2_ALG_SHA256,
	    .objectAttributes = DEVICE_KEY_ATTRIBUTES,
	};

	if (type->type == TPM2_ALG_RSA) {
		area.parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
		area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
		area.parameters.rsaDetail.keyBits = type->size;
	} else {
		area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
		area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
		area.parameters.eccDetail.curveID = type->size;
		area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	}
	return area;
}

/* ---- making ---- */

int
sign_key_create(struct device_tpm *tpm, const struct sign_key_type *type, struct device_key *key,
    struct error *err)
{
	const TPMT_PUBLIC             area = sign_key_public(type);
	const struct device_key_words words = {"the device key", type->word, "--key-type"};
	struct device_creation        ignored;
	uint32_t                      parent = ESYS_TR_NONE;

	*key = (struct device_key){0};
	if (device_key_create(tpm, &area, &words, key, &ignored, &parent, err) != 0)
		return -1;
	device_tpm_release(tpm, &parent);
	return 0;
}

int
sign_key_check(struct device_tpm *tpm, const struct device_key *key, struct error *err)
{
	ESYS_TR handle = ESYS_TR_NONE;

	if (device_key_load(tpm, key, "the device key", &handle, err) != 0)
		return -1;
	device_tpm_release(tpm, &handle);
	return 0;
}

/* ---- the proof ---- */

void
sign_key_proof_clear(struct sign_key_proof *proof)
{
	bytes_clear(&proof->info);
	bytes_clear(&proof->signature);
	bytes_clear(&proof->area);
}

/* The hash of the AK's scheme. */
static TPM2_ALG_ID
ak_hash(const TPMT_PUBLIC *ak)
{
	return ak->type == TPM2_ALG_RSA ? ak->parameters.rsaDetail.scheme.details.anySig.hashAlg
	                                : ak->parameters.eccDetail.scheme.details.anySig.hashAlg;
}

/* RFC 9053 §2.1, RFC 8230, RFC 8812. */
int64_t
sign_key_cose_algorithm(const TPMT_PUBLIC *ak)
{
	static const struct {
		TPM2_ALG_ID scheme;
		TPM2_ALG_ID hash;
		int64_t     number;
	} algorithms[] = {
	    {TPM2_ALG_RSASSA, TPM2_ALG_SHA256, -257},
	    {TPM2_ALG_RSASSA, TPM2_ALG_SHA384, -258},
	    {TPM2_ALG_RSASSA, TPM2_ALG_SHA512, -259},
	    {TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, -37},
	    {TPM2_ALG_RSAPSS, TPM2_ALG_SHA384, -38},
	    {TPM2_ALG_RSAPSS, TPM2_ALG_SHA512, -39},
	    {TPM2_ALG_ECDSA, TPM2_ALG_SHA256, -7},
	    {TPM2_ALG_ECDSA, TPM2_ALG_SHA384, -35},
	    {TPM2_ALG_ECDSA, TPM2_ALG_SHA512, -36},
	};
	TPM2_ALG_ID scheme = ak->type == TPM2_ALG_RSA ? ak->parameters.rsaDetail.scheme.scheme
	                                              : ak->parameters.eccDetail.scheme.scheme;

	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
		if (algorithms[i].scheme == scheme && algorithms[i].hash == ak_hash(ak))
			return algorithms[i].number;
	}
	return 0;
}

/* Copies the TPM's output to *proof. */
static int
proof_fill(const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature,
    const struct device_key *key, struct sign_key_proof *proof, struct error *err)
{
	bytes_append(&proof->info, attest->attestationData, attest->size);
	return device_signature_append(signature, &proof->signature, err) != 0 ||
	        device_public_append(&key->public.publicArea, &proof->area, err) != 0
	    ? -1
	    : 0;
}

/* TPM 2.0 Part 3, TPM2_Certify; both keys are loaded. */
static int
certify(struct device_tpm *tpm, ESYS_TR ak, ESYS_TR handle, const TPM2B_DATA *extra,
    const struct device_key *key, struct sign_key_proof *proof, struct error *err)
{
	const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL}; /* the AK's own */
	TPM2B_ATTEST         *attest = NULL;
	TPMT_SIGNATURE       *signature = NULL;
	TSS2_RC               rc;
	int                   result;

	DEVICE_TPM_TRY(rc, Esys_Certify(tpm->esys, handle, ak, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
	                       ESYS_TR_NONE, extra, &scheme, &attest, &signature));
	if (rc != TSS2_RC_SUCCESS)
		return device_tpm_error(err, rc, "certifying the device key");
	result = proof_fill(attest, signature, key, proof, err);
	Esys_Free(attest);
	Esys_Free(signature);
	return result;
}

int
sign_key_certify(struct device_tpm *tpm, const struct device_ak *ak, const struct device_key *key,
    const char *key_authorization, struct sign_key_proof *proof, struct error *err)
{
	const EVP_MD *known = tpm_digest(ak_hash(&ak->key.public.publicArea));
	const EVP_MD *md = known != NULL ? known : tpm_sha256(); /* no AK of ours has another */
	TPM2B_DATA    extra = {.size = (uint16_t)EVP_MD_get_size(md)};
	ESYS_TR       ak_handle = ESYS_TR_NONE;
	ESYS_TR       handle = ESYS_TR_NONE;
	int           rc = -1;

	if (EVP_Digest(key_authorization, strlen(key_authorization), extra.buffer, NULL, md, NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing the key authorization");
	if (device_ak_load(tpm, ak, &ak_handle, err) == 0 &&
	    device_key_load(tpm, key, "the device key", &handle, err) == 0)
		rc = certify(tpm, ak_handle, handle, &extra, key, proof, err);
	device_tpm_release(tpm, &handle);
	device_tpm_release(tpm, &ak_handle);
	return rc;
}

/* ---- signatures ---- */

int
sign_key_sign(struct device_tpm *tpm, const struct device_key *key, TPM2_ALG_ID scheme,
    TPM2_ALG_ID hash, struct view digest, TPMT_SIGNATURE *signature, struct error *err)
{
	ESYS_TR handle = ESYS_TR_NONE;
	int     rc;

	if (device_key_load(tpm, key, "the device key", &handle, err) != 0)
		return -1;
	rc = device_key_sign_loaded(tpm, handle, scheme, hash, digest, "signing with the device key",
	    signature, err);
	device_tpm_release(tpm, &handle);
	return rc;
}

/* True when the PSS signature over the digest verifies with a salt of this length. */
static bool
pss_verifies(EVP_PKEY *key, const TPM2B_PUBLIC_KEY_RSA *signature, struct view digest, int salt)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool          verifies = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1 &&
	    EVP_PKEY_verify(ctx, signature->buffer, signature->size, digest.data, digest.size) == 1;

	EVP_PKEY_CTX_free(ctx);
	return verifies;
}

int
sign_key_pss_salt(struct device_tpm *tpm, const struct device_key *key, int *salt,
    struct error *err)
{
	static const uint8_t digest[32] = {1}; /* of no data: only the padding matters */
	const struct view    view = {digest, sizeof digest};
	TPMT_SIGNATURE       signature;
	EVP_PKEY            *public = NULL;
	int                  bits = key->public.publicArea.parameters.rsaDetail.keyBits;
	int                  rc = -1;

	if (tpm_public_key(&key->public.publicArea, &public, err) == 0 &&
	    sign_key_sign(tpm, key, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, view, &signature, err) == 0) {
		int longest = bits / 8 - (int)sizeof digest - 2;

		rc = 0;
		*salt = pss_verifies(public, &signature.signature.rsapss.sig, view, sizeof digest)
		    ? (int)sizeof digest
		    : longest;
	}
	ERR_clear_error();
	EVP_PKEY_free(public);
	return rc;
}
