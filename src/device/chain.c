/* Verifies and describes the chain that an attestation host sent; stores nothing. */
#include "config.h"

#include "device/chain.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"
#include "pki/chain.h"
#include "pki/pem.h"
#include "tpm/ak.h"
#include "tpm/openssl_error.h"
#include "tpm/spki.h"
#include "util/base64.h"
#include "util/ek_hash.h"
#include "util/error.h"

#define CHAIN_MAX 8U

void
device_chain_clear(struct device_chain *chain)
{
	sk_X509_pop_free(chain->certificates, X509_free);
	ak_names_clear(&chain->names);
	*chain = (struct device_chain){0};
}

static X509 *
chain_leaf(const struct device_chain *chain)
{
	return sk_X509_value(chain->certificates, 0);
}

int
device_chain_decode(const json_t *array, struct device_chain *chain, struct error *err)
{
	size_t        index;
	const json_t *item;

	*chain = (struct device_chain){.certificates = sk_X509_new_null()};
	if (!json_is_array(array) || json_array_size(array) == 0 ||
	    json_array_size(array) > CHAIN_MAX)
		return error_set(err, ERROR_MALFORMED, "the answer's \"chain\" is no list of 1 to %u",
		    CHAIN_MAX);
	json_array_foreach(array, index, item) {
		AUTO_BYTES der = {0};
		X509      *certificate = NULL;

		if (!json_is_string(item))
			return error_set(err, ERROR_MALFORMED, "the answer's chain[%zu] is no string",
			    index);
		if (base64_decode(BASE64_STANDARD, json_string_value(item), json_string_length(item),
		        &der, err) != 0 ||
		    certificate_decode(bytes_view(&der), &certificate, err) != 0)
			return error_wrap(err, "the answer's chain[%zu]", index);
		if (sk_X509_push(chain->certificates, certificate) <= 0) {
			X509_free(certificate);
			return error_set_openssl(err, ERROR_INTERNAL, "keeping a certificate");
		}
	}
	return 0;
}

int
device_chain_read(const struct bytes *pem, struct device_chain *chain, struct error *err)
{
	BIO  *bio = pem_open(pem);
	X509 *certificate;
	bool  whole = bio != NULL;
	int   count;

	*chain = (struct device_chain){.certificates = sk_X509_new_null()};
	while (whole && sk_X509_num(chain->certificates) <= (int)CHAIN_MAX &&
	    (certificate = PEM_read_bio_X509(bio, NULL, pem_no_passphrase_cb, NULL)) != NULL) {
		if (sk_X509_push(chain->certificates, certificate) <= 0) {
			X509_free(certificate);
			whole = false;
		}
	}
	BIO_free(bio);
	if (!whole)
		return error_set_openssl(err, ERROR_INTERNAL, "reading a chain");
	count = sk_X509_num(chain->certificates);
	if (count <= (int)CHAIN_MAX && !pem_is_at_end())
		return error_set_unlike(err, ERROR_MALFORMED, "no chain of 1 to %u certificates", CHAIN_MAX);
	if (count == 0 || count > (int)CHAIN_MAX)
		return error_set(err, ERROR_MALFORMED, "no chain of 1 to %u certificates", CHAIN_MAX);
	return 0;
}

int
device_chain_export(const struct device_chain *chain, struct bytes *der, int max, struct error *err)
{
	int count = sk_X509_num(chain->certificates);

	if (count > max)
		return error_set(err, ERROR_INTERNAL, "a chain of %d certificates", count);
	for (int i = 0; i < count; i++) {
		if (certificate_encode(sk_X509_value(chain->certificates, i), &der[i], err) != 0)
			return -1;
	}
	return count;
}

static bool
leaf_names_ek(X509 *leaf, const struct ek_hash *ek)
{
	AUTO_FREE char *urn = ek_hash_urn(ek);
	GENERAL_NAMES  *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool            found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		found = name->type == GEN_URI &&
		    (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier) == strlen(urn) &&
		    memcmp(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier), urn,
		        strlen(urn)) == 0;
	}
	GENERAL_NAMES_free(names);
	return found;
}

