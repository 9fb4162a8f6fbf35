/* attest-ca crl: signs the CRLs, whether attestd runs or not; a running attestd then serves
 * them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/access.h"
#include "admin/commands.h"
#include "admin/store.h"
#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/crl_inventory.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "command/print.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

struct crl {
	struct access_options access;
	int64_t               lifetime; /* 0: as the last CRL */
};

static const struct command_option crl_rows[] = {
    {OPTION(DURATION, "lifetime", "DURATION", struct crl, lifetime,
         "until its next update (as the last one had, or 7d)"),
        .least = "1h", .most = "1y"},
    {0},
};

static command_run admin_crl;

const struct command admin_crl_command = {
    .name = "crl",
    .summary = "sign the CRL now, whether attestd runs or not",
    .size = sizeof(struct crl),
    .options = {{crl_rows, 0}, {access_rows, offsetof(struct crl, access)}},
    .state = true,
    .run = admin_crl,
};


/* A signed CRL. */
static json_t *
crl_describe(const char *path, const struct ca_crl *content)
{
	return json_pack("{s:o, s:I, s:o, s:o, s:I}",
	    "file", print_json_text(path),
	    "number", (json_int_t)content->number,
	    "this_update", print_json_time(content->this_update),
	    "next_update", print_json_time(content->next_update),
	    "entries", (json_int_t)(content->revoked.size / sizeof(struct ca_revoked)));
}

static void
crl_say(const char *path, const struct ca_crl *content)
{
	size_t count = content->revoked.size / sizeof(struct ca_revoked);
	char   until[CLOCK_TEXT_SIZE];

	clock_format(content->next_update, until);
	print_text(stdout, path);
	(void)printf(": number %llu, %zu certificate%s revoked, next update %s\n",
	    (unsigned long long)content->number, count, count == 1 ? "" : "s", until);
}

/* Shared by the signing of all CRLs of a directory. */
struct signing {
	const struct command_call *call;
	const struct key_access *access;
	struct store            *store;
	int64_t                  lifetime;
};

/* Signs one CRL; *object describes it, with --json. */
static int
crl_sign(const struct signing *signing, const struct ca *ca, const char *name, json_t **object,
    struct error *err)
{
	const struct command_call *call = signing->call;
	AUTO_FREE char          *path = file_join(call->state_dir, name);
	struct crl_keeper       *crl;
	int64_t                  issuer = 0;
	int                      rc;

	if (issuer_record(signing->store, ca->certificate, call->now, &issuer, err) != 0)
		return -1;
	crl = crl_keeper_new(call->state, name, crl_source_inventory(), issuer, ca,
	    signing->lifetime);
	rc = crl_keeper_sign(crl, signing->store, call->now, err);
	if (rc == 0 && call->json)
		*object = crl_describe(path, crl_keeper_content(crl));
	else if (rc == 0)
		crl_say(path, crl_keeper_content(crl));
	crl_keeper_free(crl);
	return rc;
}

/* Signs an earlier CA's CRL, as long as its certificate, and so any that it signed, is valid. */
static int
crl_sign_earlier(const struct signing *signing, const char *id, json_t *list, struct error *err)
{
	struct issuer_files files = {.id = ""};
	AUTO_FREE char     *name = issuer_files_name(id, "crl");
	json_t             *object = NULL;
	int                 rc = issuer_files_load_earlier(signing->call->state, id,
	                    signing->access, &files, err);

	if (rc == 0 && certificate_not_after(files.ca.certificate) >= signing->call->now)
		rc = crl_sign(signing, &files.ca, name, &object, err);
	if (object != NULL)
		(void)json_array_append_new(list, object);
	issuer_files_clear(&files);
	return rc == 0 ? 0 : error_wrap(err, "the CRL of the earlier key %.40s", id);
}

/* Signs all CRLs that it can; the first failure is reported. */
static int
crl_sign_all_earlier(const struct signing *signing, json_t *list, struct error *err)
{
	char         (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t       count = 0;
	struct error failed;
	int          rc = issuer_files_list(signing->call->state, &ids, &count, err);

	for (size_t i = 0; i < count; i++)
		if (crl_sign_earlier(signing, ids[i], list, &failed) != 0 && rc == 0) {
			*err = failed;
			rc = -1;
		}
	free(ids);
	return rc;
}

static int
crl_sign_all(const struct signing *signing, struct error *err)
{
	const struct folder *state = signing->call->state;
	struct issuer_files files = {.id = ""};
	json_t             *object = NULL;
	json_t             *earlier = json_array();
	int                 rc = issuer_files_load(state, signing->access, &files, err);

	if (rc == 0)
		rc = crl_sign(signing, &files.ca, STATE_ISSUING_CRL, &object, err);
	if (rc == 0)
		rc = crl_sign_all_earlier(signing, earlier, err);
	if (rc == 0)
		rc = crl_bundle_write(state, err);
	if (object != NULL) {
		(void)json_object_set(object, "earlier", earlier);
		print_json(object);
	}
	json_decref(earlier);
	issuer_files_clear(&files);
	return rc;
}

static int
admin_crl(const struct command_call *call, struct error *err)
{
	const struct crl *crl = call->options;
	struct access     access = {0};
	struct signing    signing = {.call = call, .access = &access.key, .lifetime = crl->lifetime};
	int               rc;

	if (access_read(&crl->access, &access, err) != 0)
		return access_status(err);
	rc = admin_store_open(call, &signing.store, err);
	if (rc == 0)
		rc = crl_sign_all(&signing, err);
	access_clear(&access);
	store_close(signing.store);
	return rc;
}
