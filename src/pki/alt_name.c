/* Builds the names of a SubjectAltName as ASN.1 structures, never through OpenSSL's configuration
 * syntax. */
#include "config.h"

#include "pki/alt_name.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include "pki/oid.h"
#include "pki/permanent_identifier.h"
#include "tpm/openssl_error.h"

/* Largest TCG attribute, in characters (STRMAX in their ASN.1 module). */
#define ALT_NAME_ATTRIBUTE_MAX 255

/* RFC 1035 §2.3.4, without the dot of the root. */
#define ALT_NAME_DNS_MAX 253
#define ALT_NAME_LABEL_MAX 63

/* Takes ownership of a name; NULL when it could not be built. */
static int
alt_name_push(GENERAL_NAMES *names, GENERAL_NAME *name, const char *what, struct error *err)
{
	if (name != NULL && sk_GENERAL_NAME_push(names, name) > 0)
		return 0;
	GENERAL_NAME_free(name);
	return error_set_openssl(err, ERROR_INTERNAL, "encoding %s", what);
}

/* Makes a name that is an IA5String. */
static int
alt_name_add_ia5(GENERAL_NAMES *names, int type, const char *text, struct error *err)
{
	GENERAL_NAME   *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	for (const char *c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~') { /* also octets above ASCII where char is signed */
			GENERAL_NAME_free(name);
			ASN1_IA5STRING_free(value);
			return error_set(err, ERROR_INTERNAL, "\"%s\" is not printable ASCII", text);
		}
	}
	if (name == NULL || value == NULL || ASN1_STRING_set(value, text, -1) != 1) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(value);
		return alt_name_push(names, NULL, text, err);
	}
	GENERAL_NAME_set0_value(name, type, value);
	return alt_name_push(names, name, text, err);
}

int
alt_name_add_uri(GENERAL_NAMES *names, const char *uri, struct error *err)
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
alt_name_add_dns(GENERAL_NAMES *names, const char *dns, struct error *err)
{
	if (!alt_name_dns_is_valid(dns, strlen(dns)))
		return error_set(err, ERROR_INTERNAL, "\"%s\" is no DNS name", dns);
	return alt_name_add_ia5(names, GEN_DNS, dns, err);
}

int
alt_name_add_ip(GENERAL_NAMES *names, const char *address, struct error *err)
{
	ASN1_OCTET_STRING *octets = a2i_IPADDRESS(address);
	GENERAL_NAME      *name;

	if (octets == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "\"%s\" is no IP address", address);
	if ((name = GENERAL_NAME_new()) == NULL)
		ASN1_OCTET_STRING_free(octets);
	else
		GENERAL_NAME_set0_value(name, GEN_IPADD, octets);
	return alt_name_push(names, name, address, err);
}

/* Appends an RDN of one attribute. */
static int
alt_name_add_attribute(X509_NAME *directory, enum oid oid, const char *text, struct error *err)
{
	ASN1_STRING     *value = NULL;
	X509_NAME_ENTRY *entry = NULL;
	int              rc = -1;

	/* ASN1_mbstring_ncopy counts characters and refuses invalid UTF-8; create_by_OBJ does
	 * neither. */
	if (ASN1_mbstring_ncopy(&value, (const unsigned char *)text, -1, MBSTRING_UTF8,
	        B_ASN1_UTF8STRING, 1, ALT_NAME_ATTRIBUTE_MAX) == V_ASN1_UTF8STRING &&
	    (entry = X509_NAME_ENTRY_create_by_OBJ(NULL, oid_get(oid), V_ASN1_UTF8STRING,
	         ASN1_STRING_get0_data(value), ASN1_STRING_length(value))) != NULL &&
	    X509_NAME_add_entry(directory, entry, -1, 0) == 1)
		rc = 0;
	X509_NAME_ENTRY_free(entry);
	ASN1_STRING_free(value);
	if (rc != 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding a TPM attribute of %zu octets",
		    strlen(text));
	return 0;
}

int
alt_name_add_tpm(GENERAL_NAMES *names, const struct alt_name_tpm *tpm, struct error *err)
{
	X509_NAME    *directory = X509_NAME_new();
	GENERAL_NAME *name;

	if (directory == NULL)
		return alt_name_push(names, NULL, "the TPM's name", err);
	if (alt_name_add_attribute(directory, OID_TPM_MANUFACTURER, tpm->manufacturer, err) != 0 ||
	    alt_name_add_attribute(directory, OID_TPM_MODEL, tpm->model, err) != 0 ||
	    alt_name_add_attribute(directory, OID_TPM_VERSION, tpm->version, err) != 0) {
		X509_NAME_free(directory);
		return -1;
	}
	if ((name = GENERAL_NAME_new()) == NULL)
		X509_NAME_free(directory);
	else
		GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
	return alt_name_push(names, name, "the TPM's name", err);
}

int
alt_name_add_permanent_identifier(GENERAL_NAMES *names, const char *value, struct error *err)
{
	OTHERNAME    *other = permanent_identifier_encode(value);
	GENERAL_NAME *name = NULL;

	if (other != NULL && (name = GENERAL_NAME_new()) != NULL)
		GENERAL_NAME_set0_value(name, GEN_OTHERNAME, other);
	else
		OTHERNAME_free(other);
	return alt_name_push(names, name, value, err);
}
