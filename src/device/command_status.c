/* attest-device status: prints the machine's keys and certificates and their renewal times. Changes
 * nothing. */
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
#include "device/issued.h"
#include "device/open.h"
#include "device/options.h"
#include "device/renewal.h"
#include "device/state.h"
#include "device/tpm/ak_type.h"
#include "device/tpm/device_ek.h"
#include "device/tpm/sign_key.h"
#include "device/tpm/template.h"
#include "device/tpm/tpm.h"
#include "pki/certificate.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/identifier.h"

static command_run status_run;

const struct command device_status_command = {
    .name = "status",
    .summary = "show TPM, keys and certificates, and when they are renewed",
    .size = sizeof(struct device_settings),
    .options = {{device_files_rows, 0}, {device_auth_rows, 0}, {device_common_rows, 0}},
    .run = status_run,
};

/* One line of the text output. */
static void
line_print(bool print, const char *label, const char *text)
{
	if (print)
		(void)printf("%-12s %s\n", label, text);
}

/* Keeps the first failure, for the exit status. */
static void
complain(struct error *first, const struct error *err)
{
	if (first->detail[0] == '\0')
		*first = *err;
}

/* ---- the TPM ---- */

static int
tpm_show(struct device_tpm *tpm, json_t *out, bool print, struct error *err)
{
	struct device_tpm_info info;
	char                   text[128];

	if (device_tpm_info_read(tpm, &info, err) != 0)
		return -1;
	(void)snprintf(text, sizeof text, "%s, firmware %s", info.model, info.firmware);
	line_print(print, "TPM", text);
	(void)json_object_set_new(out, "tpm",
	    json_pack("{s:i, s:o, s:s}", "manufacturer", info.manufacturer, "model",
	        print_json_text(info.model), "firmware", info.firmware));
	return 0;
}

/* On a terminal the hash, which fills a line, stands below. */
static void
ek_print(bool print, const char *hash, const char *kind, const char *label)
{
	char text[EK_HASH_TEXT_SIZE + 64];

	if (print && print_is_narrow())
		(void)printf("%-12s %s %s\n%-12s %s\n", "EK", kind, label, "", hash);
	else {
		(void)snprintf(text, sizeof text, "%s (%s %s)", hash, kind, label);
		line_print(print, "EK", text);
	}
}

static int
eks_show(struct device_tpm *tpm, json_t *out, bool print, struct error *err)
{
	const struct device_template *template;
	json_t                       *list = json_array();

	(void)json_object_set_new(out, "eks", list);
	for (size_t i = 0; (template = device_template_at(i)) != NULL; i++) {
		AUTO_EK  ek = {0};
		uint32_t handle;
		bool     present;
		char     hash[EK_HASH_TEXT_SIZE];

		if (device_interrupt_check(err) != 0 ||
		    device_ek_present(tpm, template, &present, err) != 0)
			return -1;
		if (!present)
			continue;
		if (device_ek_load(tpm, template, &ek, &handle, err) != 0) {
			if (err->kind == ERROR_NOT_FOUND)
				continue;
			return -1;
		}
		device_tpm_release(tpm, &handle);
		ek_hash_format(&ek.hash, hash);
		ek_print(print, hash, template->kind, ek.fault == NULL ? template->label : "unusable");
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s}", "kind", template->kind, "template",
		        ek.fault == NULL ? template->label : "unusable", "hash", hash));
	}
	return 0;
}

/* ---- what has an end ---- */

