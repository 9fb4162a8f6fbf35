/* Checks the names of a SubjectAltName and writes them as DER. */
#include "config.h"

#include "pki/alt_name.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>

#include <openssl/x509v3.h>

#include "pki/oid.h"
#include "util/der.h"
#include "util/error.h"
#include "util/utf8.h"

/* Largest TCG attribute, in characters (STRMAX in their ASN.1 module). */
#define ALT_NAME_ATTRIBUTE_MAX 255

/* RFC 1035 §2.3.4, without the dot of the root. */
#define ALT_NAME_DNS_MAX 253
#define ALT_NAME_LABEL_MAX 63

/* Appends a name that is an IA5String. */
static int
alt_name_add_ia5(struct bytes *names, unsigned type, const char *text, struct error *err)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~') /* also octets above ASCII where char is signed */
			return error_set(err, ERROR_INTERNAL, "\"%s\" is not printable ASCII", text);
	}
	der_append(names, DER_CONTEXT(type), view_text(text));
	return 0;
}

int
alt_name_add_uri(struct bytes *names, const char *uri, struct error *err)
{
	return alt_name_add_ia5(names, GEN_URI, uri, err);
}

/* Checks the label at *at, and advances past it and its dot. */
static bool
alt_name_label_is_valid(const char *name, size_t length, size_t *at, bool *has_letter)
{
	size_t begin = *at;
	size_t size;

	*has_letter = false;
	while (*at < length && name[*at] != '.') {
		char c = name[(*at)++];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-')
			*has_letter = true;
		else if (c < '0' || c > '9')
			return false;
	}
	size = *at - begin;
	if (size == 0 || size > ALT_NAME_LABEL_MAX || name[begin] == '-' || name[*at - 1] == '-')
		return false;
	return *at == length || ++*at < length; /* a name that ends with a dot has an empty label */
}

bool
alt_name_dns_is_valid(const char *name, size_t length)
{
	bool   has_letter = false;
	size_t at = 0;

	if (length == 0 || length > ALT_NAME_DNS_MAX)
		return false;
	while (at < length)
		if (!alt_name_label_is_valid(name, length, &at, &has_letter))
			return false;
	return has_letter;
}

int
alt_name_add_dns(struct bytes *names, const char *dns, struct error *err)
{
	if (!alt_name_dns_is_valid(dns, strlen(dns)))
		return error_set(err, ERROR_INTERNAL, "\"%s\" is no DNS name", dns);
	return alt_name_add_ia5(names, GEN_DNS, dns, err);
}

int
alt_name_add_ip(struct bytes *names, const char *address, struct error *err)
{
	struct in6_addr octets; /* of either kind */
	size_t          size = 0;

	if (inet_pton(AF_INET, address, &octets) == 1)
		size = sizeof(struct in_addr);
	else if (inet_pton(AF_INET6, address, &octets) == 1)
		size = sizeof(struct in6_addr);
	else
		return error_set(err, ERROR_INTERNAL, "\"%s\" is no IP address", address);
	der_append(names, DER_CONTEXT(GEN_IPADD), (struct view){octets.s6_addr, size});
	return 0;
}

/* Appends an RDN of one attribute. */
static int
alt_name_add_attribute(struct bytes *names, enum oid oid, const char *text, struct error *err)
{
	size_t set = der_begin(names, DER_SET);
	size_t attribute = der_begin(names, DER_SEQUENCE);

	if (!utf8_has_characters(text, 1, ALT_NAME_ATTRIBUTE_MAX))
		return error_set(err, ERROR_INTERNAL,
		    "a TPM attribute of %zu octets is not 1 to %d characters of UTF-8", strlen(text),
		    ALT_NAME_ATTRIBUTE_MAX);
	oid_append(names, oid_get(oid));
	der_append(names, DER_UTF8_STRING, view_text(text));
	der_end(names, attribute);
	der_end(names, set);
	return 0;
}

int
alt_name_add_tpm(struct bytes *names, const struct alt_name_tpm *tpm, struct error *err)
{
	size_t name = der_begin(names, DER_CONTEXT_AROUND(GEN_DIRNAME));
	size_t directory = der_begin(names, DER_SEQUENCE);

	if (alt_name_add_attribute(names, OID_TPM_MANUFACTURER, tpm->manufacturer, err) != 0 ||
	    alt_name_add_attribute(names, OID_TPM_MODEL, tpm->model, err) != 0 ||
	    alt_name_add_attribute(names, OID_TPM_VERSION, tpm->version, err) != 0)
		return -1;
	der_end(names, directory);
	der_end(names, name);
	return 0;
}
