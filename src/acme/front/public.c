/* Serves the resources without authentication; fetch.c reads files from the keeper. */
#include "config.h"

#include "acme/front/public.h"

#include <stdlib.h>
#include <string.h>

#include "acme/front/render.h"
#include "acme/front/reply.h"
#include "acme/front/state.h"
#include "http/server.h"
#include "service/front/fetch.h"
#include "service/front/front.h"
#include "util/error.h"

#define PEM_TYPE "application/x-pem-file"
#define CRL_TYPE "application/pkix-crl"

void
public_directory(struct reply *reply)
{
	const struct acme_front *front = reply->front;

	reply_json(reply, 200, render_directory(front->base, front->terms, front->website));
}

void
public_nonce(struct reply *reply)
{
	bool is_get = strcmp(http_exchange_method(reply->exchange), "GET") == 0;

	reply_bytes(reply, is_get ? 204 : 200, NULL, (struct view){0});
}

/* A reply that waits for a file. */
struct waiting {
	struct reply reply;
	const char  *type;
};

static void
file_done_cb(struct http_exchange *exchange, struct http_file *file, const struct error *err,
    void *arg)
{
	struct waiting *waiting = arg;

	(void)exchange;
	if (err != NULL)
		reply_problem(&waiting->reply, err, NULL);
	else
		reply_file(&waiting->reply, waiting->type, file);
	free(waiting);
}

/* A file's name is its path. */
static void
public_file(const struct reply *reply, const char *type)
{
	struct waiting *waiting = memory_new(sizeof *waiting);

	*waiting = (struct waiting){*reply, type};
	fetch_get(reply->front->service->files, http_exchange_path(reply->exchange) + 1, reply->exchange,
	    file_done_cb, free, waiting);
}

void
public_pem(struct reply *reply)
{
	public_file(reply, PEM_TYPE);
}

void
public_crl(struct reply *reply)
{
	public_file(reply, CRL_TYPE);
}