/* Adds times, days left and the renewal time to `object`; INTERNAL when it has expired. */
static int
validity_show(int64_t not_before, int64_t not_after, json_t *object, bool print, struct error *err)
{
	int64_t now = clock_now();
	int64_t renewal = renewal_time(not_before, not_after);
	int64_t days = renewal_days_left(not_after, now);
	char    from[CLOCK_TEXT_SIZE];
	char    until[CLOCK_TEXT_SIZE];
	char    when[CLOCK_TEXT_SIZE];
	char    left[RENEWAL_LEFT_SIZE];
	char    text[96];

	clock_format(not_before, from);
	clock_format(not_after, until);
	clock_format(renewal, when);
	renewal_left_format(not_after - now, left);
	(void)snprintf(text, sizeof text, "%s (%s left)", until, left);
	line_print(print, "  until", now > not_after ? until : text);
	line_print(print, "  renewal", now >= renewal ? "due now" : when);
	(void)json_object_update_new(object,
	    json_pack("{s:s, s:s, s:I, s:I, s:s, s:b}", "notBefore", from, "notAfter", until, "daysLeft",
	        (json_int_t)days, "secondsLeft", (json_int_t)(not_after - now), "renewal", when, "renewalDue", now >= renewal));
	return now <= not_after ? 0
	                        : error_set(err, ERROR_NOT_FOUND, "it expired at %s", until);
}

static void
ak_show(struct device_tpm *tpm, const struct device_state *state, const char *root, json_t *out,
    bool print, struct error *first)
{
	AUTO_IDENTITY                identity = {0};
	const struct device_ak_type *type;
	struct error                 err = {0};
	json_t                      *object = json_object();

	(void)json_object_set_new(out, "ak", object);
	if (device_identity_load(tpm, state, root, &identity, &err) != 0) {
		if (err.kind == ERROR_CONFLICT)
			(void)certification_lost(&err);
		line_print(print, "AK", err.kind == ERROR_NOT_FOUND ? "none is certified" : err.detail);
		(void)json_object_set_new(object, "problem", print_json_text(err.detail));
		if (err.kind != ERROR_NOT_FOUND)
			complain(first, &err);
		return;
	}
	type = device_ak_type_of(&identity.ak.key.public.publicArea);
	line_print(print, "AK", type != NULL ? type->word : "unknown");
	(void)json_object_set_new(object, "type",
	    json_string(type != NULL ? type->word : "unknown"));
	/* device_identity_load refuses one that has ended. */
	(void)validity_show(device_chain_not_before(&identity.chain), device_chain_not_after(&identity.chain), object,
	    print, &err);
}

/* Checks that this TPM loads the certificate's key. */
static int
key_show(struct device_tpm *tpm, const char *directory, json_t *object, bool print,
    struct error *err)
{
	const struct sign_key_type *type;
	struct device_key           key;
	const char                 *word;
	int64_t                     made;
	char                        when[CLOCK_TEXT_SIZE];

	if (certificate_files_key_load(directory, &key, err) != 0)
		return -1;
	type = sign_key_type_of(&key.public.publicArea);
	word = type != NULL ? type->word : "unknown";
	(void)json_object_set_new(object, "keyType", json_string(word));
	line_print(print, "  key", word);
	if (certificate_files_key_made(directory, &made, err) != 0)
		return -1;
	clock_format(made, when);
	line_print(print, "  made", when);
	(void)json_object_set_new(object, "keyMade", json_string(when));
	if (sign_key_check(tpm, &key, err) == 0)
		return 0;
	return err->kind == ERROR_CONFLICT ? certification_lost(err) : -1;
}

static void
certificate_show(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, json_t *out, bool print, struct error *first)
{
	const char  *directory = device_state_out(state, settings->out);
	json_t      *object = json_object();
	X509        *certificate = NULL;
	struct error err = {0};
	char         name[IDENTIFIER_MAX + 1] = "";

	(void)json_object_set_new(out, "certificate", object);
	if (certificate_files_load(directory, &certificate, &err) != 0) {
		line_print(print, "certificate", err.kind == ERROR_NOT_FOUND ? "none" : err.detail);
		(void)json_object_set_new(object, "problem", print_json_text(err.detail));
		if (err.kind != ERROR_NOT_FOUND)
			complain(first, &err);
		return;
	}
	(void)issued_name(certificate, name);
	(void)json_object_update_new(object,
	    json_pack("{s:o, s:o}", "directory", print_json_text(directory), "name", print_json_text(name)));
	line_print(print, "certificate", name[0] != '\0' ? name : directory);
	if (key_show(tpm, directory, object, print, &err) != 0) {
		line_print(print, "  problem", err.detail);
		(void)json_object_set_new(object, "problem", print_json_text(err.detail));
		complain(first, &err);
	}
	if (validity_show(certificate_not_before(certificate), certificate_not_after(certificate),
	        object, print, &err) != 0) {
		(void)error_wrap(&err, "the certificate");
		complain(first, &err);
	}
	X509_free(certificate);
}

