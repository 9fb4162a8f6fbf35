/* Forges attestation keys and their TPM2_CertifyCreation. */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include "forge.h"
#include "forge_must.h"

#define AK_ATTRIBUTES                                                                        \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |  \
	    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |           \
	    TPMA_OBJECT_SIGN_ENCRYPT)

static const struct {
	enum forge_key      key;
	TPMI_ALG_SIG_SCHEME scheme;
	TPMI_ALG_HASH       hash; /* of the scheme, and nameAlg */
} kinds[FORGE_AK_COUNT] = {
    [FORGE_AK_RSASSA] = {FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA256},
    [FORGE_AK_RSAPSS] = {FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256},
    [FORGE_AK_RSASSA_3072] = {FORGE_RSA3072, TPM2_ALG_RSASSA, TPM2_ALG_SHA384},
    [FORGE_AK_P256] = {FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256},
    [FORGE_AK_P384] = {FORGE_P384, TPM2_ALG_ECDSA, TPM2_ALG_SHA384},
    [FORGE_AK_P521] = {FORGE_P521, TPM2_ALG_ECDSA, TPM2_ALG_SHA512},
};

static const struct forge_flaw_row rows[] = {
#define X(name, ak, judge, kind, detail)                                                  \
	[FORGE_FLAW_##name] = {#name, FORGE_AK_##ak, FORGE_BY_##judge, ERROR_##kind, detail},
	FORGE_FLAWS(X)
#undef X
};

const struct forge_flaw_row *
forge_flaw_row(enum forge_flaw flaw)
{
	return &rows[flaw];
}

enum forge_key
forge_ak_key(enum forge_ak_kind kind)
{
	return kinds[kind].key;
}

TPMI_ALG_SIG_SCHEME
forge_ak_scheme(enum forge_ak_kind kind)
{
	return kinds[kind].scheme;
}

TPMI_ALG_HASH
forge_ak_hash(enum forge_ak_kind kind)
{
	return kinds[kind].hash;
}

/* What is being forged, before it is marshalled. */
struct ak_draft {
	enum forge_flaw     flaw;
	EVP_PKEY           *key;
	TPMI_ALG_SIG_SCHEME scheme; /* of the signature */
	TPMI_ALG_HASH       hash;
	TPMT_PUBLIC         area;
	TPMS_CREATION_DATA  data;
	TPMS_ATTEST         attest;
};

static EVP_PKEY *
draft_key(enum forge_ak_kind kind, enum forge_flaw flaw)
{
	switch (flaw) {
	case FORGE_FLAW_RSA_1024:
		return forge_key(FORGE_RSA1024, 0);
	case FORGE_FLAW_RSA_EXPONENT_3:
		return forge_key(FORGE_RSA2048_E3, 0);
	case FORGE_FLAW_RSA_ROCA:
		return forge_key(FORGE_RSA2048_ROCA, 0);
	case FORGE_FLAW_CURVE_P224:
		return forge_key(FORGE_P224, 0);
	default:
		return forge_key(kinds[kind].key, 0);
	}
}

static void
draft_scheme(struct ak_draft *draft)
{
	TPMT_RSA_SCHEME *rsa = &draft->area.parameters.rsaDetail.scheme;
	TPMT_ECC_SCHEME *ecc = &draft->area.parameters.eccDetail.scheme;

	if (draft->area.type == TPM2_ALG_RSA) {
		draft->area.parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
		rsa->scheme = draft->scheme;
		rsa->details.anySig.hashAlg = draft->hash;
		if (draft->flaw == FORGE_FLAW_RSA_SCHEME_NULL)
			rsa->scheme = TPM2_ALG_NULL;
	} else {
		draft->area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
		draft->area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
		ecc->scheme = draft->scheme;
		ecc->details.anySig.hashAlg = draft->hash;
		if (draft->flaw == FORGE_FLAW_ECC_SCHEME_ECDAA)
			ecc->scheme = TPM2_ALG_ECDAA;
	}
}

static TPMA_OBJECT
draft_attributes(enum forge_flaw flaw)
{
	switch (flaw) {
	case FORGE_FLAW_NO_FIXED_TPM:
		return AK_ATTRIBUTES & ~TPMA_OBJECT_FIXEDTPM;
	case FORGE_FLAW_NO_FIXED_PARENT:
		return AK_ATTRIBUTES & ~TPMA_OBJECT_FIXEDPARENT;
	case FORGE_FLAW_NO_SENSITIVE_DATA_ORIGIN:
		return AK_ATTRIBUTES & ~TPMA_OBJECT_SENSITIVEDATAORIGIN;
	case FORGE_FLAW_NO_RESTRICTED:
		return AK_ATTRIBUTES & ~TPMA_OBJECT_RESTRICTED;
	case FORGE_FLAW_NO_SIGN:
		return AK_ATTRIBUTES & ~TPMA_OBJECT_SIGN_ENCRYPT;
	case FORGE_FLAW_DECRYPT:
		return AK_ATTRIBUTES | TPMA_OBJECT_DECRYPT;
	default:
		return AK_ATTRIBUTES;
	}
}

static void
draft_area(struct ak_draft *draft, enum forge_ak_kind kind)
{
	TPM2B_PUBLIC_KEY_RSA *modulus = &draft->area.unique.rsa;
	TPMS_ECC_POINT       *point = &draft->area.unique.ecc;

	draft->area.nameAlg = kinds[kind].hash;
	draft->area.objectAttributes = draft_attributes(draft->flaw);
	forge_public_key(draft->key, &draft->area);
	draft_scheme(draft);
	switch (draft->flaw) {
	case FORGE_FLAW_PUBLIC_TYPE:
		draft->area = (TPMT_PUBLIC){.type = TPM2_ALG_KEYEDHASH,
		    .nameAlg = TPM2_ALG_SHA256,
		    .objectAttributes = AK_ATTRIBUTES,
		    .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL};
		break;
	case FORGE_FLAW_NAME_ALG_SHA1:
		draft->area.nameAlg = TPM2_ALG_SHA1;
		break;
	case FORGE_FLAW_RSA_MODULUS_SHORT:
		modulus->size--;
		break;
	case FORGE_FLAW_RSA_MODULUS_SMALL:
		modulus->buffer[0] &= 0x7f;
		break;
	case FORGE_FLAW_RSA_MODULUS_EVEN:
		modulus->buffer[modulus->size - 1] &= 0xfe;
		break;
	case FORGE_FLAW_POINT_OFF_CURVE:
		point->y.buffer[point->y.size - 1] ^= 1;
		break;
	case FORGE_FLAW_POINT_TOO_LONG: /* the same number with a zero before it */
		memmove(point->x.buffer + 1, point->x.buffer, point->x.size++);
		point->x.buffer[0] = 0;
		break;
	default:
		break;
	}
}

static void
draft_data(struct ak_draft *draft, struct forge_ak *ak)
{
	uint8_t wire[sizeof draft->data];
	size_t  used = 0;

	draft->data.parentNameAlg = TPM2_ALG_SHA256;
	forge_must(Tss2_MU_TPMS_CREATION_DATA_Marshal(&draft->data, wire, sizeof wire, &used) ==
	    TSS2_RC_SUCCESS);
	bytes_append(&ak->create_data, wire, used);
	if (draft->flaw == FORGE_FLAW_DATA_CUT_OFF)
		ak->create_data.size--;
	if (draft->flaw == FORGE_FLAW_DATA_LEFT_OVER)
		bytes_append_u8(&ak->create_data, 0);
}

static void
draft_attest(struct ak_draft *draft, const struct forge_ak *ak)
{
	TPMS_CREATION_INFO *info = &draft->attest.attested.creation;
	TPMI_ALG_HASH       hash = draft->area.nameAlg;
	unsigned            size;

	draft->attest.magic = TPM2_GENERATED_VALUE;
	draft->attest.type = TPM2_ST_ATTEST_CREATION;
	draft->attest.qualifiedSigner.size = 2;
	memcpy(info->objectName.name, ak->name.bytes, ak->name.size);
	info->objectName.size = (UINT16)ak->name.size;
	forge_must(EVP_Digest(ak->create_data.data, ak->create_data.size, info->creationHash.buffer,
	               &size, forge_digest(hash), NULL) == 1);
	info->creationHash.size = (UINT16)size;
	switch (draft->flaw) {
	case FORGE_FLAW_ATTEST_MAGIC:
		draft->attest.magic++;
		break;
	case FORGE_FLAW_ATTEST_TYPE: /* TPMS_CERTIFY_INFO holds two Names */
		draft->attest.type = TPM2_ST_ATTEST_CERTIFY;
		break;
	case FORGE_FLAW_OBJECT_NAME:
		info->objectName.name[info->objectName.size - 1] ^= 1;
		break;
	case FORGE_FLAW_OBJECT_NAME_EMPTY:
		info->objectName.size = 0;
		break;
	case FORGE_FLAW_CREATION_HASH:
		info->creationHash.buffer[0] ^= 1;
		break;
	case FORGE_FLAW_CREATION_HASH_EMPTY:
		info->creationHash.size = 0;
		break;
	default:
		break;
	}
}

static void
draft_sign(struct ak_draft *draft, enum forge_ak_kind kind, struct forge_ak *ak)
{
	EVP_PKEY           *key = draft->key;
	TPMI_ALG_SIG_SCHEME scheme = draft->scheme;
	TPMI_ALG_HASH       hash = draft->hash;

	switch (draft->flaw) {
	case FORGE_FLAW_SIGNATURE_SCHEME:
		scheme = TPM2_ALG_RSAPSS;
		break;
	case FORGE_FLAW_SIGNATURE_HASH:
	case FORGE_FLAW_ECC_SIGNATURE_HASH:
		hash = TPM2_ALG_SHA384;
		break;
	case FORGE_FLAW_SIGNATURE_OF_OTHER_KEY:
	case FORGE_FLAW_ECC_SIGNATURE_OF_OTHER_KEY:
		key = forge_key(kinds[kind].key, 1);
		break;
	default:
		break;
	}
	forge_sign(key, scheme, hash, -1, bytes_view(&ak->attestation), &ak->signature);
}

/* The flaws that do not show before everything is marshalled and signed. */
static void
draft_spoil(enum forge_flaw flaw, struct forge_ak *ak)
{
	switch (flaw) {
	case FORGE_FLAW_PUBLIC_CUT_OFF:
		ak->public.size--;
		break;
	case FORGE_FLAW_PUBLIC_LEFT_OVER:
		bytes_append_u8(&ak->public, 0);
		break;
	case FORGE_FLAW_SIGNATURE_CUT_OFF:
		ak->signature.size--;
		break;
	case FORGE_FLAW_SIGNATURE_LEFT_OVER:
		bytes_append_u8(&ak->signature, 0);
		break;
	case FORGE_FLAW_SIGNATURE_OF_OTHER_OCTETS: /* another firmwareVersion */
		/* header, qualifiedSigner, extraData, clockInfo stand before it */
		ak->attestation.data[6 + 2 + 2 + 2 + 17 + 7] ^= 1;
		break;
	default:
		break;
	}
}

void
forge_ak_make(enum forge_ak_kind kind, enum forge_flaw flaw, struct forge_ak *ak)
{
	struct ak_draft draft = {.flaw = flaw,
	    .key = draft_key(kind, flaw),
	    .scheme = kinds[kind].scheme,
	    .hash = kinds[kind].hash};

	if (flaw == FORGE_FLAW_RSA_HASH_SHA1 || flaw == FORGE_FLAW_ECC_HASH_SHA1)
		draft.hash = TPM2_ALG_SHA1;
	memset(ak, 0, sizeof *ak);
	ak->key = draft.key;
	draft_area(&draft, kind);
	forge_marshal_public(&draft.area, &ak->public);
	ak->name = forge_name(bytes_view(&ak->public));
	draft_data(&draft, ak);
	draft_attest(&draft, ak);
	forge_marshal_attest(&draft.attest, &ak->attestation);
	if (flaw == FORGE_FLAW_ATTEST_CUT_OFF)
		ak->attestation.size--;
	if (flaw == FORGE_FLAW_ATTEST_EMPTY)
		ak->attestation.size = 0;
	if (flaw == FORGE_FLAW_ATTEST_LEFT_OVER)
		bytes_append_u8(&ak->attestation, 0);
	draft_sign(&draft, kind, ak);
	draft_spoil(flaw, ak);
}

void
forge_ak_clear(struct forge_ak *ak)
{
	bytes_clear(&ak->public);
	bytes_clear(&ak->create_data);
	bytes_clear(&ak->attestation);
	bytes_clear(&ak->signature);
	memset(ak, 0, sizeof *ak);
}
