/* The profile of device certificates. */
#include "config.h"

#include "pki/device_certificate.h"

#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "pki/alt_name.h"
#include "pki/device_name.h"
#include "pki/end_entity.h"
#include "tpm/openssl_error.h"
#include "util/identifier.h"

/* Fills the purposes in their order; returns their number. */
static size_t
device_purposes(unsigned usages, const ASN1_OBJECT *purposes[2])
{
	size_t count = 0;

	if (usages & DEVICE_USAGE_CLIENT)
		purposes[count++] = OBJ_nid2obj(NID_client_auth);
	if (usages & DEVICE_USAGE_SERVER)
		purposes[count++] = OBJ_nid2obj(NID_server_auth);
	return count;
}

static int
device_add_names(GENERAL_NAMES *names, const struct device_profile *profile, struct error *err)
{
	if (alt_name_add_permanent_identifier(names, profile->identifier, err) != 0)
		return -1;
	for (size_t i = 0; i < profile->dns_count; i++) {
		if (alt_name_add_dns(names, profile->dns_names[i], err) != 0)
			return -1;
	}
	return 0;
}

int
device_certificate_issue(const struct ca *issuer, const struct device_profile *profile,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err)
{
	const ASN1_OBJECT *purposes[2];
	char               name[DEVICE_COMMON_NAME_SIZE];
	struct end_entity  entity = {
	    .key = profile->key,
	    .common_name = name,
	    .purposes = purposes,
	    .purpose_count = device_purposes(profile->usages, purposes),
	    .crl_url = profile->crl_url,
	    .not_before = profile->not_before,
	    .not_after = profile->not_after,
	};
	int rc;

	if (entity.purpose_count == 0)
		return error_set(err, ERROR_INTERNAL, "a device certificate without a usage");
	if (identifier_check(profile->identifier, strlen(profile->identifier), err) != 0) {
		err->kind = ERROR_INTERNAL;
		return error_wrap(err, "the identifier of a device certificate");
	}
	(void)device_common_name(profile->identifier, name);
	if ((entity.names = GENERAL_NAMES_new()) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding a device's names");
	if ((rc = device_add_names(entity.names, profile, err)) == 0)
		rc = end_entity_issue(issuer, &entity, serial, not_after, der, err);
	GENERAL_NAMES_free(entity.names);
	return rc;
}
