/* Joins CRL files; does not sign or check them. */
#include "config.h"

#include "ca/crl_bundle.h"

#include <stdlib.h>

#include <openssl/pem.h>

#include "ca/crl.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "pki/pem.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file_lock.h"
#include "util/folder_file.h"

#define CRL_MAX ((size_t)128 << 20)

static int
bundle_add(const struct folder *state, const char *name, struct bytes *pem, struct error *err)
{
	AUTO_BYTES der = {0};

	if (folder_read(state, name, CRL_MAX, &der, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	return pem_wrap(PEM_STRING_X509_CRL, bytes_view(&der), pem, err);
}

int
crl_bundle_append(const struct folder *state, struct view crl, struct bytes *pem, struct error *err)
{
	if (pem_wrap(PEM_STRING_X509_CRL, crl, pem, err) != 0)
		return -1;
	return bundle_add(state, STATE_ROOT_CRL, pem, err);
}

static int
bundle_add_earlier(const struct folder *state, struct bytes *pem, struct error *err)
{
	char (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t count = 0;
	int    rc = issuer_files_list(state, &ids, &count, err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		AUTO_FREE char *name = issuer_files_name(ids[i], "crl");

		rc = bundle_add(state, name, pem, err);
	}
	free(ids);
	return rc;
}

/* Built under the lock against replacing CRLs, so that the bundle is not older than any CRL
 * file. */
static int
bundle_write(const struct folder *state, struct error *err)
{
	AUTO_BYTES   pem = {0};
	AUTO_BYTES   there = {0};
	struct error ignored;

	if (bundle_add(state, STATE_ISSUING_CRL, &pem, err) != 0 ||
	    bundle_add(state, STATE_NEXT_CRL, &pem, err) != 0 ||
	    bundle_add_earlier(state, &pem, err) != 0 ||
	    bundle_add(state, STATE_ROOT_CRL, &pem, err) != 0)
		return -1;
	if (folder_read(state, STATE_CRL_PEM, 2 * CRL_MAX, &there, &ignored) == 0 &&
	    view_equal(bytes_view(&there), bytes_view(&pem)))
		return 0;
	return folder_replace(state, STATE_CRL_PEM, pem.data, pem.size, 0644, err);
}

int
crl_bundle_write(const struct folder *state, struct error *err)
{
	struct file_lock lock;
	int               rc;

	if (crl_lock(state, &lock, err) != 0)
		return -1;
	rc = bundle_write(state, err);
	file_lock_close(&lock);
	return rc;
}
