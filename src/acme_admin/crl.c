/* attest-acmed crl: signs the CRL, whether the server runs or not; a running server then serves
 * it. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "acme/keeper/crl_source.h"
#include "acme_admin/commands.h"
#include "acme_admin/store.h"
#include "admin/access.h"
#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "command/print.h"
#include "pki/ca.h"
#include "store/acme/acme.h"
#include "util/bytes.h"
#include "util/error.h"

struct crl {
	struct access_options access;
	int64_t               lifetime; /* 0: as the present CRL */
};

static const struct command_option crl_rows[] = {
    {OPTION(DURATION, "lifetime", "DURATION", struct crl, lifetime,
         "until its next update (as the last one had, or 7d)"),
        .least = "1h", .most = "1y"},
    {0},
};

static command_run acme_admin_crl;

const struct command acme_admin_crl_command = {
    .name = "crl",
    .summary = "sign the CRL again and print it, and the root's, as PEM",
    .size = sizeof(struct crl),
    .options = {{crl_rows, 0}, {access_rows, offsetof(struct crl, access)}},
    .state = true,
    .run = acme_admin_crl,
};

/* Prints the signed CRL, not the file crl.pem, which may have been replaced by a newer one already;
 * and the root's. */
static int
crl_print(const struct command_call *call, const struct crl_keeper *crl, struct error *err)
{
	uint64_t   number = crl_keeper_content(crl)->number;
	AUTO_BYTES pem = {0};
	int        rc = crl_bundle_append(call->state, crl_keeper_der(crl), &pem, err);

	if (rc == 0 && call->json)
		print_json(json_pack("{s:s%, s:I}", "crl", (const char *)pem.data, pem.size, "number",
		    (json_int_t)number));
	else if (rc == 0)
		(void)fwrite(pem.data, 1, pem.size, stdout);
	return rc;
}

static int
crl_make(const struct command_call *call, struct store *store, const struct ca *issuing,
    int64_t lifetime, struct error *err)
{
	struct crl_keeper *crl = crl_keeper_new(call->state, STATE_ISSUING_CRL, crl_source_acme(), 0,
	    issuing, lifetime);
	int                rc = crl_keeper_sign(crl, store, call->now, err);

	if (rc == 0)
		rc = crl_bundle_write(call->state, err);
	if (rc == 0)
		rc = crl_print(call, crl, err);
	crl_keeper_free(crl);
	return rc;
}

static int
acme_admin_crl(const struct command_call *call, struct error *err)
{
	const struct crl   *crl = call->options;
	struct issuer_files files = {.id = ""};
	struct access       access;
	struct store       *store = NULL;
	int                 rc = access_read(&crl->access, &access, err) != 0 ? access_status(err) : 0;

	if (rc == 0)
		rc = acme_admin_store_open(call, &store, err);
	if (rc == 0)
		rc = issuer_files_load_valid(call->state, &access.key, call->now, &files, err);
	if (rc == 0)
		rc = crl_make(call, store, &files.ca, crl->lifetime, err);
	access_clear(&access);
	issuer_files_clear(&files);
	store_close(store);
	return rc;
}
