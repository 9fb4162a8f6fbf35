/* Detects the format of a public key and checks the key as an EK. */
#include "config.h"

#include "admin/ek_content.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "pki/ek_certificate.h"
#include "tpm/area.h"
#include "tpm/ek.h"
#include "tpm/spki.h"
#include "util/base64.h"
#include "util/error.h"

static const char pem_begin[] = "-----BEGIN ";

static int
ek_content_unknown(const char *name, struct error *err)
{
	return error_set(err, ERROR_MALFORMED,
	    "%s holds neither a public key nor a certificate, PEM or DER, nor a TPM's public area", name);
}

/* ---- keys ---- */

/* `area` is the TPMT_PUBLIC of the key; empty without one. */
static int
ek_content_hash_spki(struct view spki, struct view area, const char *name, struct ek_hash *hash,
    struct error *err)
{
	struct tpm_ek ek = {0};

	if (tpm_ek_decode(spki, area, &ek, err) != 0) {
		if (err->kind == ERROR_MALFORMED)
			return ek_content_unknown(name, err);
		return error_wrap(err, "%s", name);
	}
	*hash = ek.hash;
	tpm_ek_clear(&ek);
	return 0;
}

static int
ek_content_hash_key(EVP_PKEY *key, const char *name, struct ek_hash *hash, struct error *err)
{
	struct view none = {NULL, 0};
	AUTO_BYTES  spki = {0};

	return spki_encode(key, &spki, err) == 0
	    ? ek_content_hash_spki(bytes_view(&spki), none, name, hash, err)
	    : error_wrap(err, "%s", name);
}

static int
ek_content_hash_certificate(X509 *certificate, const char *name, struct ek_hash *hash,
    struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (key == NULL) {
		ERR_clear_error();
		return error_set(err, ERROR_MALFORMED,
		    "the certificate in %s has a key of an unsupported kind; give the HASH", name);
	}
	return ek_content_hash_key(key, name, hash, err);
}

/* ---- DER ---- */

static int
ek_content_hash_der(struct view der, const char *name, struct ek_hash *hash, struct error *err)
{
	struct view none = {NULL, 0};
	X509       *certificate = NULL;
	EVP_PKEY   *key = NULL;
	int         rc;

	/* A certificate from NV may have a header before it and padding after it. */
	if (ek_certificate_read(der, &certificate, err) == 0) {
		rc = ek_content_hash_certificate(certificate, name, hash, err);
		X509_free(certificate);
		return rc;
	}
	if (spki_decode_rsa(der, "EK", &key, err) == 0) {
		rc = ek_content_hash_key(key, name, hash, err);
		EVP_PKEY_free(key);
		return rc;
	}
	if (err->kind != ERROR_MALFORMED)
		return error_wrap(err, "%s", name);
	return ek_content_hash_spki(der, none, name, hash, err);
}

/* ---- public areas ---- */

static int
ek_content_hash_area(struct view content, const char *name, struct ek_hash *hash,
    struct error *err)
{
	AUTO_BYTES  spki = {0};
	struct view area;

	if (tpm_area_find(content, &area, err) != 0 || tpm_area_spki(area, "EK", &spki, err) != 0)
		return error_wrap(err, "%s", name);
	return ek_content_hash_spki(bytes_view(&spki), area, name, hash, err);
}

/* ---- PEM ---- */

static bool
ek_content_is_pem(struct view content)
{
	return content.size != 0 &&
	    memmem(content.data, content.size, pem_begin, sizeof pem_begin - 1) != NULL;
}

/* Handles one PEM block: 1 when it was hashed, 0 when it is of another type, -1 on failure. */
static int
ek_content_hash_block(const char *label, struct view der, const char *name, struct ek_hash *hash,
    struct error *err)
{
	if (strstr(label, "PRIVATE KEY") != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "%s holds a private key; give the EK's public key or its certificate", name);
	if (strcmp(label, PEM_STRING_PUBLIC) != 0 && strcmp(label, PEM_STRING_RSA_PUBLIC) != 0 &&
	    strcmp(label, PEM_STRING_X509) != 0)
		return 0;
	return ek_content_hash_der(der, name, hash, err) == 0 ? 1 : -1;
}

static int
ek_content_hash_pem(struct view text, const char *name, struct ek_hash *hash, struct error *err)
{
	BIO *bio = text.size <= INT_MAX ? BIO_new_mem_buf(text.data, (int)text.size) : NULL;
	int  rc = 0;

	while (bio != NULL && rc == 0) {
		char          *label = NULL;
		char          *header = NULL;
		unsigned char *data = NULL;
		long           size = 0;

		if (PEM_read_bio(bio, &label, &header, &data, &size) != 1)
			break;
		rc = ek_content_hash_block(label, (struct view){data, (size_t)size}, name, hash, err);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)size);
	}
	BIO_free(bio);
	ERR_clear_error(); /* OpenSSL queues an error at the end of a PEM file */
	if (rc == 0)
		return ek_content_unknown(name, err);
	return rc > 0 ? 0 : -1;
}

static int
ek_content_hash_plain(struct view content, const char *name, struct ek_hash *hash,
    struct error *err)
{
	if (content.size == 0)
		return ek_content_unknown(name, err);
	if (ek_content_is_pem(content))
		return ek_content_hash_pem(content, name, hash, err);
	if (tpm_area_is(content))
		return ek_content_hash_area(content, name, hash, err);
	return ek_content_hash_der(content, name, hash, err);
}

/* ---- base64 ---- */

/*
 * Appends the text without its white space; false when a character is not base64. PEM may
 * consist of such characters only, so check for PEM first.
 */
static bool
ek_content_is_base64(struct view content, struct bytes *text)
{
	for (size_t i = 0; i < content.size; i++) {
		if (isspace(content.data[i]))
			continue;
		if (!isalnum(content.data[i]) && memchr("+/-_=", content.data[i], 5) == NULL)
			return false;
		bytes_append_u8(text, content.data[i]);
	}
	return text->size != 0;
}

int
ek_content_hash(struct view content, const char *name, struct ek_hash *hash, struct error *err)
{
	AUTO_BYTES   text = {0};
	AUTO_BYTES   decoded = {0};
	AUTO_BYTES   decoded_url = {0};
	struct error ignored;

	if (ek_content_is_pem(content) || !ek_content_is_base64(content, &text))
		return ek_content_hash_plain(content, name, hash, err);
	if (base64_decode(BASE64_STANDARD, (const char *)text.data, text.size, &decoded, &ignored) == 0)
		return ek_content_hash_plain(bytes_view(&decoded), name, hash, err);
	if (base64_decode(BASE64_URL, (const char *)text.data, text.size, &decoded_url, &ignored) == 0)
		return ek_content_hash_plain(bytes_view(&decoded_url), name, hash, err);
	return ek_content_unknown(name, err);
}
