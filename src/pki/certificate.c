/* Reads and writes certificates as octets; does not judge their content. */
#include "config.h"

#include "pki/certificate.h"

#include <limits.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "pki/pem.h"
#include "tpm/openssl_error.h"
#include "tpm/spki.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/hex.h"

/* PEM files are small; the bound keeps a wrong path from filling memory. */
#define CERTIFICATE_FILE_MAX ((size_t)1 << 20)

int
certificate_decode_first(struct view der, X509 **out, size_t *used, struct error *err)
{
	const unsigned char *p = der.data;
	X509                *certificate;

	if (der.size == 0 || der.size > LONG_MAX)
		return error_set(err, ERROR_MALFORMED, "a certificate of %zu octets", der.size);
	if ((certificate = d2i_X509(NULL, &p, (long)der.size)) == NULL)
		return error_set_openssl(err, ERROR_MALFORMED, "not a certificate");
	ERR_clear_error(); /* an unknown key algorithm is no failure, but leaves an error in the queue */
	*used = (size_t)(p - der.data);
	*out = certificate;
	return 0;
}

int
certificate_decode(struct view der, X509 **out, struct error *err)
{
	X509  *certificate = NULL;
	size_t used = 0;

	if (certificate_decode_first(der, &certificate, &used, err) != 0)
		return -1;
	if (used != der.size) {
		X509_free(certificate);
		return error_set(err, ERROR_MALFORMED, "%zu octets after a certificate",
		    der.size - used);
	}
	*out = certificate;
	return 0;
}

int
certificate_encode(const X509 *certificate, struct bytes *der, struct error *err)
{
	unsigned char *data = NULL;
	int            size = i2d_X509(certificate, &data);

	if (size <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding a certificate");
	bytes_append(der, data, (size_t)size);
	OPENSSL_free(data);
	return 0;
}

int
certificate_encode_pem(const X509 *certificate, struct bytes *pem, struct error *err)
{
	AUTO_BYTES der = {0};

	if (certificate_encode(certificate, &der, err) != 0)
		return -1;
	return certificate_wrap_pem(bytes_view(&der), pem, err);
}

int
certificate_wrap_pem(struct view der, struct bytes *pem, struct error *err)
{
	return pem_wrap(PEM_STRING_X509, der, pem, err);
}

int
certificate_decode_pem(const struct bytes *pem, const char *path, X509 **out, struct error *err)
{
	BIO *bio = pem_open(pem);

	*out = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, pem_no_passphrase_cb, NULL);
	BIO_free(bio);
	if (*out == NULL)
		return error_set_openssl(err, ERROR_MALFORMED, "no PEM certificate in %s", path);
	ERR_clear_error();
	return 0;
}

int
certificate_load(const char *path, X509 **out, struct error *err)
{
	AUTO_BYTES pem = {0};

	if (file_read(path, CERTIFICATE_FILE_MAX, &pem, err) != 0)
		return -1;
	return certificate_decode_pem(&pem, path, out, err);
}

int
certificate_load_in(const struct folder *folder, const char *name, X509 **out, struct error *err)
{
	AUTO_FREE char *path = file_join(folder->path, name);
	AUTO_BYTES      pem = {0};

	if (folder_read(folder, name, CERTIFICATE_FILE_MAX, &pem, err) != 0)
		return -1;
	return certificate_decode_pem(&pem, path, out, err);
}

int64_t
certificate_time(const ASN1_TIME *when)
{
	struct tm tm = {0};

	/* d2i_X509 accepts certificates whose times cannot be read; they are never valid. */
	return ASN1_TIME_to_tm(when, &tm) == 1 ? (int64_t)timegm(&tm) : INT64_MIN;
}

int64_t
certificate_not_before(const X509 *certificate)
{
	int64_t when = certificate_time(X509_get0_notBefore(certificate));

	return when == INT64_MIN ? INT64_MAX : when;
}

int64_t
certificate_not_after(const X509 *certificate)
{
	return certificate_time(X509_get0_notAfter(certificate));
}

int64_t
certificate_begin(const X509 *issuer, int64_t now, int64_t backdate)
{
	int64_t first = certificate_not_before(issuer);

	return first <= now && now - backdate < first ? first : now - backdate;
}

int
certificate_check_time(const X509 *certificate, int64_t now, struct error *err)
{
	bool    early = now < certificate_not_before(certificate);
	int64_t limit = early ? certificate_not_before(certificate) : certificate_not_after(certificate);
	char    when[CLOCK_TEXT_SIZE];
	char    here[CLOCK_TEXT_SIZE];

	if (!early && now <= limit)
		return 0;
	clock_format(limit, when);
	clock_format(now, here);
	return error_set(err, ERROR_BAD_ATTESTATION,
	    "it %s %s, and it is %s here; are both clocks right?",
	    early ? "is not valid before" : "expired at", when, here);
}

int
certificate_serial_draw(uint8_t serial[CERTIFICATE_SERIAL_SIZE], struct error *err)
{
	if (RAND_bytes(serial, CERTIFICATE_SERIAL_SIZE) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "drawing a serial number");
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	return 0;
}

int
certificate_key_hash(const X509 *certificate, uint8_t hash[32], struct error *err)
{
	EVP_PKEY  *key = X509_get0_pubkey(certificate);
	AUTO_BYTES der = {0};

	if (key == NULL)
		return error_set_openssl(err, ERROR_MALFORMED, "the certificate's key cannot be decoded");
	if (spki_encode(key, &der, err) != 0)
		return -1;
	if (EVP_Digest(der.data, der.size, hash, NULL, EVP_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing a public key");
	return 0;
}

int
certificate_fingerprint(const X509 *certificate, char text[CERTIFICATE_FINGERPRINT_SIZE],
    struct error *err)
{
	uint8_t      digest[32];
	unsigned int size = sizeof digest;

	if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing a certificate");
	hex_encode(digest, sizeof digest, text);
	return 0;
}

void
certificate_subject(const X509 *certificate, char *text, size_t size)
{
	certificate_name(X509_get_subject_name(certificate), text, size);
}

void
certificate_name(const X509_NAME *name, char *text, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int  used = 0;

	/* One line of ASCII; other characters are escaped. */
	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE) >= 0)
		used = BIO_read(bio, text, (int)size - 1);
	text[used > 0 ? used : 0] = '\0';
	BIO_free(bio);
}
