/*
 * Reads EK certificates, with the quirks of real ones, and their facts.
 * ek_trust.c verifies their chains.
 */
#include "config.h"

#include "pki/ek_certificate.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"
#include "pki/certificate_reader.h"
#include "pki/oid.h"
#include "tpm/key.h"
#include "tpm/vendor.h"
#include "util/error.h"
#include "util/utf8.h"

/* Largest input: a TPM's NV index holds 2 KiB, a PEM file somewhat more. */
#define EK_CERTIFICATE_MAX ((size_t)64 * 1024)

int
ek_certificate_decode(struct view der, X509 **out, struct error *err)
{
	X509  *certificate;
	size_t used;

	if (der.size > EK_CERTIFICATE_MAX)
		return error_set(err, ERROR_MALFORMED, "a certificate of %zu octets", der.size);
	if (certificate_decode_first(der, &certificate, &used, err) != 0)
		return -1;
	if (!certificate_is_padding((struct view){der.data + used, der.size - used})) {
		X509_free(certificate);
		return error_set(err, ERROR_MALFORMED,
		    "%zu octets after a certificate that are no padding", der.size - used);
	}
	*out = certificate;
	return 0;
}

int
ek_certificate_read(struct view content, X509 **out, struct error *err)
{
	struct certificate_reader reader = {.rest = content};
	X509                     *certificate;
	int                       rc;

	if (content.size > EK_CERTIFICATE_MAX)
		return error_set(err, ERROR_MALFORMED, "a certificate of %zu octets", content.size);
	if ((rc = certificate_reader_next(&reader, &certificate, err)) < 0)
		return -1;
	if (rc == 0)
		return error_set(err, ERROR_MALFORMED, "neither DER nor PEM of a certificate");
	if (!reader.pem && reader.rest.size != 0) {
		X509_free(certificate);
		return error_set(err, ERROR_MALFORMED,
		    "%zu octets after a certificate that are no padding", reader.rest.size);
	}
	*out = certificate;
	return 0;
}

/* Copies the text of the first attribute `oid`; "" when it is not one line that fits. */
static void
ek_attribute(const X509_NAME *directory, enum oid oid, char *text, size_t size)
{
	int            at = X509_NAME_get_index_by_OBJ(directory, oid_get(oid), -1);
	unsigned char *utf8 = NULL;
	uint32_t       character;
	size_t         used;
	int            length;

	text[0] = '\0';
	if (at < 0)
		return;
	length = ASN1_STRING_to_UTF8(&utf8,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(directory, at)));
	if (length > 0 && (size_t)length < size) {
		memcpy(text, utf8, (size_t)length);
		text[length] = '\0';
	}
	OPENSSL_free(utf8);
	for (size_t i = 0; i < strlen(text); i += used) {
		used = utf8_decode((const uint8_t *)text + i, strlen(text) - i, &character);
		if (used == 0 || utf8_is_control(character)) {
			text[0] = '\0';
			return;
		}
	}
}

static bool
ek_facts_of_name(const X509_NAME *directory, struct ek_facts *facts)
{
	char manufacturer[64];
	char version[64];

	ek_attribute(directory, OID_TPM_MANUFACTURER, manufacturer, sizeof manufacturer);
	ek_attribute(directory, OID_TPM_MODEL, facts->model, sizeof facts->model);
	ek_attribute(directory, OID_TPM_VERSION, version, sizeof version);
	if (strncmp(manufacturer, "id:", 3) == 0) {
		tpm_vendor_id(manufacturer, facts->manufacturer);
		if (strcmp(facts->manufacturer, "id:00000000") == 0)
			facts->manufacturer[0] = '\0';
		tpm_vendor_code(facts->manufacturer, facts->vendor);
	}
	tpm_version_of_certificate(version, facts->version);
	return facts->manufacturer[0] != '\0';
}

void
ek_certificate_facts(const X509 *certificate, struct ek_facts *facts)
{
	ek_certificate_facts_of(X509_get0_extensions(certificate), facts);
}

void
ek_certificate_facts_of(const X509_EXTENSIONS *extensions, struct ek_facts *facts)
{
	GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

	*facts = (struct ek_facts){0};
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DIRNAME && ek_facts_of_name(name->d.directoryName, facts))
			break;
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}

/* Names the algorithm of a key that cannot be loaded or that no EK has. */
static int
ek_check_key(const X509 *certificate, struct error *err)
{
	EVP_PKEY    *key = X509_get0_pubkey(certificate);
	ASN1_OBJECT *algorithm = NULL;
	char         name[80] = "";

	ERR_clear_error();
	if (key != NULL && (tpm_key_rsa_bits(key) >= 2048 || tpm_key_curve(key) != NULL))
		return 0;
	if (key != NULL && tpm_key_rsa_bits(key) != 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "an EK of %u bits; the minimum is 2048",
		    tpm_key_rsa_bits(key));
	(void)X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(certificate));
	if (algorithm != NULL && OBJ_obj2nid(algorithm) == NID_rsaesOaep)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "unsupported EK algorithm id-RSAES-OAEP, which TPMs 1.2 have");
	if (algorithm != NULL)
		(void)OBJ_obj2txt(name, sizeof name, algorithm, 0);
	return error_set(err, ERROR_BAD_ATTESTATION, "unsupported EK algorithm %s%s", name,
	    key != NULL ? ", or a curve of it" : "");
}

/*
 * 1 when the extended key usage has tcg-kp-EKCertificate, 0 when there is none, -1 when it has
 * others or could not be decoded.
 */
static int
ek_extended_usage(const X509 *certificate)
{
	int                 at = X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1);
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	int                 found = at < 0 ? 0 : -1;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++)
		if (OBJ_cmp(sk_ASN1_OBJECT_value(usage, i), oid_get(OID_EK_CERTIFICATE)) == 0)
			found = 1;
	EXTENDED_KEY_USAGE_free(usage);
	return found;
}

/*
 * Without an extended key usage, something else must show that this is a TPM's
 * key: TPM attributes, or a key usage to encrypt and never sign, as in Google's
 * cloud.
 */
static bool
ek_is_tpms(X509 *certificate)
{
	const uint32_t  encrypts = KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT;
	uint32_t        usage = X509_get_key_usage(certificate); /* all bits are set without one */
	struct ek_facts facts;

	ek_certificate_facts(certificate, &facts);
	return facts.manufacturer[0] != '\0' || (usage & ~encrypts) == 0;
}

int
ek_certificate_check(X509 *certificate, struct error *err)
{
	uint32_t flags = X509_get_extension_flags(certificate);
	int      usage = ek_extended_usage(certificate);

	ERR_clear_error();
	if ((flags & EXFLAG_INVALID) != 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "it has an extension that cannot be decoded");
	if ((flags & EXFLAG_CRITICAL) != 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "it has a critical extension that is not understood");
	if (X509_check_ca(certificate) != 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "it is a CA's, not an EK's");
	if (usage < 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "its extended key usage is for other keys than EKs");
	if (usage == 0 && !ek_is_tpms(certificate))
		return error_set(err, ERROR_BAD_ATTESTATION, "nothing in it says that it is an EK's");
	return ek_check_key(certificate, err);
}
