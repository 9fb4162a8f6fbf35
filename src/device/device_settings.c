/* Reads and writes settings in files; does not use them. */
#include "config.h"

#include "device/device_settings.h"

#include <libgen.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/state.h"
#include "device/tpm/ak_type.h"
#include "device/tpm/sign_key.h"
#include "device/tpm/template.h"
#include "util/config_file.h"
#include "util/duration.h"
#include "util/error.h"
#include "util/file.h"
#include "util/identifier.h"
#include "util/utf8.h"

/* Whether a setting is remembered for renewals. */
enum setting_use { SETTING_WORD, SETTING_PATH, SETTING_FLEETING };

static const struct config_row rows[] = {
#define X(field, option_, kind_, argument_, use, words, summary, ...) \
	{.name = #field, .kind = CONFIG_TEXT, .offset = offsetof(struct device_settings_file, field), \
	    __VA_ARGS__},
    DEVICE_SETTINGS(X)
#undef X
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

/* The same rows: the field of the value, and whether it is remembered. */
static const struct {
	size_t           offset;
	enum setting_use use;
} values[] = {
#define X(field, option, kind, argument, use, words, summary, ...) \
	{offsetof(struct device_settings, field), SETTING_##use},
    DEVICE_SETTINGS(X)
#undef X
};

const struct config_schema *
device_settings_schema(void)
{
	static const struct config_schema schema = {.rows = rows, .count = ROW_COUNT};

	return &schema;
}

static const char **
field(struct device_settings *settings, size_t row)
{
	return (const char **)(void *)((char *)settings + values[row].offset);
}

static const char *
value(const struct device_settings *settings, size_t row)
{
	return *(const char *const *)(const void *)((const char *)settings + values[row].offset);
}

/* The settings that a named key does not share with the first. */
static const size_t own_offsets[] = {
#define X(field, option, kind, argument, use, words, summary, ...) \
	offsetof(struct device_settings, field),
    DEVICE_SETTINGS_CERTIFICATE(X)
    DEVICE_SETTINGS_OUT(X)
    DEVICE_SETTINGS_EXEC(X)
#undef X
};

static bool
is_own(size_t row)
{
	for (size_t i = 0; i < sizeof own_offsets / sizeof own_offsets[0]; i++)
		if (own_offsets[i] == values[row].offset)
			return true;
	return false;
}

/* The value of a row in a file; NULL: not set. */
static const char *
said_in_file(const struct device_settings_file *file, size_t row)
{
	const char *text = *(const char *const *)(const void *)((const char *)file + rows[row].offset);

	return text != NULL && *text != '\0' ? text : NULL;
}

/* Fills what is not set yet; `own_too` or only what is the machine's. */
static void
take(struct device_sources *sources, const struct device_settings_file *file, bool own_too)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (value(&sources->all, i) == NULL && (own_too || !is_own(i)))
			*field(&sources->all, i) = said_in_file(file, i);
	}
}

void
device_settings_clear(struct device_sources *sources)
{
	config_file_clear(device_settings_schema(), &sources->own);
	config_file_clear(device_settings_schema(), &sources->file);
	json_decref(sources->remembered);
	*sources = (struct device_sources){0};
}

/* Reads keys/NAME.conf beside device.conf, if it is there. */
static int
own_read(struct device_sources *sources, const char *config, struct error *err)
{
	AUTO_FREE char *copy = memory_strdup(config);
	AUTO_FREE char *folder = file_join(dirname(copy), "keys");
	AUTO_FREE char *path = NULL;
	char            name[DEVICE_STATE_KEY_NAME_MAX + sizeof ".conf"];

	if (device_state_key_check(sources->all.key, err) != 0)
		return -1;
	(void)snprintf(name, sizeof name, "%s.conf", sources->all.key);
	path = file_join(folder, name);
	if (access(path, F_OK) != 0)
		return 0;
	if (config_file_complete(device_settings_schema(), path, &sources->own, err) != 0)
		return -1;
	take(sources, &sources->own, true);
	return 0;
}

/* What a renewal needs is kept as JSON. */
static int
text_check(const char *name, const char *text, struct error *err)
{
	return utf8_has_characters(text, 0, SIZE_MAX)
	    ? 0
	    : error_set(err, ERROR_MALFORMED, "%s is kept for renewals, and must be UTF-8: \"%s\" is not", name, text);
}

/* Those that are set, as they are set. */
static int
sources_check(const struct device_sources *sources, struct error *err)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char *text = values[i].use != SETTING_FLEETING ? value(&sources->all, i) : NULL;

		if (text != NULL && text_check(rows[i].name, text, err) != 0)
			return -1;
	}
	return 0;
}

int
device_settings_read(const struct device_settings *line, bool must_have,
    struct device_sources *sources, struct error *err)
{
	const char *path = line->config != NULL ? line->config : DEVICE_CONFIG_FILE;

