/* Reads CSRs; grants nothing. */
#include "config.h"

#include "pki/csr.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/alt_name.h"
#include "pki/csr_item.h"
#include "pki/permanent_identifier.h"
#include "tpm/openssl_error.h"
#include "tpm/spki.h"

/* Bound on the key: a longer one costs time to verify, and no TPM has one. */
#define CSR_KEY_BITS_MAX 4096
/* An exponent as long as the modulus makes verification take a hundred times as long. */
#define CSR_EXPONENT_BITS_MAX 32

/* Remembers the first thing asked for that no profile grants. */
__attribute__((format(printf, 2, 3)))
static void
csr_set_excess(struct csr *csr, const char *fmt, ...)
{
	char    text[128];
	va_list args;

	if (csr->excess != NULL)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	csr->excess = memory_strdup(text);
}

/* The short name of an object identifier, or its dotted numbers. */
static const char *
csr_object_text(const ASN1_OBJECT *object, char text[80])
{
	int nid = OBJ_obj2nid(object);

	if (nid != NID_undef)
		return OBJ_nid2sn(nid);
	(void)OBJ_obj2txt(text, 80, object, 1);
	return text;
}

/* ---- key and signature ---- */

static int
csr_check_digest(const struct csr_item *request, struct error *err)
{
	int digest = NID_undef;

	if (OBJ_find_sigid_algs(csr_item_signature_nid(request), &digest, NULL) == 1 &&
	    (digest == NID_sha1 || digest == NID_md5 || digest == NID_md4 || digest == NID_md2))
		return error_set(err, ERROR_MALFORMED, "the CSR is signed by %s; use SHA-256",
		    OBJ_nid2sn(digest));
	return 0;
}

/* Of an RSA key; 0 for another kind. */
static int
csr_exponent_bits(const EVP_PKEY *key)
{
	BIGNUM *exponent = NULL;
	int     bits = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1
	        ? BN_num_bits(exponent)
	        : 0;

	BN_free(exponent);
	return bits;
}

/* A key as TPMs have it, or else whatever OpenSSL decodes, which takes ten times as long. */
static EVP_PKEY *
csr_decode_key(struct view spki)
{
	const unsigned char *p = spki.data;
	EVP_PKEY            *key = NULL;
	struct error         ignored;

	if (spki_decode(spki, "CSR", &key, &ignored) == 0)
		return key;
	key = d2i_PUBKEY(NULL, &p, (long)spki.size);
	if (p == spki.data + spki.size)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static int
csr_read_key(const struct csr_item *request, struct csr *csr, struct error *err)
{
	if ((csr->key = csr_decode_key(csr_item_spki(request))) == NULL)
		return error_set_openssl(err, ERROR_MALFORMED, "the CSR's key cannot be decoded");
	if (EVP_PKEY_get_bits(csr->key) > CSR_KEY_BITS_MAX)
		return error_set(err, ERROR_MALFORMED, "the CSR's key has more than %d bits",
		    CSR_KEY_BITS_MAX);
	if (csr_exponent_bits(csr->key) > CSR_EXPONENT_BITS_MAX)
		return error_set(err, ERROR_MALFORMED, "the CSR's key has a public exponent of more than %d bits",
		    CSR_EXPONENT_BITS_MAX);
	if (spki_encode(csr->key, &csr->spki, err) != 0) {
		err->kind = ERROR_MALFORMED; /* an unknown kind of key or curve */
		return error_wrap(err, "the CSR");
	}
	if (csr_check_digest(request, err) != 0)
		return -1;
	if (!csr_item_is_signed(request, csr->key))
		return error_set(err, ERROR_MALFORMED, "the CSR's signature is not by its key");
	return 0;
}

/* ---- subject ---- */

static int
csr_set_common_name(struct csr *csr, const ASN1_STRING *value, struct error *err)
{
	unsigned char *text = NULL;
	int            size = ASN1_STRING_to_UTF8(&text, value);
	int            rc = 0;

	if (size < 0)
		rc = error_set_openssl(err, ERROR_MALFORMED, "the CSR's common name is no text");
	else if (memchr(text, '\0', (size_t)size) != NULL)
		rc = error_set(err, ERROR_MALFORMED, "the CSR's common name holds a NUL");
	else if (csr->common_name != NULL)
		rc = error_set(err, ERROR_MALFORMED, "the CSR has two common names");
	else
		csr->common_name = memory_strdup((const char *)text);
	OPENSSL_free(text);
	return rc;
}

static int
csr_read_subject(const struct csr_item *request, struct csr *csr, struct error *err)
{
	const X509_NAME *subject = csr_item_subject(request);

	for (int i = 0; i < X509_NAME_entry_count(subject); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, i);
		const ASN1_OBJECT     *object = X509_NAME_ENTRY_get_object(entry);
		char                   text[80];

		if (OBJ_obj2nid(object) != NID_commonName)
			csr_set_excess(csr, "%s in the subject", csr_object_text(object, text));
		else if (csr_set_common_name(csr, X509_NAME_ENTRY_get_data(entry), err) != 0)
			return -1;
	}
	return 0;
}

