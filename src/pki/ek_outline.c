/* Walks the first fields of a certificate; decodes no key. */
#include "config.h"

#include "pki/ek_outline.h"

#include <limits.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

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
	rest = element.content;
	(void)outline_take(&rest, 0, V_ASN1_CONTEXT_SPECIFIC, &element); /* version, if any */
	if (!outline_take(&rest, V_ASN1_INTEGER, V_ASN1_UNIVERSAL, &element))
		return false;
	outline->serial = element.content;
	if (!outline_sequence(&rest, &element) || /* signature */
	    (outline->issuer = outline_name(&rest)) == NULL ||
	    !outline_sequence(&rest, &element) || /* validity */
	    (outline->subject = outline_name(&rest)) == NULL || !outline_sequence(&rest, &element))
		return false;
	outline->key = element.whole;
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
ek_outline_clear(struct ek_outline *outline)
{
	X509_NAME_free(outline->issuer);
	X509_NAME_free(outline->subject);
	*outline = (struct ek_outline){0};
}
