/* Notes what keys take, tries them, and refuses what a sandbox does not leave. Opens no key. */
#include "config.h"

#include "pki/key_needs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki/signing.h"
#include "tpm/tcti.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

struct key_needs_opened {
	struct key_needs_opened *next;
	EVP_PKEY                *key; /* a reference */
	char                    *uri;
};

void
key_needs_tcti(struct key_needs *needs, const char *tcti)
{
	const char *configuration = tcti != NULL ? tpm_tcti_configuration(tcti) : "";

	if (tcti == NULL || (tpm_tcti_is(tcti, "device") && configuration[0] == '\0')) {
		config_list_append(&needs->devices, "/dev/tpmrm0");
		config_list_append(&needs->devices, "/dev/tpm0");
	} else if (tpm_tcti_is(tcti, "device")) {
		config_list_append(&needs->devices, configuration);
	} else if (tpm_tcti_is(tcti, "cmd")) {
		needs->command = true;
	} else if (tpm_tcti_is(tcti, "tabrmd")) {
		needs->sockets = true;
	} else if (tpm_tcti_is(tcti, "swtpm") || tpm_tcti_is(tcti, "mssim")) {
		needs->sockets = needs->sockets || strstr(configuration, "path=") != NULL;
		needs->network = needs->network || strstr(configuration, "path=") == NULL;
	}
}

int
key_needs_module(struct key_needs *needs, const char *uri, bool tpm, struct error *err)
{
	const char *tcti = tpm ? getenv("TPM2OPENSSL_TCTI") : NULL;
	bool        command = tcti != NULL && tpm_tcti_is(tcti, "cmd");

	if (needs == NULL)
		return 0;
	if (needs->settled && (!needs->module || (command && !needs->command)))
		return error_set(err, ERROR_INTERNAL,
		    "%.256s is in a token or a TPM, which the sandbox of this process does not reach since its "
		    "start; restart it to use that key", uri);
	needs->module = true;
	if (tpm && !needs->settled)
		key_needs_tcti(needs, tcti);
	return 0;
}

int
key_needs_module_place(const struct key_needs *needs, const char *path, struct error *err)
{
	AUTO_FREE char *module = realpath(path, NULL);

	if (needs == NULL || module == NULL) /* who loads it says that it is not there */
		return 0;
	for (size_t i = 0; i < needs->writable.count; i++) {
		AUTO_FREE char *directory = realpath(needs->writable.texts[i], NULL);

		if (directory != NULL && file_is_below(directory, module))
			return error_set(err, ERROR_INTERNAL,
			    "the PKCS #11 module %.256s is in %.256s, where this process writes, and its code would "
			    "run before the sandbox; put it where only root may write", module, directory);
	}
	return 0;
}

int
key_needs_file(struct key_needs *needs, const char *uri, struct error *err)
{
	static const char scheme[] = "file:";
	const char       *path = strncmp(uri, scheme, sizeof scheme - 1) == 0 ? uri + sizeof scheme - 1 : uri;
	int               fd;

	if (needs == NULL)
		return 0;
	if (!needs->settled) {
		config_list_append(&needs->files, path);
		return 0;
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
		return close(fd);
	/* Landlock refuses what access(2) does not know of. */
	if (errno == EACCES && access(path, R_OK) == 0)
		return error_set(err, ERROR_INTERNAL,
		    "%.256s is outside of what this process may open since its start; restart it to use that "
		    "key", path);
	return 0;
}

/* One signature, of nothing that anybody could use. */
static int
key_sign(EVP_PKEY *key, struct error *err)
{
	struct signing signing;
	AUTO_BYTES     signature = {0};
	int            rc = signing_begin(key, &signing, err);

	if (rc == 0)
		rc = signing_sign(&signing, view_text("attest-ca: a trial signature"), &signature, err);
	signing_end(&signing);
	return rc == 0 ? 0 : error_wrap(err, "a trial signature");
}

int
key_needs_explain(const struct key_needs *needs, const char *uri, struct error *err)
{
	if (needs == NULL || !needs->settled)
		return -1;
	return error_wrap(err,
	    "inside the sandbox %.200s cannot be used; when its token or TPM lacks files, devices or sockets "
	    "there, name them in key_paths and key_sockets", uri);
}

int
key_needs_try(struct key_needs *needs, const char *uri, EVP_PKEY *key, struct error *err)
{
	struct key_needs_opened *opened;

	if (needs == NULL)
		return 0;
	if (key_sign(key, err) != 0)
		return key_needs_explain(needs, uri, err);
	if (needs->settled)
		return 0;
	opened = memory_new(sizeof *opened);
	*opened = (struct key_needs_opened){.next = needs->opened, .key = key, .uri = memory_strdup(uri)};
	signing_key_hold(key);
	needs->opened = opened;
	return 0;
}

static void
key_needs_let_go(struct key_needs *needs)
{
	struct key_needs_opened *opened;

	while ((opened = needs->opened) != NULL) {
		needs->opened = opened->next;
		signing_key_free(opened->key);
		free(opened->uri);
		free(opened);
	}
}

int
key_needs_settle(struct key_needs *needs, struct error *err)
{
	int rc = 0;

	needs->settled = true;
	for (const struct key_needs_opened *at = needs->opened; at != NULL && rc == 0; at = at->next)
		rc = key_sign(at->key, err) == 0 ? 0 : key_needs_explain(needs, at->uri, err);
	key_needs_let_go(needs);
	return rc;
}

void
key_needs_clear(struct key_needs *needs)
{
	config_list_clear(&needs->files);
	config_list_clear(&needs->devices);
	config_list_clear(&needs->writable);
	key_needs_let_go(needs);
	*needs = (struct key_needs){0};
}