/* ---- requested extensions ---- */

static int
csr_read_name(const GENERAL_NAME *general, struct csr_name *name, struct error *err)
{
	AUTO_BYTES value = {0};

	*name = (struct csr_name){CSR_NAME_OTHER, NULL};
	if (general->type == GEN_DNS) {
		const char *dns = (const char *)ASN1_STRING_get0_data(general->d.dNSName);
		size_t      length = (size_t)ASN1_STRING_length(general->d.dNSName);

		if (alt_name_dns_is_valid(dns, length)) {
			name->kind = CSR_NAME_DNS;
			bytes_append(&value, dns, length);
		}
	} else if (general->type == GEN_OTHERNAME && permanent_identifier_is(general->d.otherName)) {
		if (permanent_identifier_decode(general->d.otherName, &value, err) != 0)
			return error_wrap(err, "the CSR");
		if (value.size > 0)
			name->kind = CSR_NAME_PERMANENT_IDENTIFIER;
	}
	if (name->kind == CSR_NAME_OTHER)
		return 0;
	bytes_append_u8(&value, '\0');
	name->value = memory_strdup((const char *)value.data);
	return 0;
}

static int
csr_read_names(X509_EXTENSION *extension, struct csr *csr, struct error *err)
{
	GENERAL_NAMES *names = X509V3_EXT_d2i(extension);
	int            count;
	int            rc = 0;

	if (names == NULL)
		return error_set_openssl(err, ERROR_MALFORMED, "the CSR's names cannot be decoded");
	count = sk_GENERAL_NAME_num(names);
	if (csr->names != NULL)
		rc = error_set(err, ERROR_MALFORMED, "the CSR has two lists of names");
	else if (count > CSR_NAMES_MAX)
		rc = error_set(err, ERROR_MALFORMED, "the CSR has more than %d names", CSR_NAMES_MAX);
	else
		csr->names = memory_new((size_t)(count + 1) * sizeof *csr->names);
	for (int i = 0; i < count && rc == 0; i++) {
		rc = csr_read_name(sk_GENERAL_NAME_value(names, i), &csr->names[i], err);
		csr->name_count += rc == 0;
	}
	GENERAL_NAMES_free(names);
	return rc;
}

/* ---- usages ---- */

/* RFC 5280 §4.2.1.3, in the order of the bits. */
static const struct {
	const char *name;
	bool        power; /* a CA's: never left out in silence */
} key_usages[] = {
    {"digitalSignature", false},
    {"nonRepudiation", false},
    {"keyEncipherment", false},
    {"dataEncipherment", false},
    {"keyAgreement", false},
    {"keyCertSign", true},
    {"cRLSign", true},
    {"encipherOnly", false},
    {"decipherOnly", false},
};

#define KEY_USAGES ((int)(sizeof key_usages / sizeof key_usages[0]))

/* Adds one to the usages that are left out. */
static void
csr_leave_out(struct csr *csr, const char *usage)
{
	struct bytes text = {0};

	if (csr->left_out != NULL) {
		bytes_append(&text, csr->left_out, strlen(csr->left_out));
		bytes_append(&text, ", ", 2);
	}
	bytes_append(&text, usage, strlen(usage) + 1);
	free(csr->left_out);
	csr->left_out = (char *)text.data;
}

