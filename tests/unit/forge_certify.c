/* Forges keys that an AK certifies: TPM2_Certify with one flaw at most. */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "forge.h"
#include "forge_must.h"

#define KEY_ATTRIBUTES                                                                       \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |  \
	    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT)

static const struct forge_certify_row rows[] = {
#define X(name, kind, detail) [FORGE_CERTIFY_##name] = {#name, ERROR_##kind, detail},
	FORGE_CERTIFY_FLAWS(X)
#undef X
};

const struct forge_certify_row *
forge_certify_row(enum forge_certify_flaw flaw)
{
	return &rows[flaw];
}

static TPMA_OBJECT
certify_attributes(enum forge_certify_flaw flaw)
{
	switch (flaw) {
	case FORGE_CERTIFY_NO_FIXED_TPM:
		return KEY_ATTRIBUTES & ~TPMA_OBJECT_FIXEDTPM;
	case FORGE_CERTIFY_NO_FIXED_PARENT:
		return KEY_ATTRIBUTES & ~TPMA_OBJECT_FIXEDPARENT;
	case FORGE_CERTIFY_NO_SENSITIVE_DATA_ORIGIN:
		return KEY_ATTRIBUTES & ~TPMA_OBJECT_SENSITIVEDATAORIGIN;
	case FORGE_CERTIFY_NO_SIGN:
		return KEY_ATTRIBUTES & ~TPMA_OBJECT_SIGN_ENCRYPT;
	case FORGE_CERTIFY_RESTRICTED:
		return KEY_ATTRIBUTES | TPMA_OBJECT_RESTRICTED;
	default:
		return KEY_ATTRIBUTES;
	}
}

static void
certify_area(EVP_PKEY *key, enum forge_certify_flaw flaw, struct forge_certify *certify)
{
	TPMT_PUBLIC     area = {.nameAlg = TPM2_ALG_SHA256,
	        .objectAttributes = certify_attributes(flaw)};
	TPMS_ECC_POINT *point = &area.unique.ecc;

	forge_public_key(key, &area);
	if (area.type == TPM2_ALG_RSA) {
		area.parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
		area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
	} else {
		area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
		area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
		area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	}
	if (flaw == FORGE_CERTIFY_POINT_OFF_CURVE)
		point->y.buffer[point->y.size - 1] ^= 1;
	if (flaw == FORGE_CERTIFY_AREA_NAME_ALG_SHA1)
		area.nameAlg = TPM2_ALG_SHA1;
	if (flaw == FORGE_CERTIFY_AREA_TYPE)
		area = (TPMT_PUBLIC){.type = TPM2_ALG_KEYEDHASH,
		    .nameAlg = TPM2_ALG_SHA256,
		    .objectAttributes = KEY_ATTRIBUTES,
		    .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL};
	forge_marshal_public(&area, &certify->area);
	certify->name = forge_name(bytes_view(&certify->area));
}

static void
certify_info(struct view key_authorization, TPMI_ALG_HASH hash, enum forge_certify_flaw flaw,
    struct forge_certify *certify)
{
	TPMS_ATTEST        attest = {.magic = TPM2_GENERATED_VALUE, .type = TPM2_ST_ATTEST_CERTIFY};
	TPMS_CERTIFY_INFO *info = &attest.attested.certify;
	unsigned           size;

	forge_must(EVP_Digest(key_authorization.data, key_authorization.size,
	               attest.extraData.buffer, &size, forge_digest(hash), NULL) == 1);
	attest.extraData.size = (UINT16)size;
	memcpy(info->name.name, certify->name.bytes, certify->name.size);
	info->name.size = (UINT16)certify->name.size;
	info->qualifiedName = info->name;
	switch (flaw) {
	case FORGE_CERTIFY_INFO_MAGIC:
		attest.magic++;
		break;
	case FORGE_CERTIFY_INFO_TYPE: /* a Name and a digest, as here */
		attest.type = TPM2_ST_ATTEST_CREATION;
		break;
	case FORGE_CERTIFY_INFO_NAME:
		info->name.name[info->name.size - 1] ^= 1;
		break;
	case FORGE_CERTIFY_INFO_EXTRA_DATA:
		attest.extraData.buffer[0] ^= 1;
		break;
	case FORGE_CERTIFY_INFO_EXTRA_DATA_EMPTY:
		attest.extraData.size = 0;
		break;
	default:
		break;
	}
	forge_marshal_attest(&attest, &certify->info);
	if (flaw == FORGE_CERTIFY_INFO_CUT_OFF)
		certify->info.size--;
	if (flaw == FORGE_CERTIFY_INFO_LEFT_OVER)
		bytes_append_u8(&certify->info, 0);
}

/* The flaws that do not show before everything is marshalled and signed. */
static void
certify_spoil(enum forge_certify_flaw flaw, struct forge_certify *certify)
{
	switch (flaw) {
	case FORGE_CERTIFY_AREA_CUT_OFF:
		certify->area.size--;
		break;
	case FORGE_CERTIFY_AREA_LEFT_OVER:
		bytes_append_u8(&certify->area, 0);
		break;
	case FORGE_CERTIFY_SIG_CUT_OFF:
		certify->sig.size--;
		break;
	case FORGE_CERTIFY_SIG_LEFT_OVER:
		bytes_append_u8(&certify->sig, 0);
		break;
	case FORGE_CERTIFY_SIG_OTHER_OCTETS: /* the last of the qualified Name */
		certify->info.data[certify->info.size - 1] ^= 1;
		break;
	default:
		break;
	}
}

static void
certify_make(const struct forge_ak *ak, enum forge_ak_kind ak_kind, EVP_PKEY *key,
    struct view key_authorization, enum forge_certify_flaw flaw, struct forge_certify *certify)
{
	TPMI_ALG_SIG_SCHEME scheme = forge_ak_scheme(ak_kind);
	TPMI_ALG_HASH       hash = forge_ak_hash(ak_kind);
	EVP_PKEY           *signer = ak->key;

	memset(certify, 0, sizeof *certify);
	certify->key = key;
	certify_area(certify->key, flaw, certify);
	certify_info(key_authorization, hash, flaw, certify);
	if (flaw == FORGE_CERTIFY_SIG_HASH)
		hash = TPM2_ALG_SHA384;
	if (flaw == FORGE_CERTIFY_SIG_OTHER_KEY)
		signer = forge_key(forge_ak_key(ak_kind), 1);
	forge_sign(signer, scheme, hash, -1, bytes_view(&certify->info), &certify->sig);
	certify_spoil(flaw, certify);
}

void
forge_certify_make(const struct forge_ak *ak, enum forge_ak_kind ak_kind, enum forge_key key,
    struct view key_authorization, enum forge_certify_flaw flaw, struct forge_certify *certify)
{
	certify_make(ak, ak_kind, forge_key(key, 2), key_authorization, flaw, certify);
}

void
forge_certify_make_of(const struct forge_ak *ak, enum forge_ak_kind ak_kind, EVP_PKEY *key,
    struct view key_authorization, struct forge_certify *certify)
{
	certify_make(ak, ak_kind, key, key_authorization, FORGE_CERTIFY_NONE, certify);
}

void
forge_certify_clear(struct forge_certify *certify)
{
	bytes_clear(&certify->area);
	bytes_clear(&certify->info);
	bytes_clear(&certify->sig);
	memset(certify, 0, sizeof *certify);
}
