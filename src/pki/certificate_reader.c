/* Finds certificates in octets, one after the other; knows the headers and padding in TPMs. */
#include "config.h"

#include "pki/certificate_reader.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "pki/certificate.h"
#include "pki/pem.h"
#include "pki/pkcs7.h"
#include "tpm/openssl_error.h"
#include "util/error.h"

/* TCG_PCCLIENT_STORED_CERT: tag, type (full), size, and TCG_PCCLIENT_FULL_CERT. */
#define READER_HEADER_SIZE 7

/* The first octets of a certificate in DER. */
#define READER_SEQUENCE 0x30

/* Padding after certificates: empty NV, and 0x11 on Nuvoton's TPM 1.2 chips. */
static const uint8_t paddings[] = {0x00, 0xff, 0x11};
#define READER_PADDINGS_NV 2 /* the ones that TPM 2.0 NV has: the first of the list */

static const char reader_begin[] = "-----BEGIN ";

static bool
reader_is_padding(struct view rest, size_t kinds)
{
	for (size_t i = 0; i < rest.size; i++)
		if (memchr(paddings, rest.data[i], kinds) == NULL)
			return false;
	return true;
}

bool
certificate_is_padding(struct view rest)
{
	return reader_is_padding(rest, READER_PADDINGS_NV);
}

static bool
reader_has_header(struct view content)
{
	static const uint8_t tag[] = {0x10, 0x01, 0x00};
	static const uint8_t full[] = {0x10, 0x02};

	return content.size > READER_HEADER_SIZE && memcmp(content.data, tag, sizeof tag) == 0 &&
	    memcmp(content.data + 5, full, sizeof full) == 0;
}

static struct view
reader_behind(struct view content, size_t size)
{
	return (struct view){content.data + size, content.size - size};
}

static int
reader_next_der(struct certificate_reader *reader, X509 **out, struct error *err)
{
	struct view content = reader->rest;
	size_t      used;

	if (reader_has_header(content)) /* the DER knows its own size */
		content = reader_behind(content, READER_HEADER_SIZE);
	reader->rest = reader_behind(content, content.size);
	if (certificate_decode_first(content, out, &used, err) != 0)
		return -1;
	content = reader_behind(content, used);
	if (!reader_is_padding(content, sizeof paddings))
		reader->rest = content;
	return 1;
}

/* Decodes the next certificate of PKCS#7; a broken one does not affect the others. */
static int
reader_next_inside(struct certificate_reader *reader, X509 **out, struct error *err)
{
	struct view der = {NULL, 0};

	(void)pkcs7_next(&reader->inside, &der); /* a whole value: pkcs7_certificates has checked them all */
	return certificate_decode(der, out, err) == 0 ? 1 : -1;
}

static int
reader_enter_pkcs7(struct certificate_reader *reader, struct view der, X509 **out,
    struct error *err)
{
	if (pkcs7_certificates(der, &reader->inside, err) != 0) {
		reader->inside = (struct view){NULL, 0};
		return -1;
	}
	return reader_next_inside(reader, out, err);
}

/* ---- blocks of PEM ---- */

/* Decodes the DER of a PEM block: a certificate and at most padding. */
static int
reader_decode_block(struct certificate_reader *reader, struct view der, X509 **out,
    struct error *err)
{
	size_t used;

	(void)reader;
	if (certificate_decode_first(der, out, &used, err) != 0)
		return -1;
	if (reader_is_padding(reader_behind(der, used), sizeof paddings))
		return 1;
	X509_free(*out);
	*out = NULL;
	return error_set(err, ERROR_MALFORMED, "%zu octets after a certificate that are no padding",
	    der.size - used);
}

/* Checks the X509_CERT_AUX after a trusted certificate. */
static int
reader_check_trust(struct view der, struct error *err)
{
	const unsigned char *at = der.data;
	X509                *trusted = d2i_X509_AUX(NULL, &at, (long)der.size);
	bool                 whole = trusted != NULL && at == der.data + der.size;
	bool rejected = whole && sk_ASN1_OBJECT_num(X509_get0_reject_objects(trusted)) > 0;

	X509_free(trusted);
	ERR_clear_error();
	if (!whole)
		return error_set(err, ERROR_MALFORMED,
		    "the trust settings after the certificate cannot be decoded");
	if (rejected)
		return error_set(err, ERROR_MALFORMED,
		    "it is marked as rejected for some use; \"openssl x509 -clrreject\" removes the mark");
	return 0;
}

