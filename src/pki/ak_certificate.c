/* The profile of AK certificates: what goes in, and nothing else. */
#include "config.h"

#include "pki/ak_certificate.h"

#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/alt_name.h"
#include "pki/ca.h"
#include "pki/draft.h"
#include "pki/extension.h"
#include "pki/oid.h"
#include "tpm/openssl_error.h"
#include "util/identifier.h"

/* WIRE.md §5, the three kinds of names in this order. */
static int
ak_alt_names_fill(GENERAL_NAMES *names, const struct ak_profile *profile, struct error *err)
{
	struct alt_name_tpm tpm = {profile->manufacturer, profile->model, profile->version};

	if (tpm.model == NULL || tpm.model[0] == '\0')
		tpm.model = "unknown"; /* verifiers refuse an empty one */
	if (alt_name_add_uri(names, profile->ek_urn, err) != 0 ||
	    alt_name_add_tpm(names, &tpm, err) != 0)
		return -1;
	for (size_t i = 0; i < profile->name_count; i++) {
		if (alt_name_add_permanent_identifier(names, profile->names[i], err) != 0)
			return -1;
	}
	return 0;
}

static int
ak_add_alt_names(X509 *certificate, const struct ak_profile *profile, struct error *err)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	int            rc;

	if (names == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding an AK's names");
	if ((rc = ak_alt_names_fill(names, profile, err)) == 0)
		rc = extension_add_alt_names(certificate, names, err);
	GENERAL_NAMES_free(names);
	return rc;
}

static int
ak_add_extensions(X509 *certificate, const X509 *issuer, const struct ak_profile *profile,
    struct error *err)
{
	const ASN1_OBJECT *purposes[] = {oid_get(OID_AK_CERTIFICATE)};

	if (extension_add_basic_constraints(certificate, false, EXTENSION_PATHLEN_ANY, err) != 0 ||
	    extension_add_key_usage(certificate, KU_DIGITAL_SIGNATURE, err) != 0 ||
	    extension_add_extended_key_usage(certificate, purposes, 1, err) != 0 ||
	    ak_add_alt_names(certificate, profile, err) != 0 ||
	    extension_add_subject_key_id(certificate, err) != 0 ||
	    extension_add_authority_key_id(certificate, issuer, err) != 0)
		return -1;
	return profile->crl_url == NULL ? 0 : extension_add_crl_url(certificate, profile->crl_url, err);
}

/* An AK certificate without a name, or with one that is none, is worse than no certificate. */
static int
ak_names_check(const struct ak_profile *profile, struct error *err)
{
	if (profile->name_count == 0)
		return error_set(err, ERROR_INTERNAL, "an AK certificate without a name");
	for (size_t i = 0; i < profile->name_count; i++) {
		if (identifier_check(profile->names[i], strlen(profile->names[i]), err) != 0) {
			err->kind = ERROR_INTERNAL; /* it is the inventory's, not the client's */
			return error_wrap(err, "name %zu of an AK certificate", i + 1);
		}
	}
	return 0;
}

int
ak_certificate_issue(const struct ca *issuer, const struct ak_profile *profile,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err)
{
	struct draft draft = {
	    .issuer = issuer->certificate,
	    .key = profile->key,
	    .serial = serial,
	    .not_before = profile->not_before,
	    .not_after = profile->not_after,
	};
	X509 *certificate = NULL;
	int   rc = -1;

	if (ak_names_check(profile, err) == 0 &&
	    draft_fit_validity(issuer->certificate, draft.not_before, &draft.not_after, err) == 0 &&
	    certificate_serial_draw(serial, err) == 0 && draft_new(&draft, &certificate, err) == 0 &&
	    ak_add_extensions(certificate, issuer->certificate, profile, err) == 0 &&
	    draft_sign(certificate, issuer->key, err) == 0)
		rc = certificate_encode(certificate, der, err);
	if (rc == 0)
		*not_after = draft.not_after;
	X509_free(certificate);
	return rc;
}
