/* attest-device certificate and enroll: makes a key in the TPM and obtains a certificate for it. */
#include "config.h"

#include <stdio.h>

#include "device/certification.h"
#include "device/commands.h"
#include "device/device_settings.h"
#include "device/host/approval.h"
#include "device/open.h"
#include "device/options.h"
#include "device/patience.h"
#include "device/state.h"
#include "device/tpm/tpm.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/duration.h"
#include "util/error.h"

static command_check certificate_check;
static command_run   certificate_run;

const struct command device_certificate_command = {
    .name = "certificate",
    .summary = "make a key in the TPM and have it certified by an ACME server",
    .size = sizeof(struct device_settings),
    .options = {{device_attestation_rows, 0}, {device_ek_rows, 0}, {device_ak_rows, 0},
        {device_certificate_rows, 0}, {device_files_rows, 0}, {device_auth_rows, 0},
        {device_common_rows, 0}},
    .check = certificate_check,
    .run = certificate_run,
};

struct enroll {
	struct device_settings settings;
	const char            *wait; /* a duration; NULL: unlimited */
	bool                   no_wait;
};

static const struct command_option enroll_rows[] = {
    {OPTION(TEXT, "wait", "DURATION", struct enroll, wait,
        "how long to wait for approval; else until interrupted")},
    {OPTION(FLAG, "no-wait", NULL, struct enroll, no_wait, "do not wait for approval")},
    {0},
};

static command_check enroll_check;
static command_run   enroll_run;

const struct command device_enroll_command = {
    .name = "enroll",
    .summary = "obtain a certificate by device.conf; wait for approval",
    .size = sizeof(struct enroll),
    .options = {{enroll_rows, 0}, {device_files_rows, offsetof(struct enroll, settings)},
        {device_auth_rows, offsetof(struct enroll, settings)},
        {device_common_rows, offsetof(struct enroll, settings)}},
    .check = enroll_check,
    .run = enroll_run,
};

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

/* Runs one try; *refused as in certification_run. Closes everything that it opened. */
static int
certificate_try(const struct device_settings *settings, char **refused, json_t *out,
    struct error *err)
{
	AUTO_STATE state = {.folder = {.fd = -1}};
	AUTO_TPM   tpm = NULL;

	return device_state_open(settings->state_dir, settings->key, &state, err) == 0 &&
	        device_open(settings, &tpm, err) == 0 &&
	        certification_run(tpm, settings, &state, false, refused, out, err) == 0
	    ? 0
	    : -1;
}

static int
certificate_check(const struct command_call *call, struct error *err)
{
	return device_settings_words_check(call->options, err);
}

static int
certificate_run(const struct command_call *call, struct error *err)
{
	AUTO_SETTINGS settings = {0};

	if (device_settings_read(call->options, false, &settings, err) != 0 ||
	    device_settings_check(&settings.all, err) != 0 ||
	    certificate_try(&settings.all, NULL, call->answer, err) != 0)
		return -1;
	if (!call->json)
		result_print(call->answer);
	return 0;
}

/* ---- enroll ---- */

static int
enroll_check(const struct command_call *call, struct error *err)
{
	const struct enroll *options = call->options;
	int64_t              seconds;

	if (options->wait != NULL && options->no_wait)
		return error_set(err, ERROR_MALFORMED, "--wait and --no-wait exclude each other");
	if (options->wait != NULL && duration_parse(options->wait, &seconds, err) != 0)
		return error_wrap(err, "--wait");
	return 0;
}

/* Prints how to get approval, and waits; `why` is the host's refusal. State and TPM are closed
 * meanwhile. */
static int
enroll_wait(const struct device_settings *settings, const char *wait, const char *request,
    const struct error *why, int64_t end_ms, struct error *err)
{
	(void)fprintf(stderr,
	    "attest-device: %s\n"
	    "attest-device: waiting for an administrator of %s to run it%s%s\n",
	    why->detail, settings->attestation_url, wait != NULL ? ", at most " : "",
	    wait != NULL ? wait : "");
	if (approval_wait(settings->attestation_url, settings->tls_root, request, &APPROVAL_PACE, end_ms,
	        err) == 0) {
		(void)fprintf(stderr, "attest-device: approved, going on\n");
		return 0;
	}
	if (err->kind == ERROR_NOT_ENROLLED)
		return error_set(err, ERROR_NOT_ENROLLED, "%s (not approved within %s)", why->detail,
		    wait);
	return -1;
}

static int
enroll_run(const struct command_call *call, struct error *err)
{
	const struct enroll *options = call->options;
	AUTO_SETTINGS        settings = {0};
	int64_t              seconds = 0;
	int64_t              end_ms = 0;

	if (options->wait != NULL) {
		(void)duration_parse(options->wait, &seconds, err); /* as enroll_check has found it to be */
		end_ms = clock_monotonic_ms() + seconds * 1000;
	}
	if (device_settings_read(&options->settings, true, &settings, err) != 0 ||
	    device_settings_check(&settings.all, err) != 0)
		return -1;
	for (;;) {
		AUTO_FREE char *refused = NULL;
		struct error    why = {0};

		settings.all.end_ms = patience_end(clock_monotonic_ms(), end_ms);
		settings.all.retries_end_ms = end_ms;
		if (certificate_try(&settings.all, &refused, call->answer, &why) == 0)
			break;
		*err = why;
		if (refused == NULL || options->no_wait ||
		    enroll_wait(&settings.all, options->wait, refused, &why, end_ms, err) != 0)
			return -1;
		(void)json_object_clear(call->answer);
	}
	if (!call->json)
		result_print(call->answer);
	return 0;
}
