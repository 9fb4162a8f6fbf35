/* Owns the listening sockets and the limits of the whole server; connection.c owns a single
 * connection. */
#include "config.h"

#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

#include "http/connection.h"
#include "http/exchange.h"
#include "http/handshake.h"
#include "http/linger.h"
#include "http/room.h"
#include "http/server_state.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"
#include "util/shares.h"
#include "util/turns.h"

/* So many connections are a crowd, whose memory is given back when it has gone. */
#define CROWD_MIN  512
#define CROWD_PART 8

/* Pause of accepting when descriptors run out, unless a connection ends first. */
static const struct timeval starved_pause = {.tv_sec = 0, .tv_usec = 100000};

/*
 * evhttp_bind_listener sets the argument of the listener's callbacks, so the
 * error callback finds its server in this list. Used when a server is made or
 * freed and when accepting fails, never on a request.
 */
static LIST_HEAD(, http_server) servers = LIST_HEAD_INITIALIZER(servers);
static pthread_mutex_t servers_mutex = PTHREAD_MUTEX_INITIALIZER;

static void
server_register(struct http_server *server)
{
	(void)pthread_mutex_lock(&servers_mutex);
	LIST_INSERT_HEAD(&servers, server, link);
	(void)pthread_mutex_unlock(&servers_mutex);
}

static void
server_unregister(struct http_server *server)
{
	(void)pthread_mutex_lock(&servers_mutex);
	LIST_REMOVE(server, link);
	(void)pthread_mutex_unlock(&servers_mutex);
}

static struct http_server *
server_of(const void *evhttp)
{
	struct http_server *server;

	(void)pthread_mutex_lock(&servers_mutex);
	LIST_FOREACH (server, &servers, link) {
		if (server->evhttp == evhttp)
			break;
	}
	(void)pthread_mutex_unlock(&servers_mutex);
	return server;
}

static void
server_pause(struct http_server *server)
{
	struct http_listener *listener;

	LIST_FOREACH (listener, &server->listeners, link)
		(void)evconnlistener_disable(evhttp_bound_socket_get_listener(listener->bound));
}

static void
server_resume(struct http_server *server)
{
	struct http_listener *listener;

	(void)evtimer_del(&server->resume);
	LIST_FOREACH (listener, &server->listeners, link)
		(void)evconnlistener_enable(evhttp_bound_socket_get_listener(listener->bound));
}

static void
server_resume_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	server_resume(arg);
}

/* accept(2) failed: EMFILE and ENFILE leave the connection in the queue, and the loop would
 * spin. */
static void
server_accept_failed_cb(struct evconnlistener *listener, void *evhttp)
{
	struct http_server *server = server_of(evhttp);
	struct error        err;

	(void)listener;
	(void)error_set_errno(&err, ERROR_OVERLOADED, "accepting pauses");
	if (server == NULL) /* it is registered for longer than it has listeners */
		return;
	if (!server->starved)
		LOG(WARNING, {"event", "accept"}, {"reason", err.detail});
	server->starved = true;
	server_pause(server);
	(void)evtimer_add(&server->resume, &starved_pause);
}

void
server_connection_opened(struct http_server *server)
{
	server->starved = false;
	if (server->connection_count >= server->connection_most)
		server->connection_most = server->connection_count + 1;
	if (++server->connection_count > server->settings.connections_max)
		server_pause(server);
}

/* malloc keeps what is freed, but for the part above everything that is still used. */
static void
server_give_back(struct http_server *server)
{
	if (server->connection_most < CROWD_MIN ||
	    server->connection_count > server->connection_most / CROWD_PART)
		return;
	server->connection_most = server->connection_count;
	(void)malloc_trim(0);
}

void
server_connection_ended(struct http_server *server)
{
	server->connection_count--;
	server_give_back(server);
	if (!server->freeing)
		server_resume(server);
}

/* A write to a closed connection must not end the process; an existing SIGPIPE handler stays. */
static void
server_ignore_sigpipe(void)
{
	struct sigaction action;

	if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
		action.sa_handler = SIG_IGN;
		(void)sigaction(SIGPIPE, &action, NULL);
	}
}

static void
server_configure_evhttp(struct http_server *server)
{
	static const uint16_t all_methods = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
	    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
	    EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH;

	evhttp_set_allowed_methods(server->evhttp, all_methods); /* we answer 405 ourselves */
	evhttp_set_default_content_type(server->evhttp, NULL);
	evhttp_set_max_headers_size(server->evhttp, (ev_ssize_t)server->settings.header_max);
	evhttp_set_max_body_size(server->evhttp, (ev_ssize_t)server->settings.body_max);
	evhttp_set_gencb(server->evhttp, exchange_request_cb, server);
	evhttp_set_bevcb(server->evhttp, connection_open_cb, server);
}

