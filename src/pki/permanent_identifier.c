/* Encodes and decodes the ASN.1 of PermanentIdentifier. */
#include "config.h"

#include "pki/permanent_identifier.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "pki/oid.h"
#include "tpm/openssl_error.h"
#include "util/der.h"
#include "util/identifier.h"

/* RFC 4043 §2: both fields OPTIONAL. */
struct permanent_identifier {
	ASN1_UTF8STRING *value;
	ASN1_OBJECT     *assigner;
};
typedef struct permanent_identifier PERMANENT_IDENTIFIER;

ASN1_SEQUENCE(PERMANENT_IDENTIFIER) = {
    ASN1_OPT(PERMANENT_IDENTIFIER, value, ASN1_UTF8STRING),
    ASN1_OPT(PERMANENT_IDENTIFIER, assigner, ASN1_OBJECT),
} static_ASN1_SEQUENCE_END(PERMANENT_IDENTIFIER)

void
permanent_identifier_append(struct bytes *names, const char *value)
{
	size_t other = der_begin(names, DER_CONTEXT_AROUND(GEN_OTHERNAME));
	size_t around;
	size_t sequence;

	oid_append(names, oid_get(OID_PERMANENT_IDENTIFIER));
	around = der_begin(names, DER_CONTEXT_AROUND(0));
	sequence = der_begin(names, DER_SEQUENCE);
	der_append(names, DER_UTF8_STRING, view_text(value));
	der_end(names, sequence);
	der_end(names, around);
	der_end(names, other);
}

bool
permanent_identifier_is(const OTHERNAME *other)
{
	return OBJ_cmp(other->type_id, oid_get(OID_PERMANENT_IDENTIFIER)) == 0;
}

/* True when re-encoding gives the same octets: the input was DER, not BER. */
static bool
permanent_identifier_is_der(const PERMANENT_IDENTIFIER *identifier, const ASN1_STRING *sequence)
{
	unsigned char *der = NULL;
	int            size = ASN1_item_i2d((const ASN1_VALUE *)identifier, &der,
	               ASN1_ITEM_rptr(PERMANENT_IDENTIFIER));
	bool           same = size > 0 && size == ASN1_STRING_length(sequence) &&
	    memcmp(der, ASN1_STRING_get0_data(sequence), (size_t)size) == 0;

	OPENSSL_free(der);
	return same;
}

static int
permanent_identifier_take(const PERMANENT_IDENTIFIER *identifier, const ASN1_STRING *sequence,
    struct bytes *value, struct error *err)
{
	const uint8_t *octets;
	size_t         size;

	if (!permanent_identifier_is_der(identifier, sequence))
		return error_set(err, ERROR_MALFORMED, "a PermanentIdentifier that is not DER");
	if (identifier->value == NULL)
		return 0;
	octets = ASN1_STRING_get0_data(identifier->value);
	size = (size_t)ASN1_STRING_length(identifier->value);
	if (identifier_check((const char *)octets, size, err) != 0)
		return error_wrap(err, "the value of a PermanentIdentifier");
	if (identifier->assigner == NULL)
		bytes_append(value, octets, size);
	return 0;
}

int
permanent_identifier_decode(const OTHERNAME *other, struct bytes *value, struct error *err)
{
	PERMANENT_IDENTIFIER *identifier;
	const ASN1_STRING    *sequence;
	int                   rc;

	if (ASN1_TYPE_get(other->value) != V_ASN1_SEQUENCE)
		return error_set(err, ERROR_MALFORMED, "a PermanentIdentifier that is no SEQUENCE");
	sequence = other->value->value.sequence;
	identifier = ASN1_item_unpack(sequence, ASN1_ITEM_rptr(PERMANENT_IDENTIFIER));
	if (identifier == NULL)
		return error_set_openssl(err, ERROR_MALFORMED, "a PermanentIdentifier cannot be decoded");
	rc = permanent_identifier_take(identifier, sequence, value, err);
	ASN1_item_free((ASN1_VALUE *)identifier, ASN1_ITEM_rptr(PERMANENT_IDENTIFIER));
	return rc;
}
