/* Builds and signs end-entity certificates; the profiles choose names and purposes. */
#include "config.h"

#include "pki/end_entity.h"

#include <openssl/x509.h>

#include "pki/ca.h"
#include "pki/draft.h"
#include "pki/extension.h"

static int
end_entity_add_extensions(X509 *certificate, const X509 *issuer, const struct end_entity *entity,
    struct error *err)
{
	if (extension_add_basic_constraints(certificate, false, EXTENSION_PATHLEN_ANY, err) != 0 ||
	    extension_add_key_usage(certificate, KU_DIGITAL_SIGNATURE, err) != 0 ||
	    extension_add_extended_key_usage(certificate, entity->purposes, entity->purpose_count,
	        err) != 0 ||
	    extension_add_alt_names(certificate, entity->names, err) != 0 ||
	    extension_add_subject_key_id(certificate, err) != 0 ||
	    extension_add_authority_key_id(certificate, issuer, err) != 0)
		return -1;
	return entity->crl_url == NULL ? 0 : extension_add_crl_url(certificate, entity->crl_url, err);
}

int
end_entity_issue(const struct ca *issuer, const struct end_entity *entity,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err)
{
	struct draft draft = {
	    .issuer = issuer->certificate,
	    .key = entity->key,
	    .common_name = entity->common_name,
	    .serial = serial,
	    .not_before = entity->not_before,
	    .not_after = entity->not_after,
	};
	X509 *certificate = NULL;
	int   rc = -1;

	if (draft_fit_validity(issuer->certificate, draft.not_before, &draft.not_after, err) == 0 &&
	    certificate_serial_draw(serial, err) == 0 && draft_new(&draft, &certificate, err) == 0 &&
	    end_entity_add_extensions(certificate, issuer->certificate, entity, err) == 0 &&
	    draft_sign(certificate, issuer->key, err) == 0)
		rc = certificate_encode(certificate, der, err);
	if (rc == 0)
		*not_after = draft.not_after;
	X509_free(certificate);
	return rc;
}
