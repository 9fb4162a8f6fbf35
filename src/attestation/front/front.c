/*
 * Owns the conversation with clients: routes, decoding, and the answers. Has no
 * key, no store and no file; its keeper sends it the configuration and the
 * files.
 */
#include "config.h"

#include "attestation/front/front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/front/request.h"
#include "attestation/message.h"
#include "daemon/front.h"
#include "http/front.h"
#include "http/json.h"
#include "http/server.h"
#include "service/front/ask.h"
#include "service/front/fetch.h"
#include "service/front/front.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/log_refusal.h"
#include "util/source.h"

#define PROBLEM_NAMESPACE "urn:attest-ca:error:"
#define PEM_TYPE "application/x-pem-file"
#define CRL_TYPE "application/pkix-crl"

/* An exchange that waits for the keeper's answer. */
struct waiting {
	struct http_exchange *exchange;
	enum attestation_kind kind;
	int64_t               since;
};

/* Strangers cause refusals: above a bound they are only counted. */
static bool
front_may_log(const struct http_exchange *exchange, const struct error *err)
{
	struct source source = source_of_text(view_text(http_exchange_peer(exchange)));

	return err == NULL || err->kind == ERROR_INTERNAL ||
	    log_refusal(&source, error_type(err->kind), clock_monotonic_ms());
}

/* The keeper logs its own decisions, under the same request id. */
static void
front_log(enum log_level level, struct http_exchange *exchange, int64_t since,
    const struct error *err)
{
	char request[LOG_NUMBER_SIZE];
	char elapsed[LOG_NUMBER_SIZE];

	if (!log_wants(level) || !front_may_log(exchange, err))
		return;
	(void)log_number((uint64_t)(clock_monotonic_ms() - since), elapsed);
	log_write(level,
	    (const struct log_field[]){
	        {"request", log_number(http_exchange_id(exchange), request)},
	        {"event", "request"},
	        {"method", http_exchange_method(exchange)},
	        {"path", http_exchange_path(exchange)},
	        {"peer", http_exchange_peer(exchange)},
	        {"ms", elapsed},
	        {"kind", err != NULL ? error_type(err->kind) : NULL},
	        {"reason", err != NULL ? err->detail : NULL},
	        {NULL, NULL},
	    });
}

static void
front_refuse(enum log_level level, struct http_exchange *exchange, int64_t since,
    const struct error *err)
{
	struct error public = *err;

	front_log(level, exchange, since, err);
	/* Internal errors go to the log only. */
	if (err->kind == ERROR_INTERNAL)
		error_set(&public, ERROR_INTERNAL, "the server failed; its log says why");
	http_reply_problem(exchange, &public);
}

static void
text_append(struct bytes *text, const char *more)
{
	bytes_append(text, more, strlen(more));
}

/* Writes credential and secret, or a chain beginning with the AK's certificate. */
static int
answer_json(enum attestation_kind kind, const struct attestation_answer *answer,
    struct bytes *text, struct error *err)
{
	struct view chain[ATTESTATION_CHAIN_MAX];
	size_t      count = 0;

	if (kind == ATTESTATION_CHALLENGE) {
		text_append(text, "{\"credential\":");
		json_append_octets(answer->first, text);
		text_append(text, ",\"secret\":");
		json_append_octets(answer->second, text);
		text_append(text, "}");
		return 0;
	}
	if (attestation_chain_decode(answer->second, chain, &count, err) != 0)
		return -1;
	text_append(text, "{\"chain\":[");
	json_append_octets(answer->first, text);
	for (size_t i = 0; i < count; i++) {
		text_append(text, ",");
		json_append_octets(chain[i], text);
	}
	text_append(text, "]}");
	return 0;
}

static void
waiting_done_cb(struct view body, const struct error *err, void *arg)
{
	struct waiting           *waiting = arg;
	struct attestation_answer answer;
	AUTO_BYTES                text = {0};
	struct error              refusal = {0};

	if (err != NULL) {
		front_refuse(LOG_LEVEL_INFO, waiting->exchange, waiting->since, err);
	} else if (attestation_answer_decode(body, &answer, &refusal) != 0 ||
	    answer_json(waiting->kind, &answer, &text, &refusal) != 0) {
		front_refuse(LOG_LEVEL_DEBUG, waiting->exchange, waiting->since, &refusal);
	} else {
		front_log(LOG_LEVEL_DEBUG, waiting->exchange, waiting->since, NULL);
		json_reply(waiting->exchange, 200, bytes_view(&text));
	}
	free(waiting);
}

/* Asks the keeper; the exchange is answered when the keeper answers. */
static void
front_ask(const struct service_front *front, struct http_exchange *exchange,
    const struct attestation_question *question, int64_t since)
{
	struct waiting *waiting = memory_new(sizeof *waiting);
	AUTO_BYTES      body = {0};

	*waiting = (struct waiting){
	    .exchange = exchange,
	    .kind = question->kind,
	    .since = since,
	};
	attestation_question_encode(question, &body);
	ask_for(exchange, front->http.worker->channel, bytes_view(&body), waiting_done_cb, free, waiting);
}