/* Where there is no state directory yet; none is made. */
static void
nothing_show(json_t *out, bool print, const struct error *why)
{
	line_print(print, "AK", "none is certified");
	line_print(print, "certificate", "none");
	line_print(print, "  problem", why->detail);
	(void)json_object_update_new(out,
	    json_pack("{s:{s:o}, s:{s:o}}", "ak", "problem", print_json_text(why->detail), "certificate",
	        "problem", print_json_text(why->detail)));
}

/* The AK and the certificate of one key. */
static int
key_state_show(const struct device_settings *line, struct device_tpm *tpm, json_t *out, bool print,
    struct error *first, struct error *err)
{
	AUTO_SETTINGS settings = {0};
	AUTO_STATE    state = {.folder = {.fd = -1}};

	if (device_settings_read(line, false, &settings, err) != 0)
		return -1;
	if (device_state_open_there(settings.all.state_dir, line->key, &state, err) != 0) {
		if (err->kind != ERROR_NOT_FOUND)
			return -1;
		nothing_show(out, print, err);
		return 0;
	}
	if (device_settings_recall(&settings, &state, err) != 0)
		return -1;
	ak_show(tpm, &state, settings.all.attestation_root, out, print, first);
	certificate_show(tpm, &settings.all, &state, out, print, first);
	return 0;
}

/* The same of all named keys. */
static int
named_show(const struct device_settings *line, const struct device_state_names *names,
    struct device_tpm *tpm, json_t *out, bool print, struct error *first, struct error *err)
{
	json_t *keys = json_object();

	(void)json_object_set_new(out, "keys", keys);
	for (size_t i = 0; i < names->count; i++) {
		struct device_settings named = *line;
		json_t                *object = json_object();

		named.key = names->names[i];
		(void)json_object_set_new(keys, named.key, object);
		line_print(print, "key", named.key);
		if (key_state_show(&named, tpm, object, print, first, err) != 0)
			return error_wrap(err, "key %s", named.key);
	}
	return 0;
}

/* The settings of the last certification, where there is a state directory. */
static int
settings_recall(const struct device_settings *line, struct device_sources *settings, struct error *err)
{
	AUTO_STATE state = {.folder = {.fd = -1}};

	if (device_state_open_there(settings->all.state_dir, line->key, &state, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	return device_settings_recall(settings, &state, err);
}

static int
status_run(const struct command_call *call, struct error *err)
{
	const struct device_settings *line = call->options;
	AUTO_SETTINGS                 settings = {0};
	AUTO_STATE_NAMES              names = {0};
	AUTO_TPM                      tpm = NULL;
	bool                          print = !call->json;
	struct error                  first = {0};

	if (device_settings_read(line, false, &settings, err) != 0 ||
	    device_state_names_read(settings.all.state_dir, &names, err) != 0 ||
	    (line->key != NULL && device_state_names_find(&names, line->key, err) != 0) ||
	    settings_recall(line, &settings, err) != 0 ||
	    device_open(&settings.all, &tpm, err) != 0 ||
	    tpm_show(tpm, call->answer, print, err) != 0 || eks_show(tpm, call->answer, print, err) != 0)
		return -1;
	if (key_state_show(line, tpm, call->answer, print, &first, err) != 0)
		return -1;
	if (line->key == NULL && names.count > 0 &&
	    named_show(line, &names, tpm, call->answer, print, &first, err) != 0)
		return -1;
	if (first.detail[0] == '\0')
		return 0;
	*err = first;
	return -1;
}
