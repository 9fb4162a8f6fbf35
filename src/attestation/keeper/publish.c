/* Owns the names under which certificates and CRLs are served. */
#include "config.h"

#include "attestation/keeper/publish.h"

#include <stdio.h>

#include "ca/files.h"
#include "ca/issuer.h"
#include "service/file.h"
#include "service/keeper/shelf.h"
#include "util/error.h"
#include "util/folder_file.h"
#include "util/log.h"

/* Name of the CRL of the issuer that signs; below it, one name per issuer. */
#define PUBLISH_CRL "crl"

#define PUBLISH_CRL_NAME_SIZE (sizeof PUBLISH_CRL + ISSUER_ID_SIZE)

void
publish_file(struct shelf *shelf, const char *name, struct view content)
{
	struct error err = {0};

	if (shelf_put(shelf, name, content, &err) != 0)
		LOG(ERROR, {"event", "file"}, {"reason", err.detail});
}

static void
publish_crl_name(const char *id, char name[static PUBLISH_CRL_NAME_SIZE])
{
	(void)snprintf(name, PUBLISH_CRL_NAME_SIZE, PUBLISH_CRL "/%s", id);
}

void
publish_crl(struct shelf *shelf, const char *id, bool current, struct view der)
{
	char name[PUBLISH_CRL_NAME_SIZE];

	publish_crl_name(id, name);
	publish_file(shelf, name, der);
	if (current)
		publish_file(shelf, PUBLISH_CRL, der);
}

void
publish_crl_file(struct shelf *shelf, const struct folder *state, const char *id)
{
	AUTO_FREE char *name = issuer_files_name(id, "crl");
	AUTO_BYTES      der = {0};
	struct error    err = {0};

	if (folder_read(state, name, FILE_SIZE_MAX, &der, &err) == 0)
		publish_crl(shelf, id, false, bytes_view(&der));
	else
		LOG(ERROR, {"event", "crl"}, {"issuer", id}, {"reason", err.detail});
}

void
publish_crl_remove(struct shelf *shelf, const char *id)
{
	char name[PUBLISH_CRL_NAME_SIZE];

	publish_crl_name(id, name);
	shelf_remove(shelf, name);
}

void
publish_bundle(struct shelf *shelf, const struct folder *state)
{
	AUTO_BYTES      pem = {0};
	struct error    err = {0};

	if (folder_read(state, STATE_CRL_PEM, FILE_SIZE_MAX, &pem, &err) == 0)
		publish_file(shelf, STATE_CRL_PEM, bytes_view(&pem));
	else
		LOG(ERROR, {"event", "file"}, {"reason", err.detail});
}
