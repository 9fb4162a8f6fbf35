/*
 * Gives each TPM key its own library context, in which the provider's
 * implementations take precedence over OpenSSL's; the default context stays
 * unchanged.
 */
#include "config.h"

#include "pki/tpm_key.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "pki/key.h"
#include "pki/signing.h"
#include "tpm/openssl_error.h"
#include "util/error.h"
#include "util/file.h"

#define TPM_KEY_HEADER     "-----BEGIN TSS2 PRIVATE KEY-----"
#define TPM_KEY_SCHEME     "handle:"
#define TPM_KEY_FILE_MAX   ((size_t)64 * 1024)
#define TPM_KEY_PROPERTIES "?provider=tpm2,tpm2.digest!=yes"

struct tpm_library {
	OSSL_LIB_CTX  *context;
	OSSL_PROVIDER *openssl;
	OSSL_PROVIDER *tpm;
};

bool
tpm_key_is_content(struct view text)
{
	return text.size > 0 &&
	    memmem(text.data, text.size, TPM_KEY_HEADER, strlen(TPM_KEY_HEADER)) != NULL;
}

bool
tpm_key_is(const char *uri)
{
	AUTO_BYTES   text = {0};
	struct error err = {0};

	if (strncasecmp(uri, TPM_KEY_SCHEME, strlen(TPM_KEY_SCHEME)) == 0)
		return true;
	/* A bad file is reported by the loader. */
	return file_read(key_path(uri), TPM_KEY_FILE_MAX, &text, &err) == 0 &&
	    tpm_key_is_content(bytes_view(&text));
}

static void
tpm_library_close(void *arg)
{
	struct tpm_library *library = arg;

	if (library->tpm != NULL)
		(void)OSSL_PROVIDER_unload(library->tpm);
	if (library->openssl != NULL)
		(void)OSSL_PROVIDER_unload(library->openssl);
	OSSL_LIB_CTX_free(library->context);
	free(library);
}

static int
tpm_library_open(struct tpm_library *library, const char *uri, struct error *err)
{
	if ((library->context = OSSL_LIB_CTX_new()) == NULL ||
	    (library->openssl = OSSL_PROVIDER_load(library->context, "default")) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "preparing to load a key of a TPM");
	if ((library->tpm = OSSL_PROVIDER_load(library->context, "tpm2")) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL,
		    "%s is a key of a TPM, which needs tpm2-openssl's provider and its TPM "
		    "(TPM2OPENSSL_TCTI)",
		    uri);
	return 0;
}

int
tpm_key_load(const char *uri, const struct bytes *content, struct view auth, EVP_PKEY **key,
    struct error *err)
{
	struct tpm_library *library = memory_new(sizeof *library);
	struct signing_home home = {
	    .properties = TPM_KEY_PROPERTIES,
	    .leave = tpm_library_close,
	    .arg = library,
	};
	EVP_PKEY *loaded = NULL;
	int       rc = -1;

	signing_lock();
	if (tpm_library_open(library, uri, err) == 0) {
		home.library = library->context;
		rc = content != NULL ? key_load_content(content, uri, auth, &home, &loaded, err)
		                     : key_load_in(uri, auth, &home, &loaded, err);
	}
	if (rc == 0)
		rc = signing_set_home(loaded, &home, err);
	if (rc == 0) {
		*key = loaded;
	} else {
		EVP_PKEY_free(loaded);
		tpm_library_close(library);
	}
	signing_unlock();
	return rc;
}
