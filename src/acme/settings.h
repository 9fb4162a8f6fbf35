/* How an attest-acmed is to run: command line, configuration file, defaults. */
#ifndef ACME_SETTINGS_H
#define ACME_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acme/keeper/policy.h"
#include "util/config_file.h"
#include "util/log.h"

struct error;

/* Everything that can be configured; strings are owned by the struct. Times in seconds. */
struct acme_settings {
	char              *state_dir;
	struct config_list listen; /* ADDR:PORT */
	int64_t            workers; /* 0: one per processor */
	char              *passphrase_file; /* what opens the issuing key; NULL: nothing, or a credential */
	char              *pkcs11_module;   /* for URIs that name none */
	char              *url;     /* base, without "/" at its end; NULL: by name and port */
	char              *crl_url; /* of what is issued; NULL: <url>/crl; "none": none */
	char              *terms;   /* URLs, or NULL */
	char              *website;
	struct config_list attestation_crls;     /* files */
	bool               tolerate_stale_crl;
	bool               require_crl; /* when there are any, one of every AK certificate's issuer */
	struct config_list any_name_roots;       /* files: their devices may order any name */
	struct acme_policy policy;
	int64_t            order_lifetime;
	int64_t            order_retention;       /* after that */
	int64_t            certificate_retention; /* after notAfter */
	int64_t            account_retention;     /* with no order and no certificate left */
	int64_t            crl_lifetime;
	int64_t            tls_lifetime;
	int64_t            request_timeout;
	int64_t            idle_timeout;
	int64_t            connections; /* of all workers */
	char              *log_level_name;
	enum log_level     log_level;
};

/* The options of the configuration file, and the fields that they fill. */
const struct config_row *acme_settings_rows(size_t *count);

/*
 * Fills every field that is still zero: from the file when `path` is not NULL,
 * then with defaults. What the command line gave stays. MALFORMED, naming file
 * and line, for what the file gets wrong; NOT_FOUND or INTERNAL when it cannot
 * be read.
 */
int acme_settings_complete(struct acme_settings *settings, const char *path, struct error *err);

void acme_settings_clear(struct acme_settings *settings);

#endif
