/* The profile of device certificates. */
#include "config.h"

#include "pki/device_certificate.h"

#include <string.h>

#include <openssl/objects.h>

#include "pki/alt_name.h"
#include "pki/device_name.h"
#include "pki/end_entity.h"
#include "pki/permanent_identifier.h"
#include "util/error.h"
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
device_add_names(struct bytes *names, const struct device_profile *profile, struct error *err)
{
	permanent_identifier_append(names, profile->identifier);
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
	    .common_name = name,
	    .purposes = purposes,
	    .purpose_count = device_purposes(profile->usages, purposes),
	    .crl_url = profile->crl_url,
	    .not_before = profile->not_before,
	    .not_after = profile->not_after,
	};
	AUTO_BYTES spki = {0};
	AUTO_BYTES names = {0};

	if (entity.purpose_count == 0)
		return error_set(err, ERROR_INTERNAL, "a device certificate without a usage");
	if (identifier_check(profile->identifier, strlen(profile->identifier), err) != 0) {
		err->kind = ERROR_INTERNAL;
		return error_wrap(err, "the identifier of a device certificate");
	}
	(void)device_common_name(profile->identifier, name);
	if (device_add_names(&names, profile, err) != 0 ||
	    end_entity_spki(profile->key, &spki, err) != 0)
		return -1;
	entity.spki = bytes_view(&spki);
	entity.names = bytes_view(&names);
	return end_entity_issue(issuer, &entity, serial, not_after, der, err);
}
