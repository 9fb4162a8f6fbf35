/* Walks the first fields of a certificate; decodes no key. */
#include "config.h"

#include "pki/ek_outline.h"

#include <limits.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"

/* One element of DER: all of it, and its content. */
struct element {
	struct view whole;
	struct view content;
};

/* Takes the next element off *rest; false when it has another tag or class, or is cut off. */
static bool
outline_take(struct view *rest, int tag, int class, struct element *element)
{
	const unsigned char *p = rest->data;
	long                 length = 0;
	int                  found = 0;
	int                  found_class = 0;
	int                  flags;

	if (rest->size == 0 || rest->size > LONG_MAX)
		return false;
	flags = ASN1_get_object(&p, &length, &found, &found_class, (long)rest->size);
	/* 0x80: an error; 1: of indefinite length, which DER has not. */
	if ((flags & 0x81) != 0 || found != tag || found_class != class)
		return false;
	element->content = (struct view){p, (size_t)length};
	element->whole = (struct view){rest->data, (size_t)(p - rest->data) + (size_t)length};
	*rest = (struct view){rest->data + element->whole.size, rest->size - element->whole.size};
	return true;
}

static bool
outline_sequence(struct view *rest, struct element *element)
{
	return outline_take(rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, element);
}

static X509_NAME *
outline_name(struct view *rest)
{
	struct element       element;
	const unsigned char *p;

	if (!outline_sequence(rest, &element))
		return NULL;
	p = element.whole.data;
	return d2i_X509_NAME(NULL, &p, (long)element.whole.size);
}

/* Reads notBefore, which is either kind of time; one that cannot be read never comes. */
static int64_t
outline_begin(struct view validity)
{
	const unsigned char *p = validity.data;
	ASN1_TIME           *when = d2i_ASN1_TIME(NULL, &p, (long)validity.size);
	int64_t              begin = when != NULL ? certificate_time(when) : INT64_MIN;

	ASN1_TIME_free(when);
	return begin == INT64_MIN ? INT64_MAX : begin;
}

/* The length of an RSA modulus (RFC 8017 §A.1.1) within the content of a SubjectPublicKeyInfo. */
static unsigned
outline_rsa_bits(struct view key)
{
	struct element element;
	struct view    rest = key;
	size_t         zeros = 0;
	unsigned       bits;

	if (!outline_sequence(&rest, &element) ||
	    !outline_take(&rest, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL, &element) || element.content.size == 0)
		return 0;
	rest = (struct view){element.content.data + 1, element.content.size - 1};
	if (!outline_sequence(&rest, &element)) /* an elliptic curve's is a point */
		return 0;
	rest = element.content;
	if (!outline_take(&rest, V_ASN1_INTEGER, V_ASN1_UNIVERSAL, &element))
		return 0;
	while (zeros < element.content.size && element.content.data[zeros] == 0)
		zeros++;
	if (zeros == element.content.size || element.content.size > UINT16_MAX)
		return 0;
	bits = (unsigned)(8 * (element.content.size - zeros - 1));
	for (unsigned first = element.content.data[zeros]; first != 0; first >>= 1)
		bits++;
	return bits;
}

/* What stands behind the key: unique ids, which nobody has, and extensions. */
static void
outline_fill_extensions(struct view rest, struct ek_outline *outline)
{
	struct element element;

	(void)outline_take(&rest, 1, V_ASN1_CONTEXT_SPECIFIC, &element);
	(void)outline_take(&rest, 2, V_ASN1_CONTEXT_SPECIFIC, &element);
	if (!outline_take(&rest, 3, V_ASN1_CONTEXT_SPECIFIC, &element))
		return;
	rest = element.content;
	if (outline_sequence(&rest, &element))
		outline->extensions = element.whole;
}

/* What stands behind the content: algorithm and signature. */
static void
outline_fill_signature(struct view rest, struct ek_outline *outline)
{
	struct element algorithm;
	struct element signature;

	if (!outline_sequence(&rest, &algorithm) ||
	    !outline_take(&rest, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL, &signature))
		return;
	outline->algorithm = algorithm.whole;
	outline->signature = signature.whole;
}

static bool
outline_fill(struct view der, struct ek_outline *outline)
{
	struct element element;
	struct view    rest = der;

	if (!outline_sequence(&rest, &element)) /* Certificate */
		return false;
	rest = element.content;
	if (!outline_sequence(&rest, &element)) /* TBSCertificate */
		return false;
	outline->content = element.whole;
	outline_fill_signature(rest, outline);
	rest = element.content;
	(void)outline_take(&rest, 0, V_ASN1_CONTEXT_SPECIFIC, &element); /* version, if any */
	if (!outline_take(&rest, V_ASN1_INTEGER, V_ASN1_UNIVERSAL, &element))
		return false;
	outline->serial = element.content;
	if (!outline_sequence(&rest, &element)) /* signature */
		return false;
	outline->algorithm_within = element.whole;
	if ((outline->issuer = outline_name(&rest)) == NULL ||
	    !outline_sequence(&rest, &element)) /* validity */
		return false;
	outline->not_before = outline_begin(element.content);
	if ((outline->subject = outline_name(&rest)) == NULL || !outline_sequence(&rest, &element))
		return false;
	outline->key = element.whole;
	outline->rsa_bits = outline_rsa_bits(element.content);
	outline_fill_extensions(rest, outline);
	return true;
}

bool
ek_outline_read(struct view der, struct ek_outline *outline)
{
	bool read;

	*outline = (struct ek_outline){0};
	read = outline_fill(der, outline);
	ERR_clear_error();
	if (!read)
		ek_outline_clear(outline);
	return read;
}

void
ek_outline_extend(struct ek_outline *outline)
{
	const unsigned char *p = outline->extensions.data;

	if (outline->extended)
		return;
	outline->extended = true;
	if (outline->extensions.size == 0 ||
	    (outline->decoded = d2i_X509_EXTENSIONS(NULL, &p, (long)outline->extensions.size)) == NULL)
		return;
	outline->authority = X509V3_get_d2i(outline->decoded, NID_authority_key_identifier, NULL, NULL);
	outline->key_id = X509V3_get_d2i(outline->decoded, NID_subject_key_identifier, NULL, NULL);
}

bool
ek_outline_is_own_issuer(struct ek_outline *outline)
{
	if (X509_NAME_cmp(outline->subject, outline->issuer) != 0)
		return false;
	ek_outline_extend(outline);
	return outline->authority == NULL || outline->authority->keyid == NULL || outline->key_id == NULL ||
	    ASN1_OCTET_STRING_cmp(outline->authority->keyid, outline->key_id) == 0;
}

void
ek_outline_clear(struct ek_outline *outline)
{
	sk_X509_EXTENSION_pop_free(outline->decoded, X509_EXTENSION_free);
	AUTHORITY_KEYID_free(outline->authority);
	ASN1_OCTET_STRING_free(outline->key_id);
	X509_NAME_free(outline->issuer);
	X509_NAME_free(outline->subject);
	*outline = (struct ek_outline){0};
}
