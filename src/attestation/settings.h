/* How an attestd is to run: command line, configuration file, defaults. */
#ifndef ATTESTATION_SETTINGS_H
#define ATTESTATION_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "attestation/keeper/ek_policy.h"
#include "util/config_file.h"
#include "util/log.h"

struct error;

/* Everything that can be configured; strings are owned by the struct. */
struct attestation_settings {
	char              *state_dir;
	struct config_list listen;   /* ADDR:PORT */
	int64_t            workers;
	char              *tls_cert; /* both or neither */
	char              *tls_key;
	char              *passphrase_file; /* what opens the issuing keys; NULL: nothing, or a credential */
	char              *pkcs11_module;   /* for URIs that name none */
	char              *crl_url;  /* with "{issuer}" for its key identifier; NULL: AK certificates name no CRL */
	int64_t            challenge_lifetime; /* these in seconds */
	int64_t            ak_lifetime;
	int64_t            crl_lifetime;
	int64_t            audit_retention;       /* 0: entries are kept for ever */
	int64_t            certificate_retention; /* of records of certificates that expired; 0: the same */
	int64_t            request_timeout;
	int64_t            idle_timeout;
	int64_t            challenges;        /* open at once */
	int64_t            device_challenges; /* of one EK at one client address */
	int64_t            device_certificates; /* of one EK in a day; 0: without a bound */
	int64_t            waiting_max;       /* EKs that wait for approval; 0: none are listed */
	int64_t            connections;       /* of all workers */
	char              *ek_certificate; /* "ignore", "record" or "require" … */
	enum ek_policy_mode ek_mode;       /* … and what attestation_settings_complete makes of it */
	struct config_list ek_certificate_require; /* vendors, ready for ek_policy */
	char              *auto_enroll_serials; /* file; NULL: nobody enrols himself */
	struct config_list auto_enroll_vendors; /* ready for ek_policy */
	struct config_list auto_enroll_roots;   /* fingerprints */
	char              *auto_enroll_name;    /* template */
	char              *log_level_name;    /* "error", "warning", "info" or "debug" */
	enum log_level     log_level;         /* what attestation_settings_complete makes of it */
};

/* The options of the configuration file, and the fields that they fill. */
const struct config_row *attestation_settings_rows(size_t *count);

/*
 * Fills every field that is still zero: from the file when `path` is not NULL,
 * then with defaults (a worker per processor, 127.0.0.1:8075). What the command
 * line gave stays. MALFORMED, naming file and line, for what the file gets
 * wrong; NOT_FOUND or INTERNAL when it cannot be read.
 */
int attestation_settings_complete(struct attestation_settings *settings, const char *path, struct error *err);

void attestation_settings_clear(struct attestation_settings *settings);

#endif