static bool
leaf_has_key(X509 *leaf, struct view area)
{
	EVP_PKEY     *key = X509_get0_pubkey(leaf);
	AUTO_BYTES    spki = {0};
	struct tpm_ak ak = {0};
	struct error  ignored;
	bool          same;

	if (tpm_ak_decode(area, &ak, &ignored) != 0)
		return false;
	same = key != NULL && spki_encode(key, &spki, &ignored) == 0 &&
	    view_equal(bytes_view(&spki), bytes_view(&ak.spki));
	tpm_ak_clear(&ak);
	return same;
}

int
device_chain_links_verify(const struct device_chain *chain, struct error *err)
{
	for (int i = 0; i + 1 < sk_X509_num(chain->certificates); i++) {
		X509     *below = sk_X509_value(chain->certificates, i);
		X509     *above = sk_X509_value(chain->certificates, i + 1);
		EVP_PKEY *key;

		if (X509_NAME_cmp(X509_get_issuer_name(below), X509_get_subject_name(above)) != 0)
			return error_set(err, ERROR_BAD_ATTESTATION,
			    "certificate %d of the chain was not issued by the next", i);
		key = X509_get0_pubkey(above);
		if (key == NULL)
			return error_set_openssl(err, ERROR_BAD_ATTESTATION,
			    "the key of certificate %d of the chain cannot be decoded", i + 1);
		if (X509_verify(below, key) != 1)
			return error_set_openssl(err, ERROR_BAD_ATTESTATION,
			    "the signature of certificate %d of the chain does not verify", i);
	}
	return 0;
}

static int
times_verify(const struct device_chain *chain, int64_t now, struct error *err)
{
	for (int i = 0; i < sk_X509_num(chain->certificates); i++) {
		if (certificate_check_time(sk_X509_value(chain->certificates, i), now, err) != 0)
			return i == 0 ? -1 : error_wrap(err, "one above it");
	}
	if (certificate_not_after(chain_leaf(chain)) - now > DEVICE_CHAIN_LIFETIME_MAX)
		return error_set(err, ERROR_BAD_ATTESTATION, "it is valid for more than ten years");
	return 0;
}

static int
roots_verify(const struct device_chain *chain, const struct trust *trust, int64_t now,
    struct error *err)
{
	const struct chain_policy policy = {.trust = trust, .now = now};
	X509                     *above[CHAIN_MAX];
	size_t                    count = 0;
	const X509               *root;

	for (int i = 1; i < sk_X509_num(chain->certificates); i++)
		above[count++] = sk_X509_value(chain->certificates, i);
	return chain_verify(&policy, chain_leaf(chain), above, count, &root, err);
}

int
device_chain_verify(struct device_chain *chain, struct view area, const struct ek_hash *ek,
    const struct trust *trust, int64_t now, struct error *err)
{
	X509 *leaf = chain_leaf(chain);

	if (!leaf_has_key(leaf, area))
		return error_set(err, ERROR_BAD_ATTESTATION, "it is for another key than our AK");
	if (ek != NULL && !leaf_names_ek(leaf, ek))
		return error_set(err, ERROR_BAD_ATTESTATION, "it does not name our EK");
	if (times_verify(chain, now, err) != 0)
		return -1;
	if (device_chain_links_verify(chain, err) != 0 ||
	    (trust != NULL && roots_verify(chain, trust, now, err) != 0))
		return -1;
	ak_names_clear(&chain->names);
	return ak_certificate_check(leaf, &chain->names, err);
}

int
device_chain_encode(const struct device_chain *chain, struct bytes *pem, struct error *err)
{
	for (int i = 0; i < sk_X509_num(chain->certificates); i++) {
		if (certificate_encode_pem(sk_X509_value(chain->certificates, i), pem, err) != 0)
			return -1;
	}
	return 0;
}

int64_t
device_chain_not_before(const struct device_chain *chain)
{
	return certificate_not_before(chain_leaf(chain));
}

int64_t
device_chain_not_after(const struct device_chain *chain)
{
	return certificate_not_after(chain_leaf(chain));
}

char *
device_chain_issuer(const struct device_chain *chain)
{
	X509_NAME *name = X509_get_issuer_name(chain_leaf(chain));
	int        at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	char       line[512] = "";
	unsigned char *text = NULL;

	if (at >= 0 &&
	    ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))) >= 0) {
		char *copy = memory_strdup((const char *)text);

		OPENSSL_free(text);
		return copy;
	}
	(void)X509_NAME_oneline(name, line, sizeof line);
	return memory_strdup(line);
}
