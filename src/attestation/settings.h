/* The settings of attestd: command line, configuration file, defaults. */
#ifndef ATTESTATION_SETTINGS_H
#define ATTESTATION_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attestation/keeper/ek_policy.h"
#include "service/settings.h"
#include "util/config_file.h"

/* Everything that can be configured; strings are owned by the struct. */
struct attestation_settings {
	struct service_settings service;
	char              *tls_cert; /* both or neither */
	char              *tls_key;
	char              *crl_url;  /* may contain "{issuer}"; NULL: none in AK certificates */
	char              *publish;  /* directory for root.pem, crl.pem and crl.der; NULL: none */
	int64_t            challenge_lifetime; /* these in seconds */
	int64_t            ak_lifetime;
	int64_t            audit_retention;       /* 0: entries are kept for ever */
	int64_t            certificate_retention; /* of records of expired certificates; 0: for ever */
	int64_t            challenges;        /* open at once */
	int64_t            device_challenges; /* protected challenges of an EK at a source */
	int64_t            device_certificates; /* per EK and day; 0: unlimited */
	int64_t            waiting_max;       /* size of the waiting list; 0: disabled */
	char              *ek_certificate; /* "ignore", "record" or "require" … */
	enum ek_policy_mode ek_mode;       /* … and its value */
	struct config_list ek_certificate_require; /* vendors, normalized for ek_policy */
	char              *auto_enroll_serials; /* file; NULL: no machine enrolls itself */
	struct config_list auto_enroll_vendors; /* normalized for ek_policy */
	struct config_list auto_enroll_roots;   /* fingerprints */
	char              *auto_enroll_name;    /* template */
	char              *similar_names;       /* "refuse" or "warn" … */
	bool               similar_allowed;     /* … which is the latter */
};

/* The rows that fill a struct attestation_settings, and the check across them. */
const struct config_schema *attestation_settings_schema(void);

#endif
