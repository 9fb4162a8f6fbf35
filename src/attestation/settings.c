/* Owns the options of attestd's configuration file, their bounds and defaults. */
#include "config.h"

#include "attestation/settings.h"

#include <stddef.h>

#include "attestation/keeper/enroll_rule.h"
#include "ca/files.h"
#include "daemon/program.h"
#include "util/error.h"

#define ROW(name, kind, value, least, most) \
	{#name, CONFIG_##kind, offsetof(struct attestation_settings, name), value, least, most}

static const struct config_row rows[] = {
    ROW(state_dir, TEXT, STATE_DIR_DEFAULT, NULL, NULL),
    ROW(listen, LIST, "127.0.0.1:8075", NULL, NULL),
    ROW(workers, NUMBER, "0", "0", "64"),
    ROW(tls_cert, TEXT, NULL, NULL, NULL),
    ROW(tls_key, TEXT, NULL, NULL, NULL),
    ROW(passphrase_file, TEXT, NULL, NULL, NULL),
    ROW(pkcs11_module, TEXT, NULL, NULL, NULL),
    ROW(crl_url, TEXT, NULL, NULL, NULL),
    ROW(challenge_lifetime, DURATION, "60s", "1s", "1h"),
    ROW(ak_lifetime, DURATION, "90d", "5m", "10y"),
    ROW(crl_lifetime, DURATION, "7d", "1h", "1y"),
    ROW(audit_retention, DURATION, NULL, "1d", "100y"),
    ROW(certificate_retention, DURATION, "1y", "1d", "100y"),
    ROW(challenges, NUMBER, "10000", "1", "10000000"),
    ROW(device_challenges, NUMBER, "32", "1", "10000000"),
    ROW(device_certificates, NUMBER, "1000", "0", "10000000"),
    ROW(request_timeout, DURATION, "10s", "1s", "5m"),
    ROW(idle_timeout, DURATION, "60s", "1s", "1h"),
    ROW(waiting_max, NUMBER, "1000", "0", "100000"),
    ROW(connections, NUMBER, "4096", "1", "1000000"),
    ROW(ek_certificate, TEXT, "record", NULL, NULL),
    ROW(ek_certificate_require, LIST, NULL, NULL, NULL),
    ROW(auto_enroll_serials, TEXT, NULL, NULL, NULL),
    ROW(auto_enroll_vendors, LIST, NULL, NULL, NULL),
    ROW(auto_enroll_roots, LIST, NULL, NULL, NULL),
    ROW(auto_enroll_name, TEXT, "{manufacturer}-{serial}", NULL, NULL),
    {"log_level", CONFIG_TEXT, offsetof(struct attestation_settings, log_level_name), "info", NULL, NULL},
};

#define ROWS (sizeof rows / sizeof rows[0])

const struct config_row *
attestation_settings_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

static int
settings_check_ek_policy(struct attestation_settings *settings, struct error *err)
{
	if (ek_policy_mode_parse(settings->ek_certificate, &settings->ek_mode, err) != 0)
		return -1;
	if (ek_policy_vendors_normalize(&settings->ek_certificate_require, err) != 0)
		return error_wrap(err, "ek_certificate_require");
	if (settings->ek_mode == EK_POLICY_IGNORE && settings->ek_certificate_require.count != 0)
		return error_set(err, ERROR_MALFORMED,
		    "ek_certificate_require wants certificates looked at: ek_certificate must not be ignore");
	return 0;
}

static int
settings_check_auto_enroll(struct attestation_settings *settings, struct error *err)
{
	if (ek_policy_vendors_normalize(&settings->auto_enroll_vendors, err) != 0)
		return error_wrap(err, "auto_enroll_vendors");
	if (enroll_rule_roots_normalize(&settings->auto_enroll_roots, err) != 0)
		return error_wrap(err, "auto_enroll_roots");
	if (enroll_rule_name_check(settings->auto_enroll_name, err) != 0)
		return error_wrap(err, "auto_enroll_name");
	if ((settings->auto_enroll_serials != NULL) != (settings->auto_enroll_vendors.count != 0))
		return error_set(err, ERROR_MALFORMED,
		    "auto_enroll_serials and auto_enroll_vendors go together: a list of serial numbers, "
		    "and whose they are");
	if (settings->auto_enroll_serials != NULL && settings->ek_mode == EK_POLICY_IGNORE)
		return error_set(err, ERROR_MALFORMED,
		    "auto_enroll_serials wants certificates looked at: ek_certificate must not be ignore");
	return 0;
}

static int
settings_check(struct attestation_settings *settings, struct error *err)
{
	if (log_level_parse(settings->log_level_name, &settings->log_level, err) != 0 ||
	    program_settings_check(&settings->workers, &settings->listen, err) != 0)
		return -1;
	if ((settings->tls_cert == NULL) != (settings->tls_key == NULL))
		return error_set(err, ERROR_MALFORMED,
		    "a TLS certificate and its key go together: give both --tls-cert and --tls-key");
	if (settings_check_ek_policy(settings, err) != 0)
		return -1;
	return settings_check_auto_enroll(settings, err);
}

int
attestation_settings_complete(struct attestation_settings *settings, const char *path, struct error *err)
{
	if (config_file_complete(rows, ROWS, path, settings, err) != 0)
		return -1;
	if (settings_check(settings, err) != 0)
		return path != NULL ? error_wrap(err, "%s", path) : -1;
	return 0;
}

void
attestation_settings_clear(struct attestation_settings *settings)
{
	config_file_clear(rows, ROWS, settings);
	*settings = (struct attestation_settings){0};
}