static void
attest_cb(struct http_exchange *exchange, void *arg)
{
	int64_t               since = clock_monotonic_ms();
	struct attest_request request;
	struct error          err = {0};

	if (attest_request_decode(http_exchange_body(exchange), &request, &err) != 0) {
		front_refuse(LOG_LEVEL_INFO, exchange, since, &err);
	} else {
		struct attestation_question question = {
		    .request = http_exchange_id(exchange),
		    .peer = view_text(http_exchange_peer(exchange)),
		    .kind = ATTESTATION_CHALLENGE,
		    .challenge =
		        {
		            .manufacturer = bytes_view(&request.manufacturer),
		            .model = bytes_view(&request.model),
		            .firmware = bytes_view(&request.firmware),
		            .wish = bytes_view(&request.wish),
		            .ek = bytes_view(&request.ek),
		            .ek_public = bytes_view(&request.ek_public),
		            .ak_public = bytes_view(&request.ak_public),
		            .certificate_count = request.certificate_count,
		        },
		};

		for (size_t i = 0; i < request.certificate_count; i++)
			question.challenge.certificates[i] = bytes_view(&request.certificates[i]);
		front_ask(arg, exchange, &question, since);
	}
	attest_request_clear(&request);
}

static void
secret_cb(struct http_exchange *exchange, void *arg)
{
	int64_t      since = clock_monotonic_ms();
	AUTO_BYTES   secret = {0};
	struct error err = {0};

	if (secret_request_decode(http_exchange_body(exchange), &secret, &err) != 0) {
		front_refuse(LOG_LEVEL_INFO, exchange, since, &err);
	} else {
		struct attestation_question question = {
		    .request = http_exchange_id(exchange),
		    .peer = view_text(http_exchange_peer(exchange)),
		    .kind = ATTESTATION_CERTIFY,
		    .certify = {.secret = bytes_view(&secret)},
		};

		front_ask(arg, exchange, &question, since);
	}
}

/* Answers with a file; `type` is its media type. */
static void
file_done_cb(struct http_exchange *exchange, struct http_file *file, const struct error *err,
    void *type)
{
	if (err != NULL)
		front_refuse(LOG_LEVEL_DEBUG, exchange, clock_monotonic_ms(), err);
	else
		http_reply_file(exchange, type, file);
}

/* A file's name is its path. */
static void
pem_cb(struct http_exchange *exchange, void *arg)
{
	static char                type[] = PEM_TYPE;
	const struct service_front *front = arg;

	fetch_get(front->files, http_exchange_path(exchange) + 1, exchange, file_done_cb, NULL, type);
}

static void
crl_cb(struct http_exchange *exchange, void *arg)
{
	static char                type[] = CRL_TYPE;
	const struct service_front *front = arg;

	fetch_get(front->files, http_exchange_path(exchange) + 1, exchange, file_done_cb, NULL, type);
}

static void
issuer_crl_done_cb(struct http_exchange *exchange, struct http_file *file, const struct error *err,
    void *type)
{
	struct error none;

	if (err != NULL && err->kind == ERROR_NOT_FOUND) {
		error_set(&none, ERROR_NOT_FOUND,
		    "there is no issuer with this key identifier, or none any more");
		err = &none;
	}
	file_done_cb(exchange, file, err, type);
}

/* The CRL of one issuer: each certificate names that of its own issuer. */
static void
issuer_crl_cb(struct http_exchange *exchange, void *arg)
{
	static char                type[] = CRL_TYPE;
	const struct service_front *front = arg;

	fetch_get(front->files, http_exchange_path(exchange) + 1, exchange, issuer_crl_done_cb, NULL, type);
}

static const struct http_route routes[] = {
    {"POST", "/attest", attest_cb},
    {"POST", "/secret", secret_cb},
    {"GET", "/root.pem", pem_cb},
    {"GET", "/issuing.pem", pem_cb},
    {"GET", "/crl.pem", pem_cb},
    {"GET", "/crl", crl_cb},
    {"GET", "/crl/", issuer_crl_cb},
    {0},
};

static int
front_tell_cb(struct front_worker *worker, struct view body, struct error *err)
{
	static const struct service_front_program program = {
	    .name = "attestd/front",
	    .routes = routes,
	    .problem_namespace = PROBLEM_NAMESPACE,
	};

	return service_front_tell(worker, &program, body, err);
}

int
attestation_front_run(const struct supervisor_child *child)
{
	static const struct front_handlers handlers = {
	    .prepare = http_front_prepare,
	    .tell = front_tell_cb,
	    .drain = service_front_drain_cb,
	    .idle = service_front_idle_cb,
	    .close = service_front_close_cb,
	};

	json_init();
	return front_run(child, &handlers);
}
