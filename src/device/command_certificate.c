/* attest-device certificate and enroll: a key in the TPM, and a certificate for it. */
#include "config.h"

#include <stdio.h>

#include "device/certification.h"
#include "device/command.h"
#include "device/device_settings.h"
#include "device/host/approval.h"
#include "device/state.h"
#include "device/tpm/tpm.h"
#include "util/bytes.h"
#include "util/duration.h"
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

/* Once; *refused as certification_run has it. What is opened is closed again. */
static int
certificate_try(const struct device_settings *settings, char **refused, json_t *out,
    struct error *err)
{
	AUTO_STATE state = {.lock = -1};
	AUTO_TPM   tpm = NULL;

	return device_state_open(settings->all.state_dir, &state, err) == 0 &&
	        command_tpm_open(&tpm, &settings->all, err) == 0 &&
	        certification_run(tpm, settings, &state, false, refused, out, err) == 0
	    ? 0
	    : -1;
}

int
command_certificate_check(const struct command_settings *settings, struct error *err)
{
	return device_settings_words_check(settings, err);
}

int
command_certificate(const struct command_settings *line, json_t *out, struct error *err)
{
	AUTO_SETTINGS settings = {0};

	if (device_settings_read(line, false, &settings, err) != 0 ||
	    device_settings_check(&settings.all, err) != 0 ||
	    certificate_try(&settings, NULL, out, err) != 0)
		return -1;
	if (!line->json)
		result_print(out);
	return 0;
}

/* ---- enroll ---- */

int
command_enroll_check(const struct command_settings *settings, struct error *err)
{
	int64_t seconds;

	if (settings->wait != NULL && settings->no_wait)
		return error_set(err, ERROR_MALFORMED, "--wait and --no-wait exclude each other");
	if (settings->wait != NULL && duration_parse(settings->wait, &seconds, err) != 0)
		return error_wrap(err, "--wait");
	return 0;
}

/* Says whom to ask, and waits; `why` is how the host refused. State and TPM are free meanwhile. */
static int
enroll_wait(const struct command_settings *settings, const char *request, const struct error *why,
    struct error *err)
{
	int64_t seconds = 0;

	if (settings->wait != NULL && duration_parse(settings->wait, &seconds, err) != 0)
		return -1;
	(void)fprintf(stderr,
	    "attest-device: %s\n"
	    "attest-device: waiting for an administrator of %s to run it%s%s\n",
	    why->detail, settings->url, settings->wait != NULL ? ", at most " : "",
	    settings->wait != NULL ? settings->wait : "");
	if (approval_wait(settings, request, seconds, err) == 0) {
		(void)fprintf(stderr, "attest-device: approved, going on\n");
		return 0;
	}
	if (err->kind == ERROR_NOT_ENROLLED)
		return error_set(err, ERROR_NOT_ENROLLED, "%s (nobody did within %s)", why->detail,
		    settings->wait);
	return -1;
}

int
command_enroll(const struct command_settings *line, json_t *out, struct error *err)
{
	AUTO_SETTINGS settings = {0};

	if (device_settings_read(line, true, &settings, err) != 0 ||
	    device_settings_check(&settings.all, err) != 0)
		return -1;
	for (;;) {
		AUTO_FREE char *refused = NULL;
		struct error    why = {0};

		if (certificate_try(&settings, &refused, out, &why) == 0)
			break;
		*err = why;
		if (refused == NULL || line->no_wait ||
		    enroll_wait(&settings.all, refused, &why, err) != 0)
			return -1;
		(void)json_object_clear(out);
	}
	if (!line->json)
		result_print(out);
	return 0;
}