static int
csr_read_key_usage(X509_EXTENSION *extension, struct csr *csr, struct error *err)
{
	ASN1_BIT_STRING *usage = X509V3_EXT_d2i(extension);
	int              bits;

	if (usage == NULL)
		return error_set_openssl(err, ERROR_MALFORMED, "the CSR's keyUsage cannot be decoded");
	bits = ASN1_STRING_length(usage) * 8;
	for (int bit = 1; bit < bits; bit++) { /* bit 0 is what every profile has */
		if (ASN1_BIT_STRING_get_bit(usage, bit) == 0)
			continue;
		if (bit >= KEY_USAGES)
			csr_set_excess(csr, "bit %d of keyUsage", bit);
		else if (key_usages[bit].power)
			csr_set_excess(csr, "keyUsage %s", key_usages[bit].name);
		else
			csr_leave_out(csr, key_usages[bit].name);
	}
	ASN1_BIT_STRING_free(usage);
	return 0;
}

static int
csr_read_purposes(X509_EXTENSION *extension, struct csr *csr, struct error *err)
{
	EXTENDED_KEY_USAGE *usage = X509V3_EXT_d2i(extension);
	char                text[80];

	if (usage == NULL)
		return error_set_openssl(err, ERROR_MALFORMED,
		    "the CSR's extendedKeyUsage cannot be decoded");
	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(usage, i);

		if (OBJ_obj2nid(purpose) == NID_server_auth)
			csr->server_auth = true;
		else if (OBJ_obj2nid(purpose) != NID_client_auth)
			csr_set_excess(csr, "extendedKeyUsage %s", csr_object_text(purpose, text));
	}
	EXTENDED_KEY_USAGE_free(usage);
	return 0;
}

static int
csr_read_constraints(X509_EXTENSION *extension, struct csr *csr, struct error *err)
{
	BASIC_CONSTRAINTS *constraints = X509V3_EXT_d2i(extension);

	if (constraints == NULL)
		return error_set_openssl(err, ERROR_MALFORMED,
		    "the CSR's basicConstraints cannot be decoded");
	if (constraints->ca != 0)
		csr_set_excess(csr, "basicConstraints CA:TRUE");
	BASIC_CONSTRAINTS_free(constraints);
	return 0;
}

static int
csr_read_extension(X509_EXTENSION *extension, struct csr *csr, struct error *err)
{
	const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
	char               text[80];

	switch (OBJ_obj2nid(object)) {
	case NID_subject_alt_name:
		return csr_read_names(extension, csr, err);
	case NID_key_usage:
		return csr_read_key_usage(extension, csr, err);
	case NID_ext_key_usage:
		return csr_read_purposes(extension, csr, err);
	case NID_basic_constraints:
		return csr_read_constraints(extension, csr, err);
	case NID_subject_key_identifier: /* a hash of the key adds nothing */
		return 0;
	default:
		csr_set_excess(csr, "the extension %s", csr_object_text(object, text));
		return 0;
	}
}

static int
csr_read_extensions(const struct csr_item *request, struct csr *csr, struct error *err)
{
	X509_EXTENSIONS *extensions;
	int              rc = 0;

	if (csr_item_extensions(request, &extensions, err) != 0)
		return -1;
	for (int i = 0; i < sk_X509_EXTENSION_num(extensions) && rc == 0; i++)
		rc = csr_read_extension(sk_X509_EXTENSION_value(extensions, i), csr, err);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return rc;
}

/* ---- the whole ---- */

int
csr_decode(struct view der, struct csr *csr, struct error *err)
{
	struct csr_item *request;
	int              rc = -1;

	*csr = (struct csr){0};
	if (csr_item_decode(der, &request, err) != 0)
		return -1;
	if (csr_read_key(request, csr, err) == 0 && csr_read_subject(request, csr, err) == 0 &&
	    csr_read_extensions(request, csr, err) == 0)
		rc = 0;
	csr_item_free(request);
	ERR_clear_error();
	if (rc != 0)
		csr_clear(csr);
	return rc;
}

void
csr_clear(struct csr *csr)
{
	for (size_t i = 0; i < csr->name_count; i++)
		free(csr->names[i].value);
	free(csr->names);
	free(csr->common_name);
	free(csr->excess);
	free(csr->left_out);
	bytes_clear(&csr->spki);
	EVP_PKEY_free(csr->key);
	*csr = (struct csr){0};
}
