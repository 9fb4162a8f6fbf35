/* attest-ca crl: signs the CRL, whether attestd runs or not; a running one serves it then. */
#include "config.h"

#include <stdio.h>

#include "admin/call.h"
#include "admin/describe.h"
#include "admin/print.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "store/crl.h"
#include "store/files.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/duration.h"
#include "util/error.h"
#include "util/file.h"

#define CRL_LIFETIME_MIN ((int64_t)60 * 60)
#define CRL_LIFETIME_MAX ((int64_t)365 * 24 * 60 * 60)

static int
crl_load_issuing(const char *state_dir, struct ca *issuing, struct error *err)
{
	AUTO_FREE char *certificate = file_join(state_dir, STATE_ISSUING_PEM);
	AUTO_FREE char *key = file_join(state_dir, STATE_ISSUING_KEY);

	if (certificate_load(certificate, &issuing->certificate, err) != 0 ||
	    key_load(key, &issuing->key, err) != 0)
		return -1;
	return ca_check_pair(issuing, err);
}

static void
crl_say(const struct admin_call *call, const struct ca_crl *content)
{
	AUTO_FREE char *path = file_join(call->state_dir, STATE_ISSUING_CRL);
	size_t          count = content->revoked.size / sizeof(struct ca_revoked);
	char            until[CLOCK_TEXT_SIZE];

	clock_format(content->next_update, until);
	if (call->json) {
		print_json(json_pack("{s:s, s:I, s:o, s:o, s:I}", "file", path, "number",
		    (json_int_t)content->number, "this_update", describe_time(content->this_update),
		    "next_update", describe_time(content->next_update), "entries", (json_int_t)count));
		return;
	}
	print_text(stdout, path);
	(void)printf(": number %llu, %zu certificate%s revoked, next update %s\n",
	    (unsigned long long)content->number, count, count == 1 ? "" : "s", until);
}

static int
crl_sign(const struct admin_call *call, struct store *store, const struct ca *issuing,
    int64_t lifetime, struct error *err)
{
	struct store_crl *crl;
	int64_t           issuer = 0;
	int               rc;

	if (store_crl_issuer(store, issuing->certificate, call->now, &issuer, err) != 0)
		return -1;
	crl = store_crl_new(call->state_dir, STATE_ISSUING_CRL, issuer, issuing, lifetime);
	rc = store_crl_sign(crl, store, call->now, err);
	if (rc == 0)
		crl_say(call, store_crl_content(crl));
	store_crl_free(crl);
	return rc;
}

/* 0 when it is not given. */
static int
crl_read_lifetime(const struct admin_call *call, int64_t *lifetime, struct error *err)
{
	const char *text = admin_call_value(call, "lifetime", NULL);

	*lifetime = 0;
	if (text == NULL)
		return 0;
	if (duration_parse(text, lifetime, err) != 0)
		return error_wrap(err, "--lifetime");
	if (*lifetime < CRL_LIFETIME_MIN || *lifetime > CRL_LIFETIME_MAX)
		return error_set(err, ERROR_MALFORMED, "--lifetime must lie between 1h and 1y");
	return 0;
}

int
admin_crl(const struct admin_call *call, struct error *err)
{
	struct store *store = NULL;
	struct ca     issuing = {NULL, NULL};
	int64_t       lifetime;
	int           rc = -1;

	if (crl_read_lifetime(call, &lifetime, err) != 0)
		return ADMIN_USAGE;
	if (store_open(call->state_dir, &store, err) == 0 &&
	    crl_load_issuing(call->state_dir, &issuing, err) == 0)
		rc = crl_sign(call, store, &issuing, lifetime, err);
	ca_clear(&issuing);
	store_close(store);
	return rc;
}
