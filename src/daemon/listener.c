/* Opens listening sockets; accepts no connections and uses no name service. */
#include "config.h"

#include "daemon/listener.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"

/* Connections that wait to be accepted; the kernel caps it at net.core.somaxconn. */
#define LISTENER_BACKLOG 4096

/* An address to listen on, and its text from the user. */
struct listener_address {
	const char             *written;
	bool                    any; /* both address families: ":PORT" */
	struct sockaddr_storage socket;
	socklen_t               size;
};

static int
listener_port_parse(const char *written, const char *text, in_port_t *port, struct error *err)
{
	unsigned long number = 0;
	size_t        digits = strspn(text, "0123456789");

	for (size_t i = 0; i < digits && number <= UINT16_MAX; i++)
		number = number * 10 + (unsigned long)(text[i] - '0');
	if (digits == 0 || text[digits] != '\0' || number > UINT16_MAX)
		return error_set(err, ERROR_MALFORMED,
		    "\"%.128s\" has no port from 0 to 65535 behind its last colon; "
		    "write ADDR:PORT, [ADDR6]:PORT or :PORT", written);
	*port = htons((uint16_t)number);
	return 0;
}

/* An IPv6 address, with its "%interface" when it is link-local. */
static bool
listener_ipv6_parse(char *host, struct sockaddr_in6 *address)
{
	char *interface = strchr(host, '%');

	if (interface != NULL) {
		*interface++ = '\0';
		if ((address->sin6_scope_id = if_nametoindex(interface)) == 0)
			return false;
	}
	address->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, host, &address->sin6_addr) == 1;
}

static int
listener_host_parse(const char *host, size_t length, struct listener_address *address,
    in_port_t port, struct error *err)
{
	struct sockaddr_in  *ipv4 = (struct sockaddr_in *)&address->socket;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&address->socket;
	char                 text[LISTENER_TEXT_SIZE];

	if (length >= sizeof text)
		return error_set(err, ERROR_MALFORMED, "\"%.128s\" has no numeric address",
		    address->written);
	memcpy(text, host, length);
	text[length] = '\0';
	if (length == 0 || text[0] == '[') {
		address->any = length == 0;
		address->size = sizeof *ipv6;
		ipv6->sin6_port = port;
		if (length == 0)
			(void)snprintf(text, sizeof text, "[::]");
		if (text[strlen(text) - 1] == ']') {
			text[strlen(text) - 1] = '\0';
			if (listener_ipv6_parse(text + 1, ipv6))
				return 0;
		}
	} else {
		address->size = sizeof *ipv4;
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = port;
		if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1)
			return 0;
	}
	return error_set(err, ERROR_MALFORMED, "\"%.128s\" has no numeric address of this machine; "
	    "write ADDR:PORT, [ADDR6]:PORT or :PORT, as in 127.0.0.1:8443", address->written);
}

static int
listener_parse(const char *written, struct listener_address *address, struct error *err)
{
	const char *colon = strrchr(written, ':');
	in_port_t   port = 0;

	*address = (struct listener_address){.written = written};
	if (listener_port_parse(written, colon != NULL ? colon + 1 : "", &port, err) != 0)
		return -1;
	return listener_host_parse(written, (size_t)(colon - written), address, port, err);
}

/* ":PORT" on a machine without IPv6. */
static void
listener_fall_back(struct listener_address *address)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address->socket;
	in_port_t           port = ((struct sockaddr_in6 *)&address->socket)->sin6_port;

	memset(&address->socket, 0, sizeof address->socket);
	ipv4->sin_family = AF_INET;
	ipv4->sin_addr.s_addr = htonl(INADDR_ANY);
	ipv4->sin_port = port;
	address->size = sizeof *ipv4;
	address->any = false;
}

static in_port_t *
listener_port(struct listener_address *address)
{
	if (address->socket.ss_family == AF_INET)
		return &((struct sockaddr_in *)&address->socket)->sin_port;
	return &((struct sockaddr_in6 *)&address->socket)->sin6_port;
}

static void
listener_host_text(const struct listener_address *address, char *text, socklen_t size)
{
	(void)snprintf(text, size, "?"); /* should it have no text */
	(void)getnameinfo((const struct sockaddr *)&address->socket, address->size, text, size, NULL, 0,
	    NI_NUMERICHOST);
}

static int
listener_bind_error(struct listener_address *address, struct error *err)
{
	char     host[LISTENER_TEXT_SIZE];
	unsigned port = ntohs(*listener_port(address));

	listener_host_text(address, host, sizeof host);
	switch (errno) {
	case EADDRINUSE:
		return error_set(err, ERROR_CONFLICT,
		    "port %u on %s is in use; stop what listens there, or choose another with --listen",
		    port, host);
	case EACCES:
		return error_set(err, ERROR_INTERNAL,
		    "port %u needs CAP_NET_BIND_SERVICE; grant it, or choose one above 1023 with --listen",
		    port);
	case EADDRNOTAVAIL:
		return error_set(err, ERROR_NOT_FOUND,
		    "%s is no address of this machine; choose one that \"ip address\" shows", host);
	default:
		return error_set_errno(err, ERROR_INTERNAL, "binding port %u on %s", port, host);
	}
}

static int
listener_option(int fd, int level, int option, int value, struct error *err)
{
	if (setsockopt(fd, level, option, &value, sizeof value) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "setting a socket option");
	return 0;
}

