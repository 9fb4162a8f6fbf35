/* The settings of attest-acmed: command line, configuration file, defaults. */
#ifndef ACME_SETTINGS_H
#define ACME_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acme/keeper/policy.h"
#include "service/settings.h"
#include "util/config_file.h"

/* Everything that can be configured; strings are owned by the struct. Times in seconds. */
struct acme_settings {
	struct service_settings service;
	char              *url;     /* base, without a trailing "/"; NULL: from name and port */
	char              *crl_url; /* for issued certificates; NULL: <url>/crl; "none": none */
	char              *terms;   /* URLs, or NULL */
	char              *website;
	struct config_list attestation_crls;     /* files */
	bool               tolerate_stale_crl;
	bool               require_crl; /* if there are any: one for every AK certificate's issuer */
	bool               revoke_with_attestation;
	struct config_list any_name_roots;       /* files: their devices may order any name */
	struct acme_policy policy;
	int64_t            order_lifetime;
	int64_t            order_retention;       /* after that */
	int64_t            certificate_retention; /* after notAfter */
	int64_t            account_retention;     /* accounts without orders and certificates */
	int64_t            newcomer_retention;    /* with no order, when it never attested */
	int64_t            tls_lifetime;
};

/* The rows that fill a struct acme_settings, and the check across them. */
const struct config_schema *acme_settings_schema(void);

#endif
