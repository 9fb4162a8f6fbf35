/*
 * Files in a device's state directory, and what a TPM gives; the first octet chooses: a key file, the
 * proof of an AK, a public area, the settings that the PKCS #11 module reads, a certificate's key.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include <openssl/x509.h>

#include "device/evidence.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/key_file.h"
#include "fuzz.h"
#include "pkcs11/digest_info.h"
#include "pkcs11/place.h"
#include "pkcs11/public_key.h"
#include "pki/certificate.h"
#include "tpm/area.h"
#include "tpm/key.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "tpm/signature.h"
#include "tpm/spki.h"
#include "util/error.h"

static void
refused_check(const struct error *err)
{
	assert(err->kind == ERROR_MALFORMED || err->kind == ERROR_BAD_ATTESTATION ||
	    (err->kind == ERROR_INTERNAL && strstr(err->detail, UNLIKE_SILENT) != NULL));
	assert(err->detail[0] != '\0');
}

static void
fuzz_key(struct view rest)
{
	struct device_key key;
	struct device_key again;
	AUTO_BYTES        pem = {0};
	AUTO_BYTES        twice = {0};
	struct error      err = {0};

	if (device_key_decode(rest, &key, &err) != 0) {
		refused_check(&err);
		return;
	}
	/* An area of a type that the library unmarshals and does not marshal is no key that we made. */
	if (device_key_encode(&key, &pem, &err) != 0)
		return;
	fuzz_must(device_key_decode(bytes_view(&pem), &again, &err), &err);
	fuzz_must(device_key_encode(&again, &twice, &err), &err);
	assert(view_equal(bytes_view(&pem), bytes_view(&twice)));
}

static void
fuzz_ak(struct view rest)
{
	struct device_ak ak = {0};
	struct error     err = {0};
	struct view      parts = rest;
	struct view      pem = fuzz_part(&parts);

	if (device_key_decode(pem, &ak.key, &err) == 0 && device_evidence_decode(parts, &ak, &err) == 0 &&
	    device_ak_check(&ak, &err) == 0) {
		AUTO_FREE char *text = device_evidence_encode(&ak);

		assert(text != NULL);
	} else {
		refused_check(&err);
	}
	device_ak_clear(&ak);
}

static void
fuzz_area(struct view rest)
{
	struct view    area;
	AUTO_BYTES     spki = {0};
	EVP_PKEY      *key = NULL;
	TPMT_SIGNATURE signature;
	struct error   err = {0};

	(void)tpm_signature_decode(rest, &signature, &err);
	if (!tpm_area_is(rest))
		return;
	if (tpm_area_find(rest, &area, &err) != 0 || tpm_area_spki(area, "EK", &spki, &err) != 0) {
		refused_check(&err);
		return;
	}
	assert(area.data >= rest.data && area.data + area.size <= rest.data + rest.size);
	fuzz_must(spki_decode(bytes_view(&spki), "EK", &key, &err), &err);
	EVP_PKEY_free(key);
}

static void
fuzz_settings(struct view rest)
{
	struct place place = {0};
	AUTO_BYTES   text = {0};

	if (rest.size != 0)
		bytes_append(&text, rest.data, rest.size);
	place_take_configuration(&text, &place);
	assert(place.count <= PLACE_SLOTS_MAX);
	place_clear(&place);
}

static void
fuzz_public(struct view rest)
{
	X509             *certificate = NULL;
	struct public_key key = {0};
	struct view       digest;
	TPM2_ALG_ID       hash;
	uint8_t           octets[32];
	struct error      err = {0};

	if (digest_info_read(rest, &hash, &digest))
		assert(digest.data >= rest.data && digest.data + digest.size <= rest.data + rest.size);
	if (certificate_decode(rest, &certificate, &err) != 0)
		return;
	if (public_key_read(certificate, &key, &err) == 0)
		assert(key.curve != NULL ? key.point.size == 1 + 2 * key.curve->field_size
					 : key.modulus.size != 0 && key.modulus.data[0] != 0);
	else
		assert(err.kind == ERROR_MALFORMED);
	public_key_clear(&key);
	(void)public_key_hash(certificate, octets, &err);
	X509_free(certificate);
}

static void (*const readers[])(struct view rest) = {fuzz_key, fuzz_ak, fuzz_area, fuzz_settings, fuzz_public};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size != 0)
		readers[data[0] % (sizeof readers / sizeof readers[0])]((struct view){data + 1, size - 1});
	return 0;
}
