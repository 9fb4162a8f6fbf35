/* Makes options from the rows of the settings, and adds those that are no settings. */
#include "config.h"

#include "device/options.h"

#include "device/device_settings.h"
#include "device/tpm/ak_type.h"
#include "device/tpm/sign_key.h"

static const char *
device_ak_type_word(size_t index)
{
	const struct device_ak_type *type = device_ak_type_at(index);

	return type != NULL ? type->word : NULL;
}

static const char *
sign_key_type_word(size_t index)
{
	const struct sign_key_type *type = sign_key_type_at(index);

	return type != NULL ? type->word : NULL;
}

#define X(field, option, kind, argument, use, words, summary, ...) \
	{OPTION(kind, option, argument, struct device_settings, field, summary), .word = (words)},

const struct command_option device_common_rows[] = {
    DEVICE_SETTINGS_COMMON(X)
    {OPTION(FLAG, "verbose", NULL, struct device_settings, verbose,
        "show the messages of the TPM libraries")},
    {0},
};

const struct command_option device_attestation_rows[] = {DEVICE_SETTINGS_ATTESTATION(X) {0}};

const struct command_option device_ek_rows[] = {DEVICE_SETTINGS_EK(X) {0}};

const struct command_option device_ak_rows[] = {
    DEVICE_SETTINGS_AK(X)
    {OPTION(FLAG, "new-ak", NULL, struct device_settings, new_ak, "make a new AK")},
    {0},
};

const struct command_option device_certificate_rows[] = {DEVICE_SETTINGS_CERTIFICATE(X) {0}};

const struct command_option device_files_rows[] = {
    DEVICE_SETTINGS_OUT(X)
    DEVICE_SETTINGS_SHARING(X)
    {OPTION(TEXT, "config", "FILE", struct device_settings, config, "another device.conf")},
    {OPTION(TEXT, "key", "NAME", struct device_settings, key, "a further key, of this name")},
    {0},
};

const struct command_option device_auth_rows[] = {DEVICE_SETTINGS_AUTH(X) {0}};

const struct command_option device_exec_rows[] = {DEVICE_SETTINGS_EXEC(X) {0}};