int
http_server_new(struct event_base *base, const struct http_settings *settings,
    struct http_server **out, struct error *err)
{
	struct http_server *server;
	struct evhttp      *evhttp = evhttp_new(base);

	if (evhttp == NULL)
		return error_set(err, ERROR_INTERNAL, "cannot make an HTTP server");
	server_ignore_sigpipe();
	server = memory_new(sizeof *server);
	*server = (struct http_server){.settings = *settings, .base = base, .evhttp = evhttp};
	LIST_INIT(&server->listeners);
	LIST_INIT(&server->connections);
	server->shares = shares_new();
	server->large = shares_new();
	server->turns = turns_new();
	server->handshakes = turns_new();
	if (server->settings.waiting_max == 0)
		server->settings.waiting_max = HTTP_WAITING_MAX;
	(void)evtimer_assign(&server->work, base, exchange_work_cb, server);
	(void)evtimer_assign(&server->handshake, base, handshake_work_cb, server);
	(void)evtimer_assign(&server->resume, base, server_resume_cb, server);
	if (server->settings.tls != NULL)
		(void)SSL_CTX_up_ref(server->settings.tls);
	server_configure_evhttp(server);
	server_register(server);
	*out = server;
	return 0;
}

int
http_server_listen(struct http_server *server, int fd, struct error *err)
{
	struct http_listener  *listener;
	struct evconnlistener *evlistener;
	const int              yes = 1;

	/* Accepted sockets inherit TCP_NODELAY: an answer over TLS is several records, and none should
	 * be delayed. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (evutil_make_socket_nonblocking(fd) != 0) {
		(void)error_set_errno(err, ERROR_INTERNAL, "cannot listen");
		(void)close(fd);
		return -1;
	}
	evlistener = evconnlistener_new(server->base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (evlistener == NULL) {
		(void)close(fd);
		return error_set(err, ERROR_INTERNAL, "cannot listen");
	}
	listener = memory_new(sizeof *listener);
	listener->bound = evhttp_bind_listener(server->evhttp, evlistener);
	if (listener->bound == NULL) {
		free(listener);
		evconnlistener_free(evlistener);
		return error_set(err, ERROR_INTERNAL, "cannot listen");
	}
	evconnlistener_set_error_cb(evlistener, server_accept_failed_cb);
	LIST_INSERT_HEAD(&server->listeners, listener, link);
	return 0;
}

/* evhttp closes the sockets, in evhttp_del_accept_socket or in evhttp_free. */
static void
server_forget_listeners(struct http_server *server, bool close_them)
{
	struct http_listener *listener;

	while ((listener = LIST_FIRST(&server->listeners)) != NULL) {
		LIST_REMOVE(listener, link);
		if (close_them)
			evhttp_del_accept_socket(server->evhttp, listener->bound);
		free(listener);
	}
}

void
http_server_drain(struct http_server *server)
{
	struct http_connection *connection;
	struct http_connection *next;

	server->draining = true;
	(void)evtimer_del(&server->resume);
	server_forget_listeners(server, true);
	for (connection = LIST_FIRST(&server->connections); connection != NULL; connection = next) {
		next = LIST_NEXT(connection, link);
		connection_end_idle(connection);
	}
}

void
http_server_limits(struct http_server *server, const struct http_settings *settings)
{
	enum proxy_protocol protocol = server->settings.proxies.protocol;

	server->settings.proxies = settings->proxies;
	server->settings.proxies.protocol = protocol; /* connections have begun with it */
	server->settings.connections_max = settings->connections_max;
	server->settings.idle_ms = settings->idle_ms;
	server->settings.request_ms = settings->request_ms;
	if (server->draining)
		return;
	room_make(server, NULL);
	if (server->connection_count <= server->settings.connections_max)
		server_resume(server);
}

void
http_server_tls(struct http_server *server, SSL_CTX *tls)
{
	(void)SSL_CTX_up_ref(tls);
	SSL_CTX_free(server->settings.tls);
	server->settings.tls = tls;
}

size_t
http_server_connections(const struct http_server *server)
{
	return server->connection_count;
}

size_t
http_server_exchanges(const struct http_server *server)
{
	return server->exchange_count;
}

void
http_server_free(struct http_server *server)
{
	struct http_connection *connection;
	struct http_connection *next;

	if (server == NULL)
		return;
	server->freeing = true;
	(void)evtimer_del(&server->resume);
	(void)evtimer_del(&server->work);
	(void)evtimer_del(&server->handshake);
	server_forget_listeners(server, false);
	for (connection = LIST_FIRST(&server->connections); connection != NULL; connection = next) {
		next = LIST_NEXT(connection, link);
		connection_abandon(connection);
	}
	evhttp_free(server->evhttp);
	server_unregister(server);
	SSL_CTX_free(server->settings.tls);
	shares_free(server->shares);
	shares_free(server->large);
	turns_free(server->turns);
	turns_free(server->handshakes);
	free(server->by_fd);
	free(server);
}
