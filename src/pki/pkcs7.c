/* Parses the outer structure of PKCS #7 in place, without allocation. */
#include "config.h"

#include "pki/pkcs7.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>

#include "util/error.h"

/* 1.2.840.113549.1.7.2, with tag and length. */
static const uint8_t signed_data[] = {
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};

/* Tag and length of the SEQUENCE before it. */
#define PKCS7_HEADER_MAX 6

#define PKCS7_INDEFINITE 0x01 /* flags from ASN1_get_object */
#define PKCS7_FAILED     0x80

/* A DER value. */
struct pkcs7_value {
	int         tag;
	int         class;
	struct view whole;
	struct view content;
};

/* Takes the first value off `rest`, of INT_MAX octets at most; false without a complete one. */
static bool
pkcs7_take(struct view *rest, struct pkcs7_value *value)
{
	const unsigned char *at = rest->data;
	long                 size = 0;
	int                  flags;

	flags = ASN1_get_object(&at, &size, &value->tag, &value->class, (long)rest->size);
	ERR_clear_error();
	if ((flags & (PKCS7_FAILED | PKCS7_INDEFINITE)) != 0)
		return false;
	value->content = (struct view){at, (size_t)size};
	value->whole = (struct view){rest->data, (size_t)(at - rest->data) + (size_t)size};
	rest->data += value->whole.size;
	rest->size -= value->whole.size;
	return true;
}

/* The same for a value of this class and tag. */
static bool
pkcs7_expect(struct view *rest, int class, int tag, struct pkcs7_value *value)
{
	return pkcs7_take(rest, value) && value->class == class && value->tag == tag;
}

/* Replaces `rest` by the content of its only value. */
static bool
pkcs7_enter(struct view *rest, int class, int tag)
{
	struct pkcs7_value value;

	if (!pkcs7_expect(rest, class, tag, &value) || rest->size != 0)
		return false;
	*rest = value.content;
	return true;
}

/* Replaces a ContentInfo by the content of its SignedData. */
static bool
pkcs7_enter_signed_data(struct view *rest)
{
	struct pkcs7_value type;

	return pkcs7_enter(rest, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) &&
	    pkcs7_expect(rest, V_ASN1_UNIVERSAL, V_ASN1_OBJECT, &type) &&
	    view_equal(type.whole, (struct view){signed_data, sizeof signed_data}) &&
	    pkcs7_enter(rest, V_ASN1_CONTEXT_SPECIFIC, 0) &&
	    pkcs7_enter(rest, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE);
}

/* version, digestAlgorithms, contentInfo, certificates [0], crls [1], signerInfos. */
static bool
pkcs7_read_signed_data(struct view rest, struct view *certificates)
{
	struct pkcs7_value value;

	*certificates = (struct view){NULL, 0};
	if (!pkcs7_expect(&rest, V_ASN1_UNIVERSAL, V_ASN1_INTEGER, &value) ||
	    !pkcs7_expect(&rest, V_ASN1_UNIVERSAL, V_ASN1_SET, &value) ||
	    !pkcs7_expect(&rest, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, &value) ||
	    !pkcs7_take(&rest, &value))
		return false;
	if (value.class == V_ASN1_CONTEXT_SPECIFIC && value.tag == 0) {
		*certificates = value.content;
		if (!pkcs7_take(&rest, &value))
			return false;
	}
	if (value.class == V_ASN1_CONTEXT_SPECIFIC && value.tag == 1 && !pkcs7_take(&rest, &value))
		return false;
	return value.class == V_ASN1_UNIVERSAL && value.tag == V_ASN1_SET && rest.size == 0;
}

/* True when `certificates` consists of complete values. */
static bool
pkcs7_is_run(struct view certificates)
{
	struct view one;

	while (pkcs7_next(&certificates, &one))
		;
	return certificates.size == 0;
}

bool
pkcs7_is(struct view content)
{
	size_t size = content.size < PKCS7_HEADER_MAX + sizeof signed_data
	    ? content.size
	    : PKCS7_HEADER_MAX + sizeof signed_data;

	return size != 0 && content.data[0] == (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED) &&
	    memmem(content.data, size, signed_data, sizeof signed_data) != NULL;
}

int
pkcs7_certificates(struct view der, struct view *certificates, struct error *err)
{
	struct view rest = der;

	if (der.size >= 2 && der.data[1] == 0x80)
		return error_set(err, ERROR_MALFORMED,
		    "PKCS#7 in BER, not DER; \"openssl pkcs7 -inform DER -outform DER\" rewrites it");
	if (!pkcs7_enter_signed_data(&rest) || !pkcs7_read_signed_data(rest, certificates) ||
	    !pkcs7_is_run(*certificates))
		return error_set(err, ERROR_MALFORMED, "not PKCS#7 in DER, or not all of it");
	if (certificates->size == 0)
		return error_set(err, ERROR_MALFORMED, "PKCS#7 without certificates");
	return 0;
}

bool
pkcs7_next(struct view *certificates, struct view *first)
{
	struct pkcs7_value value;

	if (!pkcs7_take(certificates, &value))
		return false;
	*first = value.whole;
	return true;
}
