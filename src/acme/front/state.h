/* What one worker of the front serves, for the files of the front. */
#ifndef ACME_FRONT_STATE_H
#define ACME_FRONT_STATE_H

#include <stdint.h>

#include "acme/message.h"
#include "http/front.h"
#include "util/bytes.h"

struct acme_front {
	struct http_front http;   /* serves since the keeper's first greeting */
	struct nonces    *nonces; /* of all workers */
	char             *base;
	char             *terms;
	char             *website;
	struct bytes      root;
	uint64_t          crl_version;             /* the newest that the keeper spoke of */
	struct http_file *files[ACME_FILE_COUNT];  /* cached, */
	uint64_t          versions[ACME_FILE_COUNT]; /* of this version; 0: not */
};

#endif
