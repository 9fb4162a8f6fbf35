/* Owns the table of AK kinds; talks to no TPM. */
#include "config.h"

#include "device/tpm/ak_type.h"

#include <string.h>

#include "device/tpm/template.h"

/* RSASSA with SHA-256 is first: step-ca verifies nothing else. */
static const struct device_ak_type types[] = {
    {"rsa2048", TPM2_ALG_RSA, 2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA256, TPM2_ALG_SHA256},
    {"rsa2048-pss", TPM2_ALG_RSA, 2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, TPM2_ALG_SHA256},
    {"rsa3072", TPM2_ALG_RSA, 3072, TPM2_ALG_RSASSA, TPM2_ALG_SHA256, TPM2_ALG_SHA256},
    {"rsa3072-pss", TPM2_ALG_RSA, 3072, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, TPM2_ALG_SHA256},
    {"p256", TPM2_ALG_ECC, TPM2_ECC_NIST_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, TPM2_ALG_SHA256},
    {"p384", TPM2_ALG_ECC, TPM2_ECC_NIST_P384, TPM2_ALG_ECDSA, TPM2_ALG_SHA384, TPM2_ALG_SHA384},
    {"p521", TPM2_ALG_ECC, TPM2_ECC_NIST_P521, TPM2_ALG_ECDSA, TPM2_ALG_SHA512, TPM2_ALG_SHA512},
};

const struct device_ak_type *
device_ak_type_at(size_t index)
{
	return index < sizeof types / sizeof types[0] ? &types[index] : NULL;
}

const struct device_ak_type *
device_ak_type_find(const char *word)
{
	const struct device_ak_type *type;

	for (size_t i = 0; (type = device_ak_type_at(i)) != NULL; i++) {
		if (strcmp(type->word, word) == 0)
			return type;
	}
	return NULL;
}

const struct device_ak_type *
device_ak_type_of(const TPMT_PUBLIC *area)
{
	const struct device_ak_type *type;

	for (size_t i = 0; (type = device_ak_type_at(i)) != NULL; i++) {
		if (type->type != area->type || type->name_alg != area->nameAlg)
			continue;
		if (type->type == TPM2_ALG_RSA
		        ? area->parameters.rsaDetail.keyBits == type->size &&
		            area->parameters.rsaDetail.scheme.scheme == type->scheme &&
		            area->parameters.rsaDetail.scheme.details.anySig.hashAlg == type->hash
		        : area->parameters.eccDetail.curveID == type->size &&
		            area->parameters.eccDetail.scheme.scheme == type->scheme &&
		            area->parameters.eccDetail.scheme.details.anySig.hashAlg == type->hash)
			return type;
	}
	return NULL;
}

TPMT_PUBLIC
device_ak_type_public(const struct device_ak_type *type)
{
	TPMT_PUBLIC area = {
	    .type = type->type,
	    .nameAlg = type->name_alg,
	    .objectAttributes = DEVICE_KEY_ATTRIBUTES | TPMA_OBJECT_RESTRICTED,
	};

	if (type->type == TPM2_ALG_RSA) {
		area.parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
		area.parameters.rsaDetail.scheme.scheme = type->scheme;
		area.parameters.rsaDetail.scheme.details.anySig.hashAlg = type->hash;
		area.parameters.rsaDetail.keyBits = type->size;
	} else {
		area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
		area.parameters.eccDetail.scheme.scheme = type->scheme;
		area.parameters.eccDetail.scheme.details.anySig.hashAlg = type->hash;
		area.parameters.eccDetail.curveID = type->size;
		area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	}
	return area;
}
