/* Owns the options of attestd's configuration file, their bounds and defaults. */
#include "config.h"

#include "attestation/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "store/files.h"
#include "util/bytes.h"
#include "util/duration.h"
#include "util/error.h"

#define LISTEN_DEFAULT "127.0.0.1:8075"

/* Durations: option, field, default, least, most. */
static const struct {
	const char *option;
	size_t      offset;
	const char *value;
	const char *least;
	const char *most;
} durations[] = {
    {"challenge_lifetime", offsetof(struct settings, challenge_lifetime), "60s", "1s", "1h"},
    {"ak_lifetime", offsetof(struct settings, ak_lifetime), "90d", "5m", "10y"},
    {"request_timeout", offsetof(struct settings, request_timeout), "10s", "1s", "5m"},
    {"idle_timeout", offsetof(struct settings, idle_timeout), "60s", "1s", "1h"},
    {"crl_lifetime", offsetof(struct settings, crl_lifetime), "7d", "1h", "1y"},
};

/* What the file does not set. */
#define NUMBER_UNSET (-1L)

/* Numbers: option, field, default, least, most. */
static const struct {
	const char *option;
	size_t      offset;
	long        value;
	long        least;
	long        most;
} numbers[] = {
    {"challenges", offsetof(struct settings, challenges), 10000, 1, 10000000},
    {"device_challenges", offsetof(struct settings, device_challenges), 32, 1, 10000000},
    {"connections", offsetof(struct settings, connections), 4096, 1, 1000000},
};

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static int
settings_log_level(const char *text, enum log_level *level, struct error *err)
{
	for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return error_set(err, ERROR_MALFORMED,
	    "log level \"%.32s\" is none of error, warning, info, debug", text);
}

/* libconfuse gives its error callback no argument; the file is read before threads are. */
static char confuse_message[256];

__attribute__((format(printf, 2, 0)))
static void
confuse_error_cb(cfg_t *cfg, const char *fmt, va_list args)
{
	int used = snprintf(confuse_message, sizeof confuse_message, "%s line %d: ",
	    cfg->filename != NULL ? cfg->filename : "configuration", cfg->line);

	if (used > 0 && (size_t)used < sizeof confuse_message)
		(void)vsnprintf(confuse_message + used, sizeof confuse_message - (size_t)used, fmt, args);
}

static void
take_string(char **field, const char *value)
{
	if (*field == NULL && value != NULL)
		*field = memory_strdup(value);
}

static int
take_durations(struct settings *settings, cfg_t *file, struct error *err)
{
	for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
		int64_t    *field = (int64_t *)(void *)((char *)settings + durations[i].offset);
		const char *text = file != NULL ? cfg_getstr(file, durations[i].option) : NULL;
		int64_t     least = 0;
		int64_t     most = 0;

		if (*field != 0)
			continue;
		if (duration_parse(text != NULL ? text : durations[i].value, field, err) != 0 ||
		    duration_parse(durations[i].least, &least, err) != 0 ||
		    duration_parse(durations[i].most, &most, err) != 0)
			return error_wrap(err, "%s", durations[i].option);
		if (*field < least || *field > most)
			return error_set(err, ERROR_MALFORMED, "%s must lie between %s and %s",
			    durations[i].option, durations[i].least, durations[i].most);
	}
	return 0;
}

static int
take_numbers(struct settings *settings, cfg_t *file, struct error *err)
{
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		size_t *field = (size_t *)(void *)((char *)settings + numbers[i].offset);
		long    value = file != NULL ? cfg_getint(file, numbers[i].option) : NUMBER_UNSET;

		if (*field != 0)
			continue;
		if (value == NUMBER_UNSET)
			value = numbers[i].value;
		if (value < numbers[i].least || value > numbers[i].most)
			return error_set(err, ERROR_MALFORMED, "%s must lie between %ld and %ld",
			    numbers[i].option, numbers[i].least, numbers[i].most);
		*field = (size_t)value;
	}
	return 0;
}

static int
take_listen(struct settings *settings, cfg_t *file, struct error *err)
{
	unsigned count = file != NULL ? cfg_size(file, "listen") : 0;

	if (settings->listen_count != 0)
		return 0;
	if (count > SETTINGS_LISTEN_MAX)
		return error_set(err, ERROR_MALFORMED, "more than %u addresses to listen on",
		    SETTINGS_LISTEN_MAX);
	for (unsigned i = 0; i < count; i++)
		settings->listen[settings->listen_count++] = memory_strdup(cfg_getnstr(file, "listen", i));
	if (count == 0)
		settings->listen[settings->listen_count++] = memory_strdup(LISTEN_DEFAULT);
	return 0;
}