static int
reader_decode_trusted(struct certificate_reader *reader, struct view der, X509 **out,
    struct error *err)
{
	size_t used;

	(void)reader;
	if (certificate_decode_first(der, out, &used, err) != 0)
		return -1;
	if (reader_check_trust(der, err) == 0)
		return 1;
	X509_free(*out);
	*out = NULL;
	return -1;
}

/* Keeps a copy of the block for the following calls. */
static int
reader_decode_pkcs7(struct certificate_reader *reader, struct view der, X509 **out,
    struct error *err)
{
	bytes_clear(&reader->block);
	bytes_append(&reader->block, der.data, der.size);
	return reader_enter_pkcs7(reader, bytes_view(&reader->block), out, err);
}

typedef int reader_decode(struct certificate_reader *reader, struct view der, X509 **out,
    struct error *err);

static const struct reader_label {
	const char    *label;
	bool           bag;
	reader_decode *decode;
} labels[] = {
    {PEM_STRING_X509, false, reader_decode_block},
    {PEM_STRING_X509_OLD, false, reader_decode_block},
    {PEM_STRING_X509_TRUSTED, true, reader_decode_trusted},
    {PEM_STRING_PKCS7, true, reader_decode_pkcs7},
    {PEM_STRING_PKCS7_SIGNED, true, reader_decode_pkcs7},
    {PEM_STRING_CMS, true, reader_decode_pkcs7},
};

/* The decoder for a label; NULL for a block to skip. */
static reader_decode *
reader_decode_of(const struct certificate_reader *reader, const char *label)
{
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		if (strcmp(labels[i].label, label) == 0)
			return !labels[i].bag || reader->bags ? labels[i].decode : NULL;
	}
	return NULL;
}

/* Decodes one block; returns 0 when it was skipped. */
static int
reader_read_block(struct certificate_reader *reader, const char *label, const char *header,
    struct view der, X509 **out, struct error *err)
{
	reader_decode *decode = reader_decode_of(reader, label);

	if (decode == NULL)
		return 0;
	if (header[0] != '\0' && header[0] != '\n')
		return error_set(err, ERROR_MALFORMED, "PEM with a header, which may be encrypted");
	if (reader->bags && pkcs7_is(der)) /* some CAs label it CERTIFICATE */
		decode = reader_decode_pkcs7;
	return decode(reader, der, out, err);
}

static int
reader_next_pem(struct certificate_reader *reader, X509 **out, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(reader->rest.data, (int)reader->rest.size);
	int  rc = 0;
	bool more = true;

	if (bio == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "reading PEM");
	while (rc == 0 && more) {
		char          *label = NULL;
		char          *header = NULL;
		unsigned char *der = NULL;
		long           size = 0;

		if (PEM_read_bio(bio, &label, &header, &der, &size) == 1) {
			rc = reader_read_block(reader, label, header, (struct view){der, (size_t)size},
			    out, err);
		} else {
			more = false;
			if (!pem_is_at_end())
				rc = error_set_openssl(err, ERROR_MALFORMED, "PEM that cannot be read");
		}
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	reader->rest = reader_behind(reader->rest, reader->rest.size - BIO_ctrl_pending(bio));
	reader->pem = true;
	BIO_free(bio);
	return rc;
}

/* Reads DER of PKCS#7 with no octets left over. */
static int
reader_next_pkcs7(struct certificate_reader *reader, X509 **out, struct error *err)
{
	struct view content = reader->rest;

	reader->rest = reader_behind(content, content.size);
	return reader_enter_pkcs7(reader, content, out, err);
}

int
certificate_reader_next(struct certificate_reader *reader, X509 **out, struct error *err)
{
	struct view rest = reader->rest;

	*out = NULL;
	if (reader->inside.size != 0)
		return reader_next_inside(reader, out, err);
	if (rest.size == 0)
		return 0;
	if (rest.size > INT_MAX)
		return error_set(err, ERROR_MALFORMED, "%zu octets are too many", rest.size);
	if (reader->pem || (rest.data[0] != READER_SEQUENCE && !reader_has_header(rest) &&
	        memmem(rest.data, rest.size, reader_begin, sizeof reader_begin - 1) != NULL))
		return reader_next_pem(reader, out, err);
	if (reader->bags && pkcs7_is(rest))
		return reader_next_pkcs7(reader, out, err);
	return reader_next_der(reader, out, err);
}

void
certificate_reader_clear(struct certificate_reader *reader)
{
	bytes_clear(&reader->block);
	*reader = (struct certificate_reader){0};
}
