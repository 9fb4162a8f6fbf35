/* Makes the server's own TLS key and certificate. */
#include "config.h"

#include "acme/keeper/server_key.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/server_certificate.h"
#include "util/error.h"

/* Backdating by an hour, because a client with a slow clock could not connect at all. */
#define BACKDATE_SECONDS 3600

static int
server_key_certify(const struct ca *issuing, const struct server_profile *profile,
    struct server_key *out, struct error *err)
{
	uint8_t    serial[CERTIFICATE_SERIAL_SIZE];
	AUTO_BYTES der = {0};
	X509      *leaf = NULL;
	int        rc = -1;

	if (server_certificate_issue(issuing, profile, serial, &out->not_after, &der, err) == 0 &&
	    certificate_decode(bytes_view(&der), &leaf, err) == 0 &&
	    certificate_encode_pem(leaf, &out->chain, err) == 0)
		rc = key_encode(profile->key, &out->key, err);
	X509_free(leaf);
	return rc;
}

int
server_key_make(const struct ca *issuing, struct view issuing_pem,
    const struct config_list *names, const char *crl_url, int64_t now, int64_t lifetime,
    struct server_key *out, struct error *err)
{
	struct server_profile profile = {
	    .names = (const char *const *)names->texts,
	    .name_count = names->count,
	    .crl_url = crl_url,
	    .not_before = certificate_begin(issuing->certificate, now, BACKDATE_SECONDS),
	    .not_after = now + lifetime,
	};
	int rc;

	*out = (struct server_key){0};
	if (key_generate(KEY_TYPE_P256, &profile.key, err) != 0)
		return -1;
	rc = server_key_certify(issuing, &profile, out, err);
	EVP_PKEY_free(profile.key);
	if (rc == 0) {
		bytes_append(&out->chain, issuing_pem.data, issuing_pem.size);
	} else {
		bytes_clear(&out->chain);
		bytes_clear(&out->key);
	}
	return rc;
}
