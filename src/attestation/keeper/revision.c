/* Reads what the settings name, and checks it; knows no thread. */
#include "config.h"

#include "attestation/keeper/revision.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "attestation/keeper/auto_enroll.h"
#include "http/tls.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/pem.h"
#include "service/greeting.h"
#include "tpm/openssl_error.h"
#include "util/config_change.h"
#include "util/error.h"
#include "util/file.h"

static int
revision_decode_key(const struct bytes *pem, const char *path, EVP_PKEY **key, struct error *err)
{
	BIO *bio = pem_open(pem);

	*key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, pem_no_passphrase_cb, NULL) : NULL;
	BIO_free(bio);
	return *key != NULL ? 0 : error_set_openssl(err, ERROR_MALFORMED, "no private key in %s", path);
}

/* A front that could not use them would end, and so would each one after it. */
static int
revision_try_tls(const struct attestation_revision *revision, struct error *err)
{
	SSL_CTX *tls = NULL;
	int      rc = tls_server_new(bytes_view(&revision->tls_chain), bytes_view(&revision->tls_key), &tls, err);

	SSL_CTX_free(tls);
	return rc;
}

/* Reads what fronts serve TLS with, when there is any; what is wrong with it is found out here. */
static int
revision_read_tls(struct attestation_revision *revision, struct error *err)
{
	const struct attestation_settings *settings = &revision->settings;
	struct ca                          pair = {0};
	int                                rc = -1;

	if (settings->tls_cert == NULL)
		return 0;
	if (file_read(settings->tls_cert, SERVICE_GREETING_CHAIN_MAX, &revision->tls_chain, err) != 0 ||
	    file_read(settings->tls_key, SERVICE_GREETING_KEY_MAX, &revision->tls_key, err) != 0)
		return -1;
	/* What was read is what is checked: the files may change in between. */
	if (certificate_decode_pem(&revision->tls_chain, settings->tls_cert, &pair.certificate, err) == 0 &&
	    revision_decode_key(&revision->tls_key, settings->tls_key, &pair.key, err) == 0 &&
	    (rc = ca_check_pair(&pair, err) == 0 ? revision_try_tls(revision, err) : -1) != 0)
		error_wrap(err, "%s and %s", settings->tls_cert, settings->tls_key);
	ca_clear(&pair);
	return rc;
}

static uint64_t
revision_policy(const struct attestation_settings *settings,
    const struct attestation_revision *before)
{
	if (before == NULL)
		return 0;
	if (settings->ek_mode == before->settings.ek_mode &&
	    config_list_equal(&settings->ek_certificate_require, &before->settings.ek_certificate_require))
		return before->policy;
	return before->policy + 1;
}

int
attestation_revision_new(const struct attestation_settings *settings,
    const struct attestation_revision *before, struct attestation_revision **out, struct error *err)
{
	struct attestation_revision *revision = memory_new(sizeof *revision);

	config_copy(attestation_settings_schema(), sizeof *settings, settings, &revision->settings);
	revision->policy = revision_policy(settings, before);
	if (revision_read_tls(revision, err) != 0 ||
	    auto_enroll_new(&revision->settings, &revision->auto_enroll, err) != 0) {
		attestation_revision_free(revision);
		return -1;
	}
	*out = revision;
	return 0;
}

void
attestation_revision_free(void *value)
{
	struct attestation_revision *revision = value;

	if (revision == NULL)
		return;
	auto_enroll_free(revision->auto_enroll);
	bytes_clear(&revision->tls_chain);
	bytes_clear(&revision->tls_key);
	config_file_clear(attestation_settings_schema(), &revision->settings);
	free(revision);
}
