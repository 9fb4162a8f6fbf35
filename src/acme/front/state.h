/* The state of one worker of the front. */
#ifndef ACME_FRONT_STATE_H
#define ACME_FRONT_STATE_H

struct jwk_memory;
struct nonces;
struct service_front;

struct acme_front {
	struct service_front *service; /* has the connection to the keeper */
	struct nonces        *nonces;  /* shared by all workers */
	struct jwk_memory    *keys;    /* of accounts */
	char                 *base;
	char                 *terms;
	char                 *website;
};

#endif
