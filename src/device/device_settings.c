/* Owns the names that settings have in files; uses none of them. */
#include "config.h"

#include "device/device_settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/state.h"
#include "device/tpm/ak_type.h"
#include "device/tpm/sign_key.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/identifier.h"

/* What a setting is, and whether a renewal is to find it again. */
enum setting_kind { SETTING_WORD, SETTING_PATH, SETTING_FLEETING };

static const struct {
	const char       *name;
	size_t            offset;
	enum setting_kind kind;
} rows[] = {
#define ROW(name, field, kind) {name, offsetof(struct command_settings, field), kind}
    ROW("attestation_url", url, SETTING_WORD),
    ROW("attestation_root", root, SETTING_PATH),
    ROW("tls_root", tls_root, SETTING_PATH),
    ROW("acme", acme, SETTING_WORD),
    ROW("acme_root", acme_root, SETTING_PATH),
    ROW("name", name, SETTING_WORD),
    ROW("key_type", key_type, SETTING_WORD),
    ROW("out", out, SETTING_PATH),
    ROW("ek", ek, SETTING_WORD),
    ROW("ak_type", ak_type, SETTING_FLEETING),
    ROW("owner_auth_file", owner_auth_file, SETTING_FLEETING),
    ROW("exec", exec, SETTING_FLEETING),
    ROW("tcti", tcti, SETTING_FLEETING),
    ROW("state_dir", state_dir, SETTING_FLEETING),
#undef ROW
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

_Static_assert(ROW_COUNT <= DEVICE_SETTINGS_COUNT, "one place for each row");

static const char **
field(struct command_settings *settings, size_t row)
{
	return (const char **)(void *)((char *)settings + rows[row].offset);
}

static const char *
value(const struct command_settings *settings, size_t row)
{
	return *(const char *const *)(const void *)((const char *)settings + rows[row].offset);
}

static void
config_rows(struct config_row table[DEVICE_SETTINGS_COUNT])
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		table[i] = (struct config_row){.name = rows[i].name, .kind = CONFIG_TEXT,
		    .offset = i * sizeof(char *)};
}

void
device_settings_clear(struct device_settings *settings)
{
	struct config_row table[DEVICE_SETTINGS_COUNT];

	config_rows(table);
	config_file_clear(table, ROW_COUNT, settings->file);
	json_decref(settings->remembered);
	*settings = (struct device_settings){0};
}

int
device_settings_read(const struct command_settings *line, bool must_have,
    struct device_settings *settings, struct error *err)
{
	struct config_row table[DEVICE_SETTINGS_COUNT];
	const char       *path = line->config != NULL ? line->config : DEVICE_CONFIG_FILE;

	settings->all = *line;
	if (line->config == NULL && access(path, F_OK) != 0) {
		if (must_have)
			return error_set(err, ERROR_NOT_FOUND,
			    "there is no %s; make it from the sample, or name another with --config",
			    path);
		return 0;
	}
	config_rows(table);
	if (config_file_complete(table, ROW_COUNT, path, settings->file, err) != 0)
		return -1;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (value(&settings->all, i) == NULL && settings->file[i] != NULL &&
		    settings->file[i][0] != '\0')
			*field(&settings->all, i) = settings->file[i];
	}
	return 0;
}

int
device_settings_recall(struct device_settings *settings, const struct device_state *state,
    struct error *err)
{
	AUTO_BYTES   text = {0};
	json_error_t problem;

	if (device_state_read(state, DEVICE_STATE_SETTINGS, &text, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	settings->remembered = json_loadb((const char *)text.data, text.size,
	    JSON_REJECT_DUPLICATES, &problem);
	if (settings->remembered == NULL)
		return error_set(err, ERROR_MALFORMED, "%s/" DEVICE_STATE_SETTINGS ": %s",
		    state->path, problem.text);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (value(&settings->all, i) == NULL && rows[i].kind != SETTING_FLEETING)
			*field(&settings->all, i) =
			    json_string_value(json_object_get(settings->remembered, rows[i].name));
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
		const char     *said = value(&settings->all, i);
		AUTO_FREE char *absolute = NULL;

		if (said == NULL || rows[i].kind == SETTING_FLEETING)
			continue;
		if (rows[i].kind == SETTING_PATH)
			absolute = realpath(said, NULL);
		(void)json_object_set_new(object, rows[i].name,
		    json_string(absolute != NULL ? absolute : said));
	}
	text = json_dumps(object, JSON_INDENT(1));
	json_decref(object);
	rc = device_state_write(state, DEVICE_STATE_SETTINGS,
	    view_text(text), err);
	free(text);
	return rc;
}

int
device_settings_words_check(const struct command_settings *settings, struct error *err)
{
	if (settings->ak_type != NULL && device_ak_type_find(settings->ak_type) == NULL)
		return error_set(err, ERROR_MALFORMED, "no AK type is called \"%s\"",
		    settings->ak_type);
	if (settings->key_type != NULL && sign_key_type_find(settings->key_type) == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no key type is called \"%s\"; there are ecc-p256, ecc-p384 and rsa-2048",
		    settings->key_type);
	if (settings->name != NULL &&
	    identifier_check(settings->name, strlen(settings->name), err) != 0)
		return error_wrap(err, "the name \"%s\"", settings->name);
	return command_ek_word_check(settings, err);
}

int
device_settings_check(const struct command_settings *settings, struct error *err)
{
	if (settings->url == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no attestation host is named: --attestation-url, or attestation_url in device.conf");
	if (settings->acme == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no ACME server is named: --acme, or acme in device.conf");
	return device_settings_words_check(settings, err);
}
