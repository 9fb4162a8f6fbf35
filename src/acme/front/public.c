/*
 * Owns what is served to anybody. CRLs may be larger than a message: they are read
 * from the keeper piece by piece, once per version.
 */
#include "config.h"

#include "acme/front/public.h"

#include <stdlib.h>
#include <string.h>

#include "acme/front/render.h"
#include "acme/front/reply.h"
#include "acme/front/state.h"
#include "daemon/channel.h"
#include "daemon/front.h"
#include "http/server.h"
#include "util/error.h"

#define PEM_TYPE "application/x-pem-file"
#define CRL_TYPE "application/pkix-crl"

/* Pieces that one reading may take, however often the file changes meanwhile. */
#define PIECES_MAX 4096U
#define FILE_MAX   ((uint64_t)64 * 1024 * 1024)

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

void
public_root(struct reply *reply)
{
	reply_bytes(reply, 200, PEM_TYPE, bytes_view(&reply->front->root));
}

static const char *const file_types[ACME_FILE_COUNT] = {
    [ACME_FILE_CRL_DER] = CRL_TYPE,
    [ACME_FILE_CRL_PEM] = PEM_TYPE,
};

/* A file on its way from the keeper, for one exchange. */
struct fetch {
	struct reply    reply;
	struct channel *channel;
	uint32_t        id;
	enum acme_file  file;
	uint64_t        version;
	struct bytes    coming;
	unsigned        pieces;
};

static void
fetch_free(struct fetch *fetch)
{
	bytes_clear(&fetch->coming);
	free(fetch);
}

static void
fetch_refuse(struct fetch *fetch, const struct error *err)
{
	reply_problem(&fetch->reply, err, NULL);
	fetch_free(fetch);
}

static void fetch_answer_cb(struct view body, void *arg);

static void
fetch_ask(struct fetch *fetch)
{
	struct acme_question *question = memory_new(sizeof *question);
	AUTO_BYTES            body = {0};
	struct error          err = {0};

	question->kind = ACME_FILE_GET;
	question->request = http_exchange_id(fetch->reply.exchange);
	question->file = fetch->file;
	question->version = fetch->version;
	question->offset = fetch->coming.size;
	acme_question_encode(question, &body);
	free(question);
	if (channel_ask(fetch->channel, bytes_view(&body), fetch_answer_cb, fetch, &fetch->id, &err) != 0)
		fetch_refuse(fetch, &err);
}

/* The whole file is there: keep it, and answer. */
static void
fetch_finish(struct fetch *fetch)
{
	struct acme_front *front = fetch->reply.front;

	http_file_release(front->files[fetch->file]);
	front->files[fetch->file] = http_file_new(&fetch->coming);
	front->versions[fetch->file] = fetch->version;
	reply_file(&fetch->reply, file_types[fetch->file], front->files[fetch->file]);
	fetch_free(fetch);
}

static int
fetch_take(struct fetch *fetch, const struct acme_answer *answer, struct error *err)
{
	const struct acme_file_piece *piece = &answer->file;

	if (answer->kind == ACME_ANSWER_REFUSAL)
		return error_set(err, answer->refusal.problem.kind, "%.*s",
		    (int)answer->refusal.problem.detail.size,
		    (const char *)answer->refusal.problem.detail.data);
	if (answer->kind != ACME_ANSWER_FILE || ++fetch->pieces > PIECES_MAX)
		return error_set(err, ERROR_INTERNAL, "the keeper's answer is no piece of a file");
	if (piece->version != fetch->version)
		bytes_clear(&fetch->coming); /* another file: this is its beginning */
	fetch->version = piece->version;
	bytes_append(&fetch->coming, piece->data.data, piece->data.size);
	if (fetch->coming.size > piece->size || piece->size > FILE_MAX ||
	    (piece->data.size == 0 && fetch->coming.size != piece->size))
		return error_set(err, ERROR_INTERNAL, "the keeper's pieces make no file");
	if (fetch->coming.size < piece->size)
		fetch_ask(fetch);
	else
		fetch_finish(fetch);
	return 0;
}

static void
fetch_answer_cb(struct view body, void *arg)
{
	struct fetch       *fetch = arg;
	struct acme_answer *answer = memory_new(sizeof *answer);
	struct error        err = {0};
	int                 rc;

	if (body.data == NULL)
		rc = error_set(&err, ERROR_OVERLOADED, "the server is restarting; try again");
	else
		rc = acme_answer_decode(body, answer, &err);
	if (rc != 0 && body.data != NULL)
		err.kind = ERROR_INTERNAL;
	if (rc != 0 || fetch_take(fetch, answer, &err) != 0)
		fetch_refuse(fetch, &err);
	free(answer);
}

static void
fetch_cancelled_cb(void *arg)
{
	struct fetch *fetch = arg;

	channel_forget(fetch->channel, fetch->id);
	fetch_free(fetch);
}

static void
public_file(struct reply *reply, enum acme_file file)
{
	struct acme_front *front = reply->front;
	struct fetch      *fetch;

	if (front->versions[file] != 0 && front->versions[file] == front->crl_version) {
		reply_file(reply, file_types[file], front->files[file]);
		return;
	}
	fetch = memory_new(sizeof *fetch);
	*fetch = (struct fetch){
	    .reply = *reply,
	    .channel = front->http.worker->channel,
	    .file = file,
	};
	http_exchange_on_cancel(reply->exchange, fetch_cancelled_cb, fetch);
	fetch_ask(fetch);
}

void
public_crl_der(struct reply *reply)
{
	public_file(reply, ACME_FILE_CRL_DER);
}

void
public_crl_pem(struct reply *reply)
{
	public_file(reply, ACME_FILE_CRL_PEM);
}

void
public_clear(struct acme_front *front)
{
	for (size_t i = 0; i < ACME_FILE_COUNT; i++) {
		http_file_release(front->files[i]);
		front->files[i] = NULL;
		front->versions[i] = 0;
	}
}
