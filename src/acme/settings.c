/* Owns the options of attest-acmed's configuration file, their bounds and defaults. */
#include "config.h"

#include "acme/settings.h"

#include <stddef.h>
#include <string.h>

#include "ca/files.h"
#include "daemon/program.h"
#include "util/bytes.h"
#include "util/error.h"

#define ROW(name, kind, member, value, least, most) \
	{name, CONFIG_##kind, offsetof(struct acme_settings, member), value, least, most}

static const struct config_row rows[] = {
    ROW("state_dir", TEXT, state_dir, ACME_STATE_DIR_DEFAULT, NULL, NULL),
    ROW("listen", LIST, listen, "127.0.0.1:8443", NULL, NULL),
    ROW("workers", NUMBER, workers, "0", "0", "64"),
    ROW("passphrase_file", TEXT, passphrase_file, NULL, NULL, NULL),
    ROW("pkcs11_module", TEXT, pkcs11_module, NULL, NULL, NULL),
    ROW("url", TEXT, url, NULL, NULL, NULL),
    ROW("crl_url", TEXT, crl_url, NULL, NULL, NULL),
    ROW("terms", TEXT, terms, NULL, NULL, NULL),
    ROW("website", TEXT, website, NULL, NULL, NULL),
    ROW("attestation_crls", LIST, attestation_crls, NULL, NULL, NULL),
    ROW("tolerate_stale_crl", FLAG, tolerate_stale_crl, "false", NULL, NULL),
    ROW("require_crl", FLAG, require_crl, "true", NULL, NULL),
    ROW("any_name_roots", LIST, any_name_roots, NULL, NULL, NULL),
    ROW("allow", LIST, policy.allow, "*", NULL, NULL),
    ROW("deny", LIST, policy.deny, NULL, NULL, NULL),
    ROW("key_types", LIST, policy.key_types, NULL, NULL, NULL),
    ROW("dns_names", LIST, policy.dns_names, NULL, NULL, NULL),
    ROW("lifetime", DURATION, policy.lifetime, "24h", "5m", "30d"),
    ROW("lifetime_min", DURATION, policy.lifetime_min, "5m", "5m", "30d"),
    ROW("lifetime_max", DURATION, policy.lifetime_max, "30d", "5m", "30d"),
    ROW("server_auth", FLAG, policy.server_auth, "false", NULL, NULL),
    ROW("orders_per_hour", NUMBER, policy.orders_per_hour, "100", "1", "1000000000"),
    ROW("accounts_per_hour", NUMBER, policy.accounts_per_hour, "10000", "1", "1000000000"),
    ROW("order_lifetime", DURATION, order_lifetime, "1h", "1m", "7d"),
    ROW("order_retention", DURATION, order_retention, "24h", "1h", "1y"),
    ROW("certificate_retention", DURATION, certificate_retention, "90d", "1h", "10y"),
    ROW("account_retention", DURATION, account_retention, "180d", "1h", "10y"),
    ROW("crl_lifetime", DURATION, crl_lifetime, "7d", "1h", "1y"),
    ROW("tls_lifetime", DURATION, tls_lifetime, "30d", "1h", "1y"),
    ROW("request_timeout", DURATION, request_timeout, "10s", "1s", "5m"),
    ROW("idle_timeout", DURATION, idle_timeout, "60s", "1s", "1h"),
    ROW("connections", NUMBER, connections, "4096", "1", "1000000"),
    ROW("log_level", TEXT, log_level_name, "info", NULL, NULL),
};

#define ROWS (sizeof rows / sizeof rows[0])

/* What a TPM makes by default; P-521 and RSA-4096 are rare enough to be asked for. */
static const char *const key_types_default[] = {"ecc-p256", "ecc-p384", "rsa-2048", "rsa-3072"};

/* https://host[:port], with a path perhaps; a "/" at its end goes. */
static int
settings_check_url(struct acme_settings *settings, struct error *err)
{
	static const char scheme[] = "https://";
	size_t            length;

	if (settings->url == NULL)
		return 0;
	length = strlen(settings->url);
	while (length > 0 && settings->url[length - 1] == '/')
		settings->url[--length] = '\0';
	if (strncmp(settings->url, scheme, sizeof scheme - 1) != 0 || length == sizeof scheme - 1 ||
	    length > 256 || strpbrk(settings->url, "?#\"\\<> ") != NULL)
		return error_set(err, ERROR_MALFORMED, "\"%.256s\" is not of the form https://NAME:PORT",
		    settings->url);
	return 0;
}

const struct config_row *
acme_settings_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

int
acme_settings_complete(struct acme_settings *settings, const char *path, struct error *err)
{
	if (config_file_complete(rows, ROWS, path, settings, err) != 0 ||
	    log_level_parse(settings->log_level_name, &settings->log_level, err) != 0 ||
	    settings_check_url(settings, err) != 0)
		return -1;
	if (settings->policy.key_types.count == 0) {
		for (size_t i = 0; i < sizeof key_types_default / sizeof key_types_default[0]; i++)
			config_list_append(&settings->policy.key_types, key_types_default[i]);
	}
	if (program_settings_check(&settings->workers, &settings->listen, err) != 0)
		return -1;
	return policy_check(&settings->policy, err);
}

void
acme_settings_clear(struct acme_settings *settings)
{
	config_file_clear(rows, ROWS, settings);
	*settings = (struct acme_settings){0};
}
