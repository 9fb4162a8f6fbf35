/* Checks the profile of an AK certificate and reads its names; chain and revocation are checked
 * elsewhere. */
#include "config.h"

#include "pki/ak_check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "pki/oid.h"
#include "pki/permanent_identifier.h"
#include "tpm/openssl_error.h"

static const enum oid tpm_attributes[] = {OID_TPM_MANUFACTURER, OID_TPM_MODEL, OID_TPM_VERSION};

#define AK_TPM_ATTRIBUTES (sizeof tpm_attributes / sizeof tpm_attributes[0])

static int
ak_check_basics(const X509 *certificate, struct error *err)
{
	X509    *x = (X509 *)(uintptr_t)certificate; /* OpenSSL caches what it finds */
	uint32_t flags = X509_get_extension_flags(x);

	if (X509_get_version(certificate) != X509_VERSION_3)
		return error_set(err, ERROR_BAD_ATTESTATION, "the AK certificate is version %ld, not 3",
		    X509_get_version(certificate) + 1);
	if (flags & EXFLAG_INVALID)
		return error_set_openssl(err, ERROR_BAD_ATTESTATION,
		    "an extension of the AK certificate cannot be decoded");
	if (X509_NAME_entry_count(X509_get_subject_name(certificate)) != 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "the AK certificate's subject is not empty");
	if (flags & EXFLAG_CA)
		return error_set(err, ERROR_BAD_ATTESTATION, "the AK certificate is a CA's");
	if ((flags & EXFLAG_KUSAGE) && !(X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "the AK certificate's key usage is not digitalSignature");
	return 0;
}

static int
ak_check_purpose(const X509 *certificate, struct error *err)
{
	int                 critical;
	EXTENDED_KEY_USAGE *usage =
	    X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
	int                 rc = 0;

	if (usage == NULL)
		return error_set_openssl(err, ERROR_BAD_ATTESTATION,
		    "the AK certificate has no extended key usage");
	/* Other verifiers look at the first one only. */
	if (sk_ASN1_OBJECT_num(usage) == 0 ||
	    OBJ_cmp(sk_ASN1_OBJECT_value(usage, 0), oid_get(OID_AK_CERTIFICATE)) != 0)
		rc = error_set(err, ERROR_BAD_ATTESTATION, "the first extended key usage of the"
		    " AK certificate is not tcg-kp-AIKCertificate (2.23.133.8.3)");
	EXTENDED_KEY_USAGE_free(usage);
	return rc;
}

/* Records which TPM attributes a directoryName has; none of them may be empty. */
static void
ak_mark_attributes(const X509_NAME *directory, bool present[AK_TPM_ATTRIBUTES])
{
	for (int i = 0; i < X509_NAME_entry_count(directory); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(directory, i);
		const ASN1_STRING     *value = X509_NAME_ENTRY_get_data(entry);

		for (size_t k = 0; k < AK_TPM_ATTRIBUTES; k++) {
			if (OBJ_cmp(X509_NAME_ENTRY_get_object(entry), oid_get(tpm_attributes[k])) == 0 &&
			    ASN1_STRING_length(value) > 0)
				present[k] = true;
		}
	}
}

static int
ak_add_name(struct ak_names *names, const OTHERNAME *other, struct error *err)
{
	AUTO_BYTES value = {0};

	if (permanent_identifier_decode(other, &value, err) != 0) {
		err->kind = ERROR_BAD_ATTESTATION;
		return error_wrap(err, "the AK certificate");
	}
	if (value.size == 0)
		return 0;
	bytes_append_u8(&value, '\0');
	names->values[names->count++] = memory_strdup((const char *)value.data);
	return 0;
}

/* names->values has room for every general name. */
static int
ak_read_names(const GENERAL_NAMES *general, struct ak_names *names, struct error *err)
{
	bool present[AK_TPM_ATTRIBUTES] = {false};

	for (int i = 0; i < sk_GENERAL_NAME_num(general); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(general, i);

		if (name->type == GEN_DIRNAME)
			ak_mark_attributes(name->d.directoryName, present);
		else if (name->type == GEN_OTHERNAME && permanent_identifier_is(name->d.otherName) &&
		    ak_add_name(names, name->d.otherName, err) != 0)
			return -1;
	}
	for (size_t k = 0; k < AK_TPM_ATTRIBUTES; k++) {
		if (!present[k])
			return error_set(err, ERROR_BAD_ATTESTATION,
			    "the AK certificate does not name the TPM's %s",
			    k == 0 ? "manufacturer" : k == 1 ? "model" : "version");
	}
	return 0;
}

int
ak_certificate_check(const X509 *certificate, struct ak_names *names, struct error *err)
{
	GENERAL_NAMES *general;
	int            critical;
	int            rc;

	*names = (struct ak_names){NULL, 0};
	if (ak_check_basics(certificate, err) != 0 || ak_check_purpose(certificate, err) != 0)
		return -1;
	general = X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
	if (general == NULL)
		return error_set_openssl(err, ERROR_BAD_ATTESTATION,
		    "the AK certificate has no subject alternative name");
	if (!critical) {
		rc = error_set(err, ERROR_BAD_ATTESTATION,
		    "the AK certificate's subject alternative name is not critical");
	} else {
		names->values = memory_new((size_t)(sk_GENERAL_NAME_num(general) + 1) * sizeof *names->values);
		rc = ak_read_names(general, names, err);
	}
	GENERAL_NAMES_free(general);
	if (rc != 0 || names->count == 0)
		ak_names_clear(names);
	return rc;
}

bool
ak_names_have(const struct ak_names *names, struct view name)
{
	for (size_t i = 0; i < names->count; i++) {
		struct view own = view_text(names->values[i]);

		if (view_equal(own, name))
			return true;
	}
	return false;
}

void
ak_names_clear(struct ak_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->values[i]);
	free(names->values);
	*names = (struct ak_names){NULL, 0};
}
