/* What one worker of the front serves, for the files of the front. */
#ifndef ACME_FRONT_STATE_H
#define ACME_FRONT_STATE_H

#include "http/front.h"

struct fetch;
struct nonces;

struct acme_front {
	struct http_front http;   /* serves since the keeper's first greeting */
	struct nonces    *nonces; /* of all workers */
	char             *base;
	char             *terms;
	char             *website;
	struct fetch     *files;
};

#endif
