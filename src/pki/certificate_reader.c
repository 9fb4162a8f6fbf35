/* Finds certificates in octets, one after the other; knows the headers and padding in TPMs. */
#include "config.h"

#include "pki/certificate_reader.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "pki/certificate.h"
#include "pki/pem.h"
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

/* The DER of a PEM block: a certificate, followed by padding or nothing. */
static int
reader_decode_block(struct view der, X509 **out, struct error *err)
{
	size_t used;

	if (certificate_decode_first(der, out, &used, err) != 0)
		return -1;
	if (reader_is_padding(reader_behind(der, used), sizeof paddings))
		return 1;
	X509_free(*out);
	*out = NULL;
	return error_set(err, ERROR_MALFORMED, "%zu octets after a certificate that are no padding",
	    der.size - used);
}

static int
reader_next_pem(struct certificate_reader *reader, X509 **out, struct error *err)
{
	BIO           *bio = BIO_new_mem_buf(reader->rest.data, (int)reader->rest.size);
	unsigned char *der = NULL;
	long           size = 0;
	int            rc = 0;

	if (bio == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "reading PEM");
	if (PEM_bytes_read_bio(&der, &size, NULL, PEM_STRING_X509, bio, pem_no_passphrase_cb,
	        NULL) == 1)
		rc = reader_decode_block((struct view){der, (size_t)size}, out, err);
	else if (!pem_is_at_end())
		rc = error_set_openssl(err, ERROR_MALFORMED, "PEM that cannot be read");
	OPENSSL_free(der);
	reader->rest = reader_behind(reader->rest, reader->rest.size - BIO_ctrl_pending(bio));
	reader->pem = true;
	BIO_free(bio);
	return rc;
}

int
certificate_reader_next(struct certificate_reader *reader, X509 **out, struct error *err)
{
	struct view rest = reader->rest;

	*out = NULL;
	if (rest.size == 0)
		return 0;
	if (rest.size > INT_MAX)
		return error_set(err, ERROR_MALFORMED, "%zu octets are too many", rest.size);
	if (reader->pem || (rest.data[0] != READER_SEQUENCE && !reader_has_header(rest) &&
	        memmem(rest.data, rest.size, reader_begin, sizeof reader_begin - 1) != NULL))
		return reader_next_pem(reader, out, err);
	return reader_next_der(reader, out, err);
}
