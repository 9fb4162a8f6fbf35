/* The settings that every daemon has; service/settings_rows.h has their rows. */
#ifndef SERVICE_SETTINGS_H
#define SERVICE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/sandbox.h"
#include "util/config_file.h"
#include "util/log.h"
#include "util/proxies.h"

struct error;
struct reread;

/* The first member of a daemon's own settings. Times in seconds. */
struct service_settings {
	char              *state_dir;
	char              *store;           /* a place (store/store.h); state_dir by default */
	struct config_list listen;          /* ADDR:PORT */
	int64_t            workers;         /* 0: one per processor */
	char              *passphrase_file; /* file for the issuing keys; NULL: none, or a credential */
	char              *pkcs11_module;   /* module for PKCS #11 URIs that name none */
	struct config_list key_paths;       /* files, directories and devices of the token or the TPM */
	struct config_list key_sockets;     /* "unix", "inet", "netlink" */
	int64_t            crl_lifetime;
	int64_t            backdate;
	int64_t            connections; /* for all workers together */
	int64_t            request_timeout;
	int64_t            idle_timeout;
	char              *log_level;
	char              *front_user;
	char              *sandbox; /* "on", "available" or "off" */
	struct config_list proxy_networks;
	char              *proxy_protocol;

	/* No row: where they came from; NULL: they are never read again. */
	const struct reread *reread;

	/* Derived by service_settings_check. */
	enum log_level level;   /* of log_level */
	enum sandbox_mode containment; /* of sandbox */
	unsigned       key_socket_bits; /* of key_sockets (daemon/sandbox.h) */
	struct proxies proxies; /* of proxy_networks and proxy_protocol */
	int64_t        serving; /* workers that there are; the supervisor tells its keeper */
};

/*
 * Sets the default of `workers`, reads the log level and the proxies, and refuses too many
 * addresses.
 * MALFORMED.
 */
int service_settings_check(struct service_settings *settings, struct error *err);

/* The proxy_networks as they stand in the file, for a greeting; returns their number. */
size_t service_settings_networks(const struct service_settings *settings,
    struct view networks[PROXIES_MAX]);

#endif
