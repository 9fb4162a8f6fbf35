/* The profile of TLS server certificates. */
#include "config.h"

#include "pki/server_certificate.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdbool.h>

#include <openssl/objects.h>

#include "pki/alt_name.h"
#include "pki/end_entity.h"
#include "util/error.h"

static bool
server_name_is_address(const char *name)
{
	struct in6_addr address;

	return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

static int
server_add_names(struct bytes *names, const struct server_profile *profile, struct error *err)
{
	for (size_t i = 0; i < profile->name_count; i++) {
		const char *name = profile->names[i];

		if ((server_name_is_address(name) ? alt_name_add_ip(names, name, err)
		                                  : alt_name_add_dns(names, name, err)) != 0)
			return -1;
	}
	return 0;
}

int
server_certificate_issue(const struct ca *issuer, const struct server_profile *profile,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err)
{
	const ASN1_OBJECT *purposes[] = {OBJ_nid2obj(NID_server_auth)};
	struct end_entity  entity = {
	    .purposes = purposes,
	    .purpose_count = 1,
	    .crl_url = profile->crl_url,
	    .not_before = profile->not_before,
	    .not_after = profile->not_after,
	};
	AUTO_BYTES spki = {0};
	AUTO_BYTES names = {0};

	if (profile->name_count == 0)
		return error_set(err, ERROR_INTERNAL, "a server certificate without a name");
	if (server_add_names(&names, profile, err) != 0 ||
	    end_entity_spki(profile->key, &spki, err) != 0)
		return -1;
	entity.spki = bytes_view(&spki);
	entity.names = bytes_view(&names);
	return end_entity_issue(issuer, &entity, serial, not_after, der, err);
}
