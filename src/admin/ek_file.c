/* Finds the public key in a file and checks it as an EK. */
#include "config.h"

#include "admin/ek_file.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "pki/ek_certificate.h"
#include "tpm/spki.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define EK_FILE_MAX ((size_t)256 * 1024)

static int
ek_file_hash_spki(struct view spki, const char *path, struct ek_hash *hash, struct error *err)
{
	struct view   none = {NULL, 0};
	struct tpm_ek ek = {0};

	if (tpm_ek_decode(spki, none, &ek, err) != 0) {
		if (err->kind == ERROR_MALFORMED)
			return error_set(err, ERROR_MALFORMED,
			    "%s holds neither a public key nor a certificate, PEM or DER", path);
		return error_wrap(err, "%s", path);
	}
	*hash = ek.hash;
	tpm_ek_clear(&ek);
	return 0;
}

static int
ek_file_hash_certificate(X509 *certificate, const char *path, struct ek_hash *hash,
    struct error *err)
{
	EVP_PKEY  *key = X509_get0_pubkey(certificate);
	AUTO_BYTES spki = {0};

	if (key == NULL) {
		ERR_clear_error();
		return error_set(err, ERROR_MALFORMED,
		    "the certificate in %s has a key of an unsupported kind; give the HASH", path);
	}
	if (spki_encode(key, &spki, err) != 0)
		return error_wrap(err, "%s", path);
	return ek_file_hash_spki(bytes_view(&spki), path, hash, err);
}

static int
ek_file_hash_der(struct view der, const char *path, struct ek_hash *hash, struct error *err)
{
	X509 *certificate = NULL;
	int   rc;

	/* A certificate from NV may have a header before it and padding after it. */
	if (ek_certificate_read(der, &certificate, err) != 0)
		return ek_file_hash_spki(der, path, hash, err);
	rc = ek_file_hash_certificate(certificate, path, hash, err);
	X509_free(certificate);
	return rc;
}

/* Handles one PEM block: 1 when it was hashed, 0 when it is of another type, -1 on failure. */
static int
ek_file_hash_block(const char *label, struct view der, const char *path, struct ek_hash *hash,
    struct error *err)
{
	if (strstr(label, "PRIVATE KEY") != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "%s holds a private key; give the EK's public key or its certificate", path);
	if (strcmp(label, PEM_STRING_PUBLIC) != 0 && strcmp(label, PEM_STRING_X509) != 0)
		return 0;
	return ek_file_hash_der(der, path, hash, err) == 0 ? 1 : -1;
}

static int
ek_file_hash_pem(struct view text, const char *path, struct ek_hash *hash, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
	int  rc = 0;

	while (bio != NULL && rc == 0) {
		char          *label = NULL;
		char          *header = NULL;
		unsigned char *data = NULL;
		long           size = 0;

		if (PEM_read_bio(bio, &label, &header, &data, &size) != 1)
			break;
		rc = ek_file_hash_block(label, (struct view){data, (size_t)size}, path, hash, err);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)size);
	}
	BIO_free(bio);
	ERR_clear_error(); /* OpenSSL queues an error at the end of a PEM file */
	if (rc == 0)
		return error_set(err, ERROR_MALFORMED,
		    "%s holds neither a public key nor a certificate, PEM or DER", path);
	return rc > 0 ? 0 : -1;
}

int
ek_file_hash(const char *path, struct ek_hash *hash, struct error *err)
{
	static const char begin[] = "-----BEGIN ";
	AUTO_BYTES        content = {0};

	if (file_read(path, EK_FILE_MAX, &content, err) != 0)
		return -1;
	if (content.size != 0 &&
	    memmem(content.data, content.size, begin, sizeof begin - 1) != NULL)
		return ek_file_hash_pem(bytes_view(&content), path, hash, err);
	return ek_file_hash_der(bytes_view(&content), path, hash, err);
}
