/* The profile of the AK certificates that we issue. */
#include "config.h"

#include "pki/ak_certificate.h"

#include <string.h>

#include "pki/alt_name.h"
#include "pki/end_entity.h"
#include "pki/oid.h"
#include "pki/permanent_identifier.h"
#include "util/error.h"
#include "util/identifier.h"

/* WIRE.md §5, the three kinds of names in this order. */
static int
ak_add_names(struct bytes *names, const struct ak_profile *profile, struct error *err)
{
	struct alt_name_tpm tpm = {profile->manufacturer, profile->model, profile->version};

	if (tpm.model == NULL || tpm.model[0] == '\0')
		tpm.model = "unknown"; /* verifiers refuse an empty one */
	if (alt_name_add_uri(names, profile->ek_urn, err) != 0 ||
	    alt_name_add_tpm(names, &tpm, err) != 0)
		return -1;
	for (size_t i = 0; i < profile->name_count; i++)
		permanent_identifier_append(names, profile->names[i]);
	return 0;
}

/* An AK certificate without a valid name would be good for any name at some ACME servers. */
static int
ak_check_names(const struct ak_profile *profile, struct error *err)
{
	if (profile->name_count == 0)
		return error_set(err, ERROR_INTERNAL, "an AK certificate without a name");
	for (size_t i = 0; i < profile->name_count; i++) {
		if (identifier_check(profile->names[i], strlen(profile->names[i]), err) != 0) {
			err->kind = ERROR_INTERNAL; /* the name is not the client's */
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
	const ASN1_OBJECT *purposes[] = {oid_get(OID_AK_CERTIFICATE)};
	struct end_entity  entity = {
	    .spki = profile->spki,
	    .purposes = purposes,
	    .purpose_count = 1,
	    .crl_url = profile->crl_url,
	    .not_before = profile->not_before,
	    .not_after = profile->not_after,
	};
	AUTO_BYTES names = {0};

	if (ak_check_names(profile, err) != 0 || ak_add_names(&names, profile, err) != 0)
		return -1;
	entity.names = bytes_view(&names);
	return end_entity_issue(issuer, &entity, serial, not_after, der, err);
}
