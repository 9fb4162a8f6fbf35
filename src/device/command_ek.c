/* attest-device ek: lists the EKs of this machine. */
#include "config.h"

#include <stdio.h>

#include "command/print.h"
#include "device/commands.h"
#include "device/device_settings.h"
#include "device/interrupt.h"
#include "device/open.h"
#include "device/options.h"
#include "device/tpm/device_ek.h"
#include "device/tpm/template.h"
#include "device/tpm/tpm.h"
#include "util/error.h"

struct ek {
	struct device_settings settings;
	bool                   hash;
};

static const struct command_option ek_rows[] = {
    {OPTION(FLAG, "hash", NULL, struct ek, hash, "only the hash of one EK")},
    {0},
};

static command_check ek_check;
static command_run   ek_run;

const struct command device_ek_command = {
    .name = "ek",
    .summary = "show this machine's endorsement keys",
    .size = sizeof(struct ek),
    .options = {{ek_rows, 0}, {device_ek_rows, offsetof(struct ek, settings)},
        {device_auth_rows, offsetof(struct ek, settings)},
        {device_common_rows, offsetof(struct ek, settings)}},
    .check = ek_check,
    .run = ek_run,
};

/* Columns before what belongs to the EK of the line above. */
#define EK_INDENT 10

static const char *
certificate_word(const struct device_ek *ek)
{
	if (ek->certificate.size == 0)
		return "none";
	return ek->certificate_fits ? "yes" : "for another key";
}

/* The template's name in the list; an EK that no attestation host accepts has none of TCG's. */
static const char *
template_word(const struct device_ek *ek)
{
	return ek->fault == NULL ? ek->template->label : "unusable";
}

/* The hash is needed whole, to enroll the EK: on a terminal it has a line of its own. */
static void
ek_print(const struct device_ek *ek, const char *hash, bool first)
{
	struct print_fold fold = {
	    .out = stdout, .columns = print_columns(), .column = EK_INDENT, .indent = EK_INDENT};

	if (print_is_narrow()) {
		if (first)
			(void)printf("%-9s %-8s CERTIFICATE, HASH\n", "KIND", "TEMPLATE");
		(void)printf("%-9s %-8s %s\n%*s%s\n", ek->template->kind, template_word(ek),
		    certificate_word(ek), EK_INDENT, "", hash);
	} else {
		if (first)
			(void)printf("%-9s %-8s %-64s %s\n", "KIND", "TEMPLATE", "HASH", "CERTIFICATE");
		(void)printf("%-9s %-8s %-64s %s\n", ek->template->kind, template_word(ek), hash,
		    certificate_word(ek));
	}
	if (ek->fault == NULL)
		return;
	(void)printf("%*s", EK_INDENT, "");
	print_folded(&fold, ek->fault);
	(void)putchar('\n');
}

static void
ek_show(const struct device_ek *ek, json_t *list, bool print)
{
	char hash[EK_HASH_TEXT_SIZE];

	ek_hash_format(&ek->hash, hash);
	if (print)
		ek_print(ek, hash, json_array_size(list) == 0);
	(void)json_array_append_new(list,
	    json_pack("{s:s, s:s, s:s, s:b, s:b, s:s*}",
	        "kind", ek->template->kind,
	        "template", template_word(ek),
	        "hash", hash,
	        "certificate", ek->certificate.size > 0,
	        "certificateMatches", ek->certificate_fits,
	        "problem", ek->fault));
}

/* Prints the EK of a template, if there is one. */
static int
template_show(struct device_tpm *tpm, const struct device_template *template, json_t *list,
    bool print, struct error *err)
{
	AUTO_EK  ek = {0};
	uint32_t handle;
	bool     present;

	if (device_interrupt_check(err) != 0 ||
	    device_ek_present(tpm, template, &present, err) != 0)
		return -1;
	if (!present)
		return 0;
	if (device_ek_load(tpm, template, &ek, &handle, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	device_tpm_release(tpm, &handle);
	ek_show(&ek, list, print);
	return 0;
}

static int
list_all(struct device_tpm *tpm, const struct command_call *call, struct error *err)
{
	const struct device_template *template;
	json_t                       *list = json_array();

	(void)json_object_set_new(call->answer, "eks", list);
	for (size_t i = 0; (template = device_template_at(i)) != NULL; i++) {
		if (template_show(tpm, template, list, !call->json, err) != 0)
			return -1;
	}
	if (json_array_size(list) == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "this TPM makes no EK that TCG's templates describe");
	return 0;
}

static int
hash_only(struct device_tpm *tpm, const struct command_call *call, struct error *err)
{
	const struct ek *options = call->options;
	AUTO_EK          ek = {0};
	uint32_t         handle;
	char             hash[EK_HASH_TEXT_SIZE];

	if (device_ek_load_wanted(tpm, options->settings.ek, &ek, &handle, err) != 0)
		return -1;
	device_tpm_release(tpm, &handle);
	ek_hash_format(&ek.hash, hash);
	(void)json_object_set_new(call->answer, "hash", json_string(hash));
	if (!call->json)
		(void)puts(hash);
	return 0;
}

static int
ek_check(const struct command_call *call, struct error *err)
{
	const struct ek *options = call->options;

	if (options->settings.ek != NULL && !options->hash)
		return error_set(err, ERROR_MALFORMED, "ek takes --ek with --hash only");
	return device_settings_ek_check(&options->settings, err);
}

static int
ek_run(const struct command_call *call, struct error *err)
{
	const struct ek *options = call->options;
	AUTO_TPM         tpm = NULL;

	if (device_open(&options->settings, &tpm, err) != 0)
		return -1;
	return options->hash ? hash_only(tpm, call, err) : list_all(tpm, call, err);
}