static int
take_workers(struct settings *settings, cfg_t *file, struct error *err)
{
	long value = file != NULL ? cfg_getint(file, "workers") : 0;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->workers != 0)
		return 0;
	if (value < 0 || value > (long)SETTINGS_WORKERS_MAX)
		return error_set(err, ERROR_MALFORMED, "workers must lie between 1 and %u",
		    SETTINGS_WORKERS_MAX);
	if (value == 0)
		value = processors < 1                       ? 1
		    : processors > (long)SETTINGS_WORKERS_MAX ? (long)SETTINGS_WORKERS_MAX
		                                            : processors;
	settings->workers = (size_t)value;
	return 0;
}

/* Takes what the file says, or only defaults when there is none. */
static int
settings_take(struct settings *settings, cfg_t *file, struct error *err)
{
	if (file != NULL) {
		take_string(&settings->state_dir, cfg_getstr(file, "state_dir"));
		take_string(&settings->tls_cert, cfg_getstr(file, "tls_cert"));
		take_string(&settings->tls_key, cfg_getstr(file, "tls_key"));
		take_string(&settings->crl_url, cfg_getstr(file, "crl_url"));
		take_string(&settings->log_level_name, cfg_getstr(file, "log_level"));
	}
	take_string(&settings->state_dir, STATE_DIR_DEFAULT);
	take_string(&settings->log_level_name, level_names[LOG_LEVEL_INFO]);
	if (settings_log_level(settings->log_level_name, &settings->log_level, err) != 0)
		return -1;
	if (take_listen(settings, file, err) != 0 || take_workers(settings, file, err) != 0 ||
	    take_durations(settings, file, err) != 0 || take_numbers(settings, file, err) != 0)
		return -1;
	if ((settings->tls_cert == NULL) != (settings->tls_key == NULL))
		return error_set(err, ERROR_MALFORMED,
		    "a TLS certificate and its key go together: give both --tls-cert and --tls-key");
	return 0;
}

int
settings_complete(struct settings *settings, const char *path, struct error *err)
{
	cfg_opt_t options[] = {
	    CFG_STR("state_dir", NULL, CFGF_NONE),
	    CFG_STR_LIST("listen", NULL, CFGF_NONE),
	    CFG_INT("workers", 0, CFGF_NONE),
	    CFG_STR("tls_cert", NULL, CFGF_NONE),
	    CFG_STR("tls_key", NULL, CFGF_NONE),
	    CFG_STR("crl_url", NULL, CFGF_NONE),
	    CFG_STR("challenge_lifetime", NULL, CFGF_NONE),
	    CFG_STR("ak_lifetime", NULL, CFGF_NONE),
	    CFG_STR("request_timeout", NULL, CFGF_NONE),
	    CFG_STR("idle_timeout", NULL, CFGF_NONE),
	    CFG_STR("crl_lifetime", NULL, CFGF_NONE),
	    CFG_INT("challenges", NUMBER_UNSET, CFGF_NONE),
	    CFG_INT("device_challenges", NUMBER_UNSET, CFGF_NONE),
	    CFG_INT("connections", NUMBER_UNSET, CFGF_NONE),
	    CFG_STR("log_level", NULL, CFGF_NONE),
	    CFG_END(),
	};
	cfg_t *file;
	int    rc;

	if (path == NULL)
		return settings_take(settings, NULL, err);
	if ((file = cfg_init(options, CFGF_NONE)) == NULL)
		return error_set(err, ERROR_INTERNAL, "preparing to read %s", path);
	(void)cfg_set_error_function(file, confuse_error_cb);
	confuse_message[0] = '\0';
	switch (cfg_parse(file, path)) {
	case CFG_SUCCESS:
		if ((rc = settings_take(settings, file, err)) != 0)
			error_wrap(err, "%s", path);
		break;
	case CFG_FILE_ERROR:
		rc = error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", path);
		break;
	default:
		rc = error_set(err, ERROR_MALFORMED, "%s", confuse_message);
	}
	cfg_free(file);
	return rc;
}

void
settings_clear(struct settings *settings)
{
	for (size_t i = 0; i < settings->listen_count; i++)
		free(settings->listen[i]);
	free(settings->state_dir);
	free(settings->tls_cert);
	free(settings->tls_key);
	free(settings->crl_url);
	free(settings->log_level_name);
	*settings = (struct settings){0};
}