	sources->all = *line;
	if (line->key != NULL && own_read(sources, path, err) != 0)
		return -1;
	if (line->config == NULL && access(path, F_OK) != 0) {
		if (must_have)
			return error_set(err, ERROR_NOT_FOUND,
			    "there is no %s; make it from the sample, or name another with --config",
			    path);
		return sources_check(sources, err);
	}
	if (config_file_complete(device_settings_schema(), path, &sources->file, err) != 0)
		return -1;
	take(sources, &sources->file, line->key == NULL);
	return sources_check(sources, err);
}

int
device_settings_recall(struct device_sources *sources, const struct device_state *state,
    struct error *err)
{
	AUTO_BYTES   text = {0};
	json_error_t problem;

	if (device_state_read(state, DEVICE_STATE_SETTINGS, &text, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	sources->remembered = json_loadb((const char *)text.data, text.size,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
	if (sources->remembered == NULL)
		return error_set(err, ERROR_MALFORMED, "%s/" DEVICE_STATE_SETTINGS ": %s",
		    state->folder.path, problem.text);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const json_t *kept = json_object_get(sources->remembered, rows[i].name);

		if (json_is_string(kept) && strlen(json_string_value(kept)) != json_string_length(kept))
			return error_set(err, ERROR_MALFORMED, "%s/" DEVICE_STATE_SETTINGS ": \"%s\" holds a NUL",
			    state->folder.path, rows[i].name);
		if (value(&sources->all, i) == NULL && values[i].use != SETTING_FLEETING)
			*field(&sources->all, i) = json_string_value(kept);
	}
	return 0;
}

int
device_settings_remember(const struct device_settings *settings, const struct device_state *state,
    struct error *err)
{
	json_t *object = json_object();
	char   *text;
	int     rc;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char     *said = value(settings, i);
		AUTO_FREE char *absolute = NULL;

		if (said == NULL || values[i].use == SETTING_FLEETING)
			continue;
		if (values[i].use == SETTING_PATH)
			absolute = realpath(said, NULL);
		if (text_check(rows[i].name, absolute != NULL ? absolute : said, err) != 0) {
			json_decref(object);
			return -1;
		}
		(void)json_object_set_new(object, rows[i].name, json_string(absolute != NULL ? absolute : said));
	}
	text = json_dumps(object, JSON_INDENT(1));
	json_decref(object);
	rc = device_state_write(state, DEVICE_STATE_SETTINGS,
	    view_text(text), err);
	free(text);
	return rc;
}

int
device_settings_ek_check(const struct device_settings *settings, struct error *err)
{
	if (settings->ek != NULL && device_template_find(settings->ek) == NULL)
		return error_set(err, ERROR_MALFORMED, "no EK is called \"%s\"", settings->ek);
	return 0;
}

int
device_settings_rekey(const struct device_settings *settings, int64_t *age, struct error *err)
{
	*age = 0;
	if (settings->rekey == NULL || strcmp(settings->rekey, "never") == 0)
		return 0;
	return duration_parse(settings->rekey, age, err) == 0
	    ? 0
	    : error_wrap(err, "rekey, which is \"never\" or an age such as 90d");
}

int
device_settings_words_check(const struct device_settings *settings, struct error *err)
{
	int64_t age;

	if (settings->ak_type != NULL && device_ak_type_find(settings->ak_type) == NULL)
		return error_set(err, ERROR_MALFORMED, "no AK type is called \"%s\"",
		    settings->ak_type);
	if (settings->key_type != NULL && sign_key_type_find(settings->key_type) == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no key type is called \"%s\"; there are ecc-p256, ecc-p384 and rsa-2048",
		    settings->key_type);
	if (device_settings_rekey(settings, &age, err) != 0)
		return -1;
	if (settings->name != NULL &&
	    identifier_check(settings->name, strlen(settings->name), err) != 0)
		return error_wrap(err, "the name \"%s\"", settings->name);
	return device_settings_attest_check(settings, err);
}

int
device_settings_attest_check(const struct device_settings *settings, struct error *err)
{
	if (settings->wish != NULL &&
	    identifier_check(settings->wish, strlen(settings->wish), err) != 0)
		return error_wrap(err, "the wish \"%s\"", settings->wish);
	return device_settings_ek_check(settings, err);
}

int
device_settings_check(const struct device_settings *settings, struct error *err)
{
	if (settings->attestation_url == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no attestation host is named: --attestation-url, or attestation_url in device.conf");
	if (settings->acme == NULL && settings->key != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no ACME server is named for the key %.64s: --acme, or acme in keys/%.64s.conf beside "
		    "device.conf, whose own acme is the first key's", settings->key, settings->key);
	if (settings->acme == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no ACME server is named: --acme, or acme in device.conf");
	return device_settings_words_check(settings, err);
}
