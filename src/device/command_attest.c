/* attest-device attest: obtains an AK certificate from an attestation host and keeps it in the
 * state directory. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "command/print.h"
#include "device/commands.h"
#include "device/device_settings.h"
#include "device/identity.h"
#include "device/open.h"
#include "device/options.h"
#include "device/state.h"
#include "device/tpm/ak_type.h"
#include "device/tpm/template.h"
#include "device/tpm/tpm.h"
#include "util/clock.h"
#include "util/error.h"

static command_check attest_check;
static command_run   attest_run;

static const struct command_option attest_rows[] = {
    {OPTION(TEXT, "config", "FILE", struct device_settings, config, "another device.conf")},
    {OPTION(TEXT, "key", "NAME", struct device_settings, key, "for a further key, of this name")},
    {0},
};

const struct command device_attest_command = {
    .name = "attest",
    .summary = "have an attestation key certified",
    .size = sizeof(struct device_settings),
    .options = {{device_attestation_rows, 0}, {device_ek_rows, 0}, {device_ak_rows, 0},
        {attest_rows, 0}, {device_auth_rows, 0}, {device_common_rows, 0}},
    .check = attest_check,
    .run = attest_run,
};

/* Joins the words of a list with commas. */
static void
names_print(const json_t *names)
{
	size_t        index;
	const json_t *name;

	json_array_foreach(names, index, name)
		(void)printf("%s%s", index == 0 ? "" : ", ", json_string_value(name));
	(void)printf("\n");
}

static void
certified_show(const struct device_identity *identity, const char *path, json_t *out, bool print)
{
	const struct device_chain   *chain = &identity->chain;
	const struct device_ak_type *type = device_ak_type_of(&identity->ak.key.public.publicArea);
	const char     *word = type != NULL ? type->word : "unknown";
	json_t         *names = json_array();
	AUTO_FREE char *issuer = device_chain_issuer(chain);
	char            hash[EK_HASH_TEXT_SIZE];
	char            from[CLOCK_TEXT_SIZE];
	char            until[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < chain->names.count; i++)
		(void)json_array_append_new(names, print_json_text(chain->names.values[i]));
	ek_hash_format(&identity->ek.hash, hash);
	clock_format(device_chain_not_before(chain), from);
	clock_format(device_chain_not_after(chain), until);
	if (print) {
		(void)printf("certified  %s AK (%s) of the %s EK %s\n",
		    identity->ak_reused ? "the kept" : "a new", word, identity->ek.template->kind, hash);
		(void)printf("for        ");
		names_print(names);
		(void)printf("by         %s\n", issuer);
		(void)printf("until      %s\n", until);
		(void)printf("kept in    %s\n", path);
	}
	(void)json_object_update_new(out,
	    json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:s, s:s, s:o}",
	        "ek", hash,
	        "ekKind", identity->ek.template->kind,
	        "akType", word,
	        "akReused", identity->ak_reused,
	        "names", names,
	        "issuer", print_json_text(issuer),
	        "notBefore", from,
	        "notAfter", until,
	        "chain", print_json_text(path)));
}

/* ---- the command ---- */

static int
attest_check(const struct command_call *call, struct error *err)
{
	return device_settings_attest_check(call->options, err);
}

/* The AK type of device.conf is no option's word, which is checked with the command line. */
static int
settings_check(const struct device_settings *settings, struct error *err)
{
	if (settings->attestation_url == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "attest needs --attestation-url, or attestation_url in device.conf: where attestd listens");
	return device_settings_words_check(settings, err);
}

static int
attest_run(const struct command_call *call, struct error *err)
{
	AUTO_SETTINGS   sources = {0};
	const struct device_settings *settings = &sources.all;
	AUTO_STATE      state = {.folder = {.fd = -1}};
	AUTO_TPM        tpm = NULL;
	AUTO_IDENTITY   identity = {0};
	AUTO_FREE char *path = NULL;

	if (device_settings_read(call->options, false, &sources, err) != 0 ||
	    settings_check(settings, err) != 0)
		return -1;
	if (device_state_open(settings->state_dir, settings->key, &state, err) != 0 ||
	    device_open(settings, &tpm, err) != 0 ||
	    device_identity_attest(tpm, settings, &state, &identity, &path, call->answer, err) != 0)
		return -1;
	if (settings->attestation_root == NULL &&
	    strncmp(settings->attestation_url, "https://", 8) != 0)
		(void)fprintf(stderr, "attest-device: note: this chain is not verified: "
		                      "name the attestation root with --attestation-root\n");
	certified_show(&identity, path, call->answer, !call->json);
	return 0;
}
