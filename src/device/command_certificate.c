/* attest-device certificate and enroll: a key in the TPM, and a certificate for it. */
#include "config.h"

#include <stdio.h>

#include "device/certification.h"
#include "device/command.h"
#include "device/device_settings.h"
#include "device/state.h"
#include "device/tpm.h"
#include "util/error.h"

static void
result_print(const json_t *out)
{
	static const struct {
		const char *label;
		const char *member;
	} lines[] = {{"certified", "name"}, {"until", "notAfter"}, {"renewal", "renewal"},
	    {"key", "key"}, {"chain", "certificate"}};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		(void)printf("%-10s %s\n", lines[i].label,
		    json_string_value(json_object_get(out, lines[i].member)));
}

static int
certificate_get(const struct command_settings *line, bool must_have_file, json_t *out,
    struct error *err)
{
	AUTO_SETTINGS settings = {0};
	AUTO_STATE    state = {.lock = -1};
	AUTO_TPM      tpm = {0};

	if (device_settings_read(line, must_have_file, &settings, err) != 0 ||
	    device_settings_check(&settings.all, err) != 0 ||
	    device_state_open(settings.all.state_dir, &state, err) != 0 ||
	    command_tpm_open(&tpm, &settings.all, err) != 0 ||
	    certification_run(&tpm, &settings, &state, false, out, err) != 0)
		return -1;
	if (!line->json)
		result_print(out);
	return 0;
}

int
command_certificate_check(const struct command_settings *settings, struct error *err)
{
	return device_settings_words_check(settings, err);
}

int
command_certificate(const struct command_settings *settings, json_t *out, struct error *err)
{
	return certificate_get(settings, false, out, err);
}

int
command_enroll(const struct command_settings *settings, json_t *out, struct error *err)
{
	return certificate_get(settings, true, out, err);
}
