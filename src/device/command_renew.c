/* attest-device renew: renews what is past two thirds of its life, and touches nothing else. */
#include "config.h"

#include <stdio.h>

#include <openssl/x509.h>

#include "command/print.h"
#include "device/certificate_files.h"
#include "device/certification.h"
#include "device/commands.h"
#include "device/device_settings.h"
#include "device/identity.h"
#include "device/interrupt.h"
#include "device/open.h"
#include "device/options.h"
#include "device/progress.h"
#include "device/renewal.h"
#include "device/run_command.h"
#include "device/sharing.h"
#include "device/state.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/sign_key.h"
#include "device/tpm/tpm.h"
#include "pki/certificate.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

static command_run renew_run;

static const struct command_option renew_rows[] = {
    {OPTION(FLAG, "force", NULL, struct device_settings, force, "renew the certificate now")},
    {OPTION(FLAG, "new-key", NULL, struct device_settings, new_key,
        "renew it now, with a new key")},
    {0},
};

const struct command device_renew_command = {
    .name = "renew",
    .summary = "renew what has passed two thirds of its life",
    .size = sizeof(struct device_settings),
    .options = {{renew_rows, 0}, {device_exec_rows, 0}, {device_files_rows, 0}, {device_auth_rows, 0},
        {device_common_rows, 0}},
    .run = renew_run,
};

/* Which renewals are due, and when the next one is. */
struct due {
	bool    chain;
	bool    certificate;
	int64_t next;
	int64_t interval; /* how often to check, by the shorter life */
};

static void
due_add(int64_t not_before, int64_t not_after, bool *is_due, struct due *due)
{
	int64_t when = renewal_time(not_before, not_after);
	int64_t interval = renewal_interval(not_before, not_after);

	if (due->interval == 0 || interval < due->interval)
		due->interval = interval;
	*is_due = renewal_is_due(not_before, not_after, clock_now());
	if (due->next == 0 || when < due->next)
		due->next = when;
}