static int
listener_bind(int fd, struct listener_address *address, bool shared, struct error *err)
{
	/* Without SO_REUSEADDR a restart would have to wait for TIME_WAIT of old connections. */
	if (listener_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, err) != 0 ||
	    (shared && listener_option(fd, SOL_SOCKET, SO_REUSEPORT, 1, err) != 0))
		return -1;
	if (address->socket.ss_family == AF_INET6 &&
	    listener_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !address->any, err) != 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address->socket, address->size) != 0)
		return listener_bind_error(address, err);
	return 0;
}

/* Makes a bound socket; sockets made with `shared` may share a port. */
static int
listener_socket(struct listener_address *address, bool shared, int *out, struct error *err)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(address->socket.ss_family, type, 0);

	if (fd < 0 && errno == EAFNOSUPPORT && address->any) {
		listener_fall_back(address);
		fd = socket(address->socket.ss_family, type, 0);
	}
	if (fd < 0)
		return error_set_errno(err, ERROR_INTERNAL, "making a socket for %s", address->written);
	if (listener_bind(fd, address, shared, err) != 0) {
		(void)close(fd);
		return -1;
	}
	*out = fd;
	return 0;
}

/*
 * With SO_REUSEPORT two daemons of one user could share a port by mistake;
 * binding a socket without it first detects that. Not needed for port 0.
 */
static int
listener_probe(struct listener_address *address, struct error *err)
{
	int fd = -1;

	if (*listener_port(address) == 0)
		return 0;
	if (listener_socket(address, false, &fd, err) != 0)
		return -1;
	(void)close(fd);
	return 0;
}

/* Makes one socket listen; all use the port that the kernel chose for the first. */
static int
listener_open_one(struct listener_address *address, int *out, struct error *err)
{
	int fd = -1;

	if (listener_socket(address, true, &fd, err) != 0)
		return -1;
	if (listen(fd, LISTENER_BACKLOG) != 0)
		listener_bind_error(address, err);
	else if (getsockname(fd, (struct sockaddr *)&address->socket, &address->size) != 0)
		error_set_errno(err, ERROR_INTERNAL, "asking a socket for its port");
	else {
		*out = fd;
		return 0;
	}
	(void)close(fd);
	return -1;
}

static void
listener_format(struct listener_address *address, char text[LISTENER_TEXT_SIZE])
{
	bool     ipv6 = address->socket.ss_family == AF_INET6;
	char     host[LISTENER_TEXT_SIZE - sizeof "[]:65535"];
	unsigned port = ntohs(*listener_port(address));

	listener_host_text(address, host, sizeof host);
	(void)snprintf(text, LISTENER_TEXT_SIZE, ipv6 ? "[%s]:%u" : "%s:%u", host, port);
}

int
listener_open(const char *address, size_t count, int *fds, char text[LISTENER_TEXT_SIZE],
    struct error *err)
{
	struct listener_address parsed;
	size_t                  opened = 0;

	if (listener_parse(address, &parsed, err) != 0 || listener_probe(&parsed, err) != 0)
		return -1;
	while (opened < count && listener_open_one(&parsed, &fds[opened], err) == 0)
		opened++;
	if (opened < count) {
		while (opened > 0)
			(void)close(fds[--opened]);
		return -1;
	}
	listener_format(&parsed, text);
	return 0;
}

/* A number that is the whole of an environment variable; -1: it is not. */
static long
listener_variable(const char *name)
{
	const char *text = getenv(name);
	char       *end = NULL;
	long        number = text != NULL && text[0] >= '0' && text[0] <= '9' ? strtol(text, &end, 10) : -1;

	return end != NULL && *end == '\0' ? number : -1;
}

size_t
listener_passed(void)
{
	bool ours = listener_variable("LISTEN_PID") == (long)getpid();
	long count = ours ? listener_variable("LISTEN_FDS") : 0;

	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	for (long i = 0; i < count; i++) {
		if (fcntl(LISTENER_PASSED_FIRST + (int)i, F_SETFD, FD_CLOEXEC) != 0)
			return (size_t)i;
	}
	return count > 0 ? (size_t)count : 0;
}

static bool
listener_is_tcp(int fd, struct listener_address *address)
{
	int       listens = 0;
	int       type = 0;
	socklen_t size = sizeof listens;

	address->size = sizeof address->socket;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
	    getsockname(fd, (struct sockaddr *)&address->socket, &address->size) == 0 &&
	    (address->socket.ss_family == AF_INET || address->socket.ss_family == AF_INET6);
}

int
listener_share(int fd, size_t count, int *fds, char text[LISTENER_TEXT_SIZE], struct error *err)
{
	struct listener_address address = {.written = "the service manager's socket"};
	size_t                  made = 0;
	bool                    ready;

	if (!listener_is_tcp(fd, &address))
		return error_set(err, ERROR_CONFLICT,
		    "descriptor %d of the service manager is no socket that listens for TCP connections; "
		    "write ListenStream= with a port into its unit", fd);
	ready = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
	while (ready && made < count && (fds[made] = fcntl(fd, F_DUPFD_CLOEXEC, 0)) >= 0)
		made++;
	if (ready && made == count) {
		listener_format(&address, text);
		return 0;
	}
	error_set_errno(err, ERROR_INTERNAL, "taking over the service manager's socket");
	while (made > 0)
		(void)close(fds[--made]);
	return -1;
}
