/* A TLS server for one check: it wants this machine's certificate and says what it saw. */
#ifndef DEVICE_USE_SERVER_H
#define DEVICE_USE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;
struct use_server;

/* What the clients did so far. */
struct use_seen {
	bool connected;
	bool proved;        /* our certificate, and a signature by its key */
	int  certificates;  /* so many the client sent */
	char protocol[16];  /* "TLSv1.3" */
	char fault[256];    /* of the last connection that failed, empty else */
};

/* What a server of another kind needs for the same check, PEM. */
enum use_server_file {
	USE_SERVER_CA,          /* of its certificate */
	USE_SERVER_CERTIFICATE,
	USE_SERVER_KEY,
	USE_SERVER_ANCHOR, /* for the client's: name and key of the chain's last certificate */
	USE_SERVER_FILES,
};

/*
 * Makes a server on a port of localhost, with a new key and a certificate for "localhost" and
 * 127.0.0.1, of a CA of its own. It trusts the last certificate of the chain in `pem`, and wants its
 * first. It speaks TLS 1.2 and 1.3, or 1.2 alone; a client of PostgreSQL may ask for TLS first.
 * MALFORMED or INTERNAL.
 */
int use_server_new(struct view pem, bool tls12_only, struct use_server **out, struct error *err);

void use_server_free(struct use_server *server);

uint16_t    use_server_port(const struct use_server *server);
struct view use_server_file(const struct use_server *server, enum use_server_file file);

/* Waits at most `milliseconds` for a client, and serves it: ten seconds at most. */
void use_server_serve(struct use_server *server, int milliseconds);

const struct use_seen *use_server_seen(const struct use_server *server);

#endif