/* A missing or unusable chain is due as well; the TPM is not used. */
static int
chain_look(const struct device_state *state, struct due *due, struct error *err)
{
	AUTO_CHAIN chain = {0};
	AUTO_BYTES pem = {0};

	due->chain = true;
	if (device_state_chain_load(state, &pem, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	if (device_chain_read(&pem, &chain, err) == 0)
		due_add(device_chain_not_before(&chain), device_chain_not_after(&chain), &due->chain,
		    due);
	return 0;
}

static int
nothing_tell(const char *directory, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND,
	    "there is no certificate in %s to renew; run \"attest-device certificate\" or "
	    "\"attest-device enroll\" first",
	    directory);
}

static int
certificate_look(const char *directory, bool now, struct due *due, struct error *err)
{
	X509 *certificate = NULL;

	if (certificate_files_recover(directory, err) != 0)
		return -1;
	if (certificate_files_load(directory, &certificate, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? nothing_tell(directory, err) : -1;
	due_add(certificate_not_before(certificate), certificate_not_after(certificate),
	    &due->certificate, due);
	X509_free(certificate);
	due->certificate = due->certificate || now;
	return 0;
}

/* A key that does not load is a failure, even if its certificate is valid. */
static int
keys_check(const struct device_settings *settings, const struct device_state *state,
    struct error *err)
{
	AUTO_TPM          tpm = NULL;
	AUTO_AK           ak = {0};
	struct device_key key;
	uint32_t          handle = DEVICE_HANDLE_NONE;

	if (device_state_ak_load(state, &ak, err) != 0 ||
	    certificate_files_key_load(device_state_out(state, settings->out), &key, err) != 0 ||
	    device_open(settings, &tpm, err) != 0)
		return -1;
	if (device_ak_load(tpm, &ak, &handle, err) != 0)
		return err->kind == ERROR_CONFLICT ? certification_lost(err) : -1;
	device_tpm_release(tpm, &handle);
	if (sign_key_check(tpm, &key, err) != 0)
		return err->kind == ERROR_CONFLICT ? certification_lost(err) : -1;
	return 0;
}

/* Renews the AK's chain only: the device's key and certificate stay. */
static int
chain_renew(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, json_t *out, struct error *err)
{
	AUTO_IDENTITY   identity = {0};
	AUTO_FREE char *path = NULL;

	/* Otherwise a replaced TPM would silently get a new AK. */
	if (device_identity_load(tpm, state, NULL, &identity, err) != 0 &&
	    err->kind == ERROR_CONFLICT)
		return certification_lost(err);
	device_identity_clear(&identity);
	device_progress(settings, "having the AK certified by %s", settings->attestation_url);
	return device_identity_attest(tpm, settings, state, &identity, &path, out, err);
}

static int
renew(const struct device_settings *settings, const struct device_state *state,
    const struct due *due, json_t *out, struct error *err)
{
	AUTO_TPM tpm = NULL;

	if (device_settings_check(settings, err) != 0 ||
	    device_open(settings, &tpm, err) != 0)
		return -1;
	return due->certificate ? certification_run(tpm, settings, state, true, NULL, out, err)
	                        : chain_renew(tpm, settings, state, out, err);
}

static void
result_show(const struct due *due, const char *key, json_t *out, bool print)
{
	const char *whose = key != NULL ? key : "";
	const char *colon = key != NULL ? ": " : "";
	char        next[CLOCK_TEXT_SIZE];

	clock_format(due->next, next);
	(void)json_object_update_new(out,
	    json_pack("{s:b, s:b, s:s}", "certificateRenewed", due->certificate, "akRenewed",
	        due->chain, "nextRenewal", next));
	if (print && !due->certificate && !due->chain)
		(void)printf("%s%snothing to renew before %s\n", whose, colon, next);
	if (print && due->certificate)
		(void)printf("%s%srenewed the certificate%s\n", whose, colon,
		    json_is_true(json_object_get(out, "keyKept")) ? "" : ", with a new key");
	if (print && due->chain)
		(void)printf("%s%srenewed the AK's certificate\n", whose, colon);
}

static int
look(const struct device_settings *settings, const struct device_state *state, struct due *due,
    struct error *err)
{
	bool now = settings->force || settings->new_key;

	*due = (struct due){0};
	return certificate_look(device_state_out(state, settings->out), now, due, err) == 0 &&
	        chain_look(state, due, err) == 0
	    ? 0
	    : -1;
}

/* Opens what there is: a renewal begins nothing. */
static int
state_open_there(const struct device_settings *settings, const char *key, struct device_state *state,
    struct error *err)
{
	AUTO_FREE char *usual = device_state_default();

	if (device_state_open_there(settings->state_dir, key, state, err) == 0)
		return 0;
	return err->kind == ERROR_NOT_FOUND
	    ? nothing_tell(settings->state_dir != NULL ? settings->state_dir : usual, err)
	    : -1;
}

/* All that is to be done for one key. */
static int
key_renew(const struct device_settings *line, json_t *out, bool print, struct error *err)
{
	AUTO_SETTINGS settings = {0};
	AUTO_STATE    state = {.folder = {.fd = -1}};
	struct due    due;
	struct due    after;

	if (device_settings_read(line, false, &settings, err) != 0 ||
	    state_open_there(&settings.all, line->key, &state, err) != 0 ||
	    device_settings_recall(&settings, &state, err) != 0 ||
	    look(&settings.all, &state, &due, err) != 0 ||
	    device_sharing_apply(&settings.all, &state, err) != 0)
		return -1;
	if (due.certificate || due.chain) {
		if (renew(&settings.all, &state, &due, out, err) != 0 ||
		    look(&settings.all, &state, &after, err) != 0)
			return -1;
		due.next = after.next;
		due.interval = after.interval;
	} else if (keys_check(&settings.all, &state, err) != 0) {
		return -1;
	}
	if (!due.certificate) /* else it was printed with the certificate */
		renewal_interval_note(due.interval);
	result_show(&due, line->key, out, print);
	if (settings.all.exec == NULL || !(due.certificate || due.chain))
		return 0;
	device_state_close(&state); /* closed, because the command may read it */
	return run_command(settings.all.exec, due.certificate ? "certificate" : "ak", line->key, err);
}

/* The named keys, of which one does not hinder another: the failures are printed, the first is told. */
static int
named_renew(const struct device_settings *line, const struct device_state_names *names, json_t *out,
    bool print, struct error *err)
{
	json_t *keys = json_object();
	int     rc = 0;

	(void)json_object_set_new(out, "keys", keys);
	for (size_t i = 0; i < names->count; i++) {
		struct device_settings named = *line;
		struct error           why = {0};
		json_t                *object = json_object();

		named.key = names->names[i];
		(void)json_object_set_new(keys, named.key, object);
		if (device_interrupt_check(err) != 0)
			return -1;
		if (key_renew(&named, object, print, &why) == 0)
			continue;
		(void)error_wrap(&why, "key %s", named.key);
		(void)json_object_set_new(object, "problem", print_json_text(why.detail));
		if (rc != 0)
			(void)fprintf(stderr, "attest-device: %s\n", why.detail);
		else
			*err = why;
		rc = -1;
	}
	return rc;
}

static int
renew_run(const struct command_call *call, struct error *err)
{
	const struct device_settings *line = call->options;
	AUTO_SETTINGS                 settings = {0};
	AUTO_STATE_NAMES              names = {0};
	bool                          print = !call->json;
	struct error                  why = {0};
	int                           rc = 0;

	if (device_settings_read(line, false, &settings, err) != 0 ||
	    device_state_names_read(settings.all.state_dir, &names, err) != 0)
		return -1;
	if (line->key != NULL)
		return device_state_names_find(&names, line->key, err) == 0
		    ? key_renew(line, call->answer, print, err)
		    : -1;
	if (names.count == 0 || device_state_first_is_there(settings.all.state_dir))
		rc = key_renew(line, call->answer, print, err);
	if (names.count == 0)
		return rc;
	if (named_renew(line, &names, call->answer, print, &why) == 0)
		return rc;
	if (rc != 0)
		(void)fprintf(stderr, "attest-device: %s\n", why.detail);
	else
		*err = why;
	return -1;
}
