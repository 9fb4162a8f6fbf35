/*
 * The greeting: how a front shall serve, sent to it at first and after every change; news of
 * files are sent before (service/file.h). A daemon that has more to say begins its own
 * greeting with this one.
 */
#ifndef SERVICE_GREETING_H
#define SERVICE_GREETING_H

#include <stdint.h>

#include "service/fields.h"
#include "util/bytes.h"
#include "util/proxies.h"

struct error;

struct service_greeting {
	uint64_t    body_max; /* these as in http_settings */
	uint64_t    header_max;
	uint64_t    connections_max; /* per worker */
	uint64_t    idle_ms;
	uint64_t    request_ms;
	uint64_t    log_level;
	enum proxy_protocol proxy_protocol;
	struct view networks[PROXIES_MAX]; /* of the proxies; the front reads them with proxies_add */
	size_t      network_count;
	struct view tls_chain; /* PEM; both empty for plain HTTP */
	struct view tls_key;
};

/* Octets of these; whoever reads files for them refuses more, because no front could be told. */
#define SERVICE_GREETING_CHAIN_MAX ((size_t)64 * 1024)
#define SERVICE_GREETING_KEY_MAX   ((size_t)16 * 1024)

static const struct field service_greeting_network[] = {
    {0, FIELD_TEXT, 0, PROXY_NETWORK_MAX, NULL, 0, 0, 0}};

/* The rows of the greeting that is the member `service` of the struct `type`. */
#define SERVICE_GREETING_ROWS(type)                                                \
	FIELD(0, NUMBER, type, service.body_max, INT64_MAX),                       \
	FIELD(0, NUMBER, type, service.header_max, INT64_MAX),                     \
	FIELD(0, NUMBER, type, service.connections_max, INT64_MAX),                \
	FIELD(0, NUMBER, type, service.idle_ms, INT64_MAX),                        \
	FIELD(0, NUMBER, type, service.request_ms, INT64_MAX),                     \
	FIELD(0, NUMBER, type, service.log_level, INT64_MAX),                      \
	FIELD(0, CHOICE, type, service.proxy_protocol, PROXY_PROTOCOL_COUNT - 1),  \
	FIELD_LIST_OF(0, service_greeting_network, type, service.networks,         \
	    service.network_count, PROXIES_MAX),                                   \
	FIELD(0, OCTETS, type, service.tls_chain, SERVICE_GREETING_CHAIN_MAX),     \
	FIELD(0, OCTETS, type, service.tls_key, SERVICE_GREETING_KEY_MAX)

/* The greeting of a daemon that has no more to say. */
void service_greeting_encode(const struct service_greeting *greeting, struct bytes *out);

/* MALFORMED when it is not exactly one greeting. */
int service_greeting_decode(struct view body, struct service_greeting *greeting, struct error *err);

#endif
