/* Connects a front's worker with its HTTP server. Knows no routes. */
#include "config.h"

#include "http/front.h"

#include <stddef.h>
#include <time.h>

#include <event2/util.h>
#include <openssl/ssl.h>

#include "daemon/front.h"
#include "http/server.h"
#include "http/tls.h"
#include "util/error.h"

int
http_front_serve(struct http_front *front, const struct http_settings *settings, struct error *err)
{
	struct http_settings mine = *settings;

	if (front->server != NULL) {
		http_server_limits(front->server, settings);
		return 0;
	}
	mine.tls = front->tls;
	if (http_server_new(front->worker->base, &mine, &front->server, err) != 0)
		return -1;
	for (size_t i = 0; i < front->worker->listener_count; i++) {
		if (http_server_listen(front->server, front->worker->listeners[i], err) != 0)
			return -1;
	}
	return 0;
}

int
http_front_use_tls(struct http_front *front, struct view chain, struct view key, struct error *err)
{
	SSL_CTX *tls = NULL;

	if (chain.size == 0)
		return 0;
	if (tls_server_new(chain, key, &tls, err) != 0)
		return -1;
	SSL_CTX_free(front->tls);
	front->tls = tls;
	if (front->server != NULL)
		http_server_tls(front->server, tls);
	return 0;
}

int
http_front_prepare(struct error *err)
{
	SSL_CTX *tls = NULL;

	tzset();
	if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, NULL) != 1 ||
	    evutil_secure_rng_init() != 0 || (tls = SSL_CTX_new(TLS_server_method())) == NULL)
		return error_set(err, ERROR_INTERNAL, "preparing TLS");
	SSL_CTX_free(tls);
	return 0;
}

void
http_front_clear(struct http_front *front)
{
	if (front->server != NULL)
		http_server_free(front->server);
	SSL_CTX_free(front->tls);
	front->server = NULL;
	front->tls = NULL;
}

void
http_front_drain(struct http_front *front)
{
	if (front->server != NULL)
		http_server_drain(front->server);
}

bool
http_front_idle(const struct http_front *front)
{
	return front->server == NULL || http_server_connections(front->server) == 0;
}
