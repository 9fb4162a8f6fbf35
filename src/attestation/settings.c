/* Owns the options of attestd's configuration file, their bounds and defaults. */
#include "config.h"

#include "attestation/settings.h"

#include <stddef.h>

#include "daemon/launch.h"
#include "store/files.h"
#include "util/error.h"

#define ROW(name, kind, member, value, least, most) \
	{name, CONFIG_##kind, offsetof(struct settings, member), value, least, most}

static const struct config_row rows[] = {
    ROW("state_dir", TEXT, state_dir, STATE_DIR_DEFAULT, NULL, NULL),
    ROW("listen", LIST, listen, "127.0.0.1:8075", NULL, NULL),
    ROW("workers", NUMBER, workers, "0", "0", "64"),
    ROW("tls_cert", TEXT, tls_cert, NULL, NULL, NULL),
    ROW("tls_key", TEXT, tls_key, NULL, NULL, NULL),
    ROW("crl_url", TEXT, crl_url, NULL, NULL, NULL),
    ROW("crl_lifetime", DURATION, crl_lifetime, "7d", "1h", "1y"),
    ROW("ak_lifetime", DURATION, ak_lifetime, "90d", "5m", "10y"),
    ROW("challenge_lifetime", DURATION, challenge_lifetime, "60s", "1s", "1h"),
    ROW("challenges", NUMBER, challenges, "10000", "1", "10000000"),
    ROW("device_challenges", NUMBER, device_challenges, "32", "1", "10000000"),
    ROW("connections", NUMBER, connections, "4096", "1", "1000000"),
    ROW("request_timeout", DURATION, request_timeout, "10s", "1s", "5m"),
    ROW("idle_timeout", DURATION, idle_timeout, "60s", "1s", "1h"),
    ROW("log_level", TEXT, log_level_name, "info", NULL, NULL),
};

#define ROWS (sizeof rows / sizeof rows[0])

/* What no row alone can say. */
static int
settings_check(struct settings *settings, struct error *err)
{
	if (log_level_parse(settings->log_level_name, &settings->log_level, err) != 0)
		return -1;
	if (settings->listen.count > SETTINGS_LISTEN_MAX)
		return error_set(err, ERROR_MALFORMED, "more than %d addresses to listen on",
		    SETTINGS_LISTEN_MAX);
	if ((settings->tls_cert == NULL) != (settings->tls_key == NULL))
		return error_set(err, ERROR_MALFORMED,
		    "a TLS certificate and its key go together: give both --tls-cert and --tls-key");
	return 0;
}

int
settings_complete(struct settings *settings, const char *path, struct error *err)
{
	if (config_file_complete(rows, ROWS, path, settings, err) != 0)
		return -1;
	if (settings_check(settings, err) != 0)
		return path != NULL ? error_wrap(err, "%s", path) : -1;
	if (settings->workers == 0)
		settings->workers = launch_workers_default();
	return 0;
}

void
settings_clear(struct settings *settings)
{
	config_file_clear(rows, ROWS, settings);
	*settings = (struct settings){0};
}
