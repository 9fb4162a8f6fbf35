/* Keys and certificates as attest-device leaves them, made in software. */
#ifndef TESTS_UNIT_PKCS11_MATERIAL_SUPPORT_H
#define TESTS_UNIT_PKCS11_MATERIAL_SUPPORT_H

#include "device/tpm/key_file.h"
#include "pki_support.h"
#include "tpm/key.h"

/* A key, and what a TPM would say of it. */
struct made {
	EVP_PKEY         *key;
	X509             *certificate;
	struct device_key tpm_key;
};

/* Makes a P-256 key with a certificate for `name` by `issuer` (NULL: by itself). */
static inline void
made_new(struct made *made, const char *name, const struct ca *issuer)
{
	TPMT_PUBLIC *area = &made->tpm_key.public.publicArea;
	struct error err = {0};
	uint8_t      x[TPM_COORDINATE_MAX];
	uint8_t      y[TPM_COORDINATE_MAX];

	*made = (struct made){0};
	unit_ok(key_generate(KEY_TYPE_P256, &made->key, &err), &err);
	made->certificate = pki_forge(&(struct pki_forgery){
	    .issuer = issuer, .key = made->key, .common_name = name});
	unit_ok(tpm_key_coordinates(made->key, tpm_key_curve(made->key), x, y, &err), &err);
	made->tpm_key.parent = TPM2_RH_OWNER;
	made->tpm_key.private.size = 32;
	memcpy(made->tpm_key.private.buffer, x, 32); /* any octets, another key's are others */
	area->type = TPM2_ALG_ECC;
	area->nameAlg = TPM2_ALG_SHA256;
	area->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
	area->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
	area->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
	area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	area->unique.ecc.x.size = area->unique.ecc.y.size = 32;
	memcpy(area->unique.ecc.x.buffer, x, 32);
	memcpy(area->unique.ecc.y.buffer, y, 32);
}

static inline void
made_clear(struct made *made)
{
	EVP_PKEY_free(made->key);
	X509_free(made->certificate);
}

static inline void
made_write_key(const struct made *made, const char *directory, const char *file)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	unit_ok(device_key_encode(&made->tpm_key, &pem, &err), &err);
	pki_write(directory, file, pem.data, pem.size);
}

/* device.key and device.pem, or with another name: NAME.key and NAME.pem. */
static inline void
made_write(const struct made *made, const char *directory, const char *name)
{
	char file[128];

	(void)snprintf(file, sizeof file, "%s.key", name);
	made_write_key(made, directory, file);
	(void)snprintf(file, sizeof file, "%s.pem", name);
	pki_write_certificate(directory, file, made->certificate);
}

#endif
