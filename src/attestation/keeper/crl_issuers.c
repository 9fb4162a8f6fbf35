/* Owns the list of CAs whose CRLs are maintained. */
#include "config.h"

#include "attestation/keeper/crl_issuers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/issuers.h"
#include "attestation/settings.h"
#include "ca/crl.h"
#include "ca/crl_inventory.h"
#include "ca/files.h"
#include "service/file.h"
#include "util/error.h"
#include "util/log.h"

/* Most earlier CAs: each has a file on the shelf, beside the four of the present one. */
#define CRL_ISSUERS_EARLIER_MAX ((size_t)64)
_Static_assert(CRL_ISSUERS_EARLIER_MAX + 5 <= FILE_COUNT_MAX, "not every CRL can be served");

void
crl_issuer_free(struct crl_issuer *issuer)
{
	crl_keeper_free(issuer->crl);
	issuer_files_clear(&issuer->files);
	free(issuer);
}

void
crl_issuers_clear(struct crl_issuers *issuers)
{
	for (size_t i = 0; i < issuers->count; i++)
		crl_issuer_free(issuers->items[i]);
	free(issuers->items);
	*issuers = (struct crl_issuers){0};
}

/* An earlier CA, with its key if that is available. */
static int
crl_issuer_load(const struct attestation_settings *settings, const struct folder *state,
    struct store *store, const char *id, const struct key_access *access, int64_t now,
    struct crl_issuer *issuer, struct error *err)
{
	AUTO_FREE char *crl_name = issuer_files_name(id, "crl");
	struct error    key_err = {0};

	(void)snprintf(issuer->id, sizeof issuer->id, "%s", id);
	if (issuer_files_load_earlier(state, id, access, &issuer->files, &key_err) != 0) {
		LOG(ERROR, {"event", "issuer"}, {"issuer", id},
		    {"consequence", "its CRL is not signed again"}, {"reason", key_err.detail});
		if (issuer_files_load_earlier(state, id, NULL, &issuer->files, err) != 0)
			return -1;
	}
	if (issuer_record(store, issuer->files.ca.certificate, now, &issuer->row, err) != 0)
		return -1;
	if (issuer->files.ca.key != NULL)
		issuer->crl = crl_keeper_new(state, crl_name, crl_source_inventory(), issuer->row,
		    &issuer->files.ca, settings->service.crl_lifetime);
	return 0;
}

int
crl_issuers_load(const struct attestation_settings *settings, const struct folder *state,
    struct store *store, const struct key_access *access, int64_t now, struct crl_issuers *issuers,
    struct error *err)
{
	char (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t       listed = 0;
	struct error one = {0};

	if (issuer_files_list(state, &ids, &listed, err) != 0)
		return -1;
	issuers->items = memory_new((listed + 1) * sizeof *issuers->items);
	issuers->items[0] = memory_new(sizeof **issuers->items); /* for the CA that signs */
	issuers->count = 1;
	for (size_t i = 0; i < listed; i++) {
		struct crl_issuer *next = memory_new(sizeof *next);

		if (issuers->count > CRL_ISSUERS_EARLIER_MAX) {
			error_set(&one, ERROR_INTERNAL, "there are too many earlier ones");
		} else if (crl_issuer_load(settings, state, store, ids[i], access, now, next, &one) == 0) {
			issuers->items[issuers->count++] = next;
			continue;
		}
		LOG(ERROR, {"event", "issuer"}, {"issuer", ids[i]}, {"reason", one.detail});
		crl_issuer_free(next);
	}
	free(ids);
	return 0;
}

void
crl_issuers_set_current(struct crl_issuers *issuers, const struct attestation_settings *settings,
    const struct folder *state, const struct issuer *issuer)
{
	struct crl_issuer *current = issuers->items[0];

	memcpy(current->id, issuer->files.id, sizeof current->id);
	current->current = true;
	current->row = issuer->row;
	current->crl = crl_keeper_new(state, STATE_ISSUING_CRL,
	    crl_source_inventory(), issuer->row, &issuer->files.ca, settings->service.crl_lifetime);
}

bool
crl_issuers_have(const struct crl_issuers *issuers, const char *id)
{
	for (size_t i = 0; i < issuers->count; i++) {
		if (strcmp(issuers->items[i]->id, id) == 0)
			return true;
	}
	return false;
}
