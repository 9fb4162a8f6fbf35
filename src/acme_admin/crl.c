/* attest-acmed crl: signs the CRL again, for when no daemon does. */
#include "config.h"

#include <stdio.h>

#include "acme/keeper/crl_files.h"
#include "acme_admin/commands.h"
#include "admin/access.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "command/print.h"
#include "pki/ca.h"
#include "store/acme/acme.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static command_run acme_admin_crl;

const struct command acme_admin_crl_command = {
    .name = "crl",
    .summary = "sign the CRL again and print it, and the root's, as PEM",
    .size = sizeof(struct access_options),
    .options = {{access_rows, 0}},
    .run = acme_admin_crl,
};

#define CRL_LIFETIME (INT64_C(7) * 24 * 3600)
#define CRL_MAX      ((size_t)256 * 1024)

static int
crl_write(const char *state_dir, const char *name, struct view file, struct error *err)
{
	AUTO_FREE char *path = file_join(state_dir, name);

	return file_replace(path, file.data, file.size, 0644, err);
}

static int
crl_make(const struct command_call *call, struct store *store, const struct ca *issuing,
    struct error *err)
{
	AUTO_FREE char   *root_path = file_join(call->state_dir, STATE_ROOT_CRL);
	AUTO_BYTES        root = {0};
	AUTO_BYTES        der = {0};
	AUTO_BYTES        pem = {0};
	struct crl_files *crl;
	bool              fresh = false;
	int               rc;

	if (file_read(root_path, CRL_MAX, &root, err) != 0 && err->kind != ERROR_NOT_FOUND)
		return -1;
	crl = crl_files_new(issuing, CRL_LIFETIME, bytes_view(&root));
	if ((rc = crl_files_refresh(crl, store, call->now, &fresh, err)) == 0) {
		crl_files_read(crl, false, &der);
		crl_files_read(crl, true, &pem);
	}
	crl_files_free(crl);
	if (rc != 0 || crl_write(call->state_dir, STATE_ISSUING_CRL, bytes_view(&der), err) != 0 ||
	    crl_write(call->state_dir, STATE_CRL_PEM, bytes_view(&pem), err) != 0)
		return -1;
	if (call->json)
		print_json(json_pack("{s:s%}", "crl", (const char *)pem.data, pem.size));
	else
		(void)fwrite(pem.data, 1, pem.size, stdout);
	return 0;
}

static int
acme_admin_crl(const struct command_call *call, struct error *err)
{
	struct issuer_files files = {.id = ""};
	struct access       access;
	struct store       *store = NULL;
	int                 rc = access_read(call->options, &access, err) != 0 ? access_status(err) : 0;

	if (rc == 0)
		rc = store_acme_open(call->state_dir, &store, err);
	if (rc == 0)
		rc = issuer_files_load_valid(call->state_dir, &access.key, call->now, &files, err);
	if (rc == 0)
		rc = crl_make(call, store, &files.ca, err);
	access_clear(&access);
	issuer_files_clear(&files);
	store_close(store);
	return rc;
}
