/* attest-device attest: an AK, certified by an attestation host, kept in the state directory. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/ak.h"
#include "device/ak_type.h"
#include "device/attestation.h"
#include "device/chain.h"
#include "device/command.h"
#include "device/ek.h"
#include "device/http_client.h"
#include "device/interrupt.h"
#include "device/state.h"
#include "device/template.h"
#include "device/tpm.h"
#include "pki/trust.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/identifier.h"

/* The keys of one run, and where they are loaded. */
struct keys {
	struct device_ek ek;
	ESYS_TR          ek_handle;
	struct device_ak ak;
	ESYS_TR          ak_handle;
	bool             ak_reused;
};

static void
keys_clear(struct keys *keys)
{
	device_ek_clear(&keys->ek);
	device_ak_clear(&keys->ak);
}

/* ---- the AK ---- */

/* Takes the kept AK; false when a new one is needed, and why is said when somebody asked to hear. */
static bool
ak_reuse(struct device_tpm *tpm, const struct device_state *state,
    const struct device_ak_type *wanted, struct keys *keys, bool *failed, struct error *err)
{
	*failed = false;
	if (device_state_ak_load(state, &keys->ak, err) != 0) {
		*failed = err->kind == ERROR_INTERNAL;
		return false;
	}
	if (wanted != NULL && device_ak_type_of(&keys->ak.key.public.publicArea) != wanted) {
		(void)error_set(err, ERROR_CONFLICT, "the AK in the state directory is no %s key",
		    wanted->word);
	} else if (device_ak_load(tpm, &keys->ak, &keys->ak_handle, err) == 0) {
		keys->ak_reused = true;
		return true;
	}
	*failed = err->kind != ERROR_CONFLICT;
	device_ak_clear(&keys->ak);
	return false;
}

static int
ak_get(struct device_tpm *tpm, const struct command_settings *settings,
    const struct device_state *state, struct keys *keys, struct error *err)
{
	const struct device_ak_type *wanted = NULL;
	bool                         failed = false;

	if (settings->ak_type != NULL)
		wanted = device_ak_type_find(settings->ak_type);

	if (!settings->new_ak) {
		if (ak_reuse(tpm, state, wanted, keys, &failed, err))
			return 0;
		if (failed)
			return -1;
		if (err->kind != ERROR_NOT_FOUND)
			(void)fprintf(stderr, "attest-device: making a new AK: %s\n", err->detail);
	}
	if (device_ak_create(tpm, wanted != NULL ? wanted : device_ak_type_at(0), &keys->ak,
	        &keys->ak_handle, err) != 0)
		return -1;
	return device_state_ak_save(state, &keys->ak, err);
}

/* ---- what people are told ---- */

/* "attest-ca enroll HASH --name HOST", the name only when it can be one and needs no quotes. */
static void
enroll_command(const char *hash, char *text, size_t size)
{
	char         name[256] = "";
	struct error ignored;
	size_t       length;

	(void)gethostname(name, sizeof name - 1);
	length = strlen(name);
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)name[i]) && strchr("-._", name[i]) == NULL)
			length = 0;
	}
	if (name[0] == '-' || identifier_check(name, length, &ignored) != 0)
		(void)snprintf(text, size, "attest-ca enroll %s", hash);
	else
		(void)snprintf(text, size, "attest-ca enroll %s --name %s", hash, name);
}

/* Puts the command to run into a NOT_ENROLLED failure. */
static int
refused(const struct keys *keys, json_t *out, struct error *err)
{
	char hash[EK_HASH_TEXT_SIZE];
	char command[400];

	if (err->kind != ERROR_NOT_ENROLLED)
		return -1;
	ek_hash_format(&keys->ek.hash, hash);
	enroll_command(hash, command, sizeof command);
	(void)json_object_set_new(out, "enroll", json_string(command));
	return error_set(err, ERROR_NOT_ENROLLED,
	    "EK %s is not enrolled; on the attestation host run: %s", hash, command);
}

/* The words of a list, with commas between. */
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
certified_show(const struct keys *keys, const struct device_chain *chain, const char *path,
    json_t *out, bool print)
{
	const struct device_ak_type *type = device_ak_type_of(&keys->ak.key.public.publicArea);
	const char     *word = type != NULL ? type->word : "unknown";
	json_t         *names = json_array();
	AUTO_FREE char *issuer = device_chain_issuer(chain);
	char            hash[EK_HASH_TEXT_SIZE];
	char            from[CLOCK_TEXT_SIZE];
	char            until[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < chain->names.count; i++)
		(void)json_array_append_new(names, json_string(chain->names.values[i]));
	ek_hash_format(&keys->ek.hash, hash);
	clock_format(device_chain_not_before(chain), from);
	clock_format(device_chain_not_after(chain), until);
	if (print) {
		(void)printf("certified  %s AK (%s) of the %s EK %s\n",
		    keys->ak_reused ? "the kept" : "a new", word, keys->ek.template->kind, hash);
		(void)printf("for        ");
		names_print(names);
		(void)printf("by         %s\n", issuer);
		(void)printf("until      %s\n", until);
		(void)printf("kept in    %s\n", path);
	}
	(void)json_object_update_new(out,
	    json_pack("{s:s, s:s, s:s, s:b, s:o, s:s, s:s, s:s, s:s}",
	        "ek", hash,
	        "ekKind", keys->ek.template->kind,
	        "akType", word,
	        "akReused", keys->ak_reused,
	        "names", names,
	        "issuer", issuer,
	        "notBefore", from,
	        "notAfter", until,
	        "chain", path));
}

/* ---- the command ---- */

int
command_attest_check(const struct command_settings *settings, struct error *err)
{
	if (settings->url == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "attest needs --attestation-url, where attestd listens");
	if (settings->ak_type != NULL && device_ak_type_find(settings->ak_type) == NULL)
		return error_set(err, ERROR_MALFORMED, "no AK type is called \"%s\"",
		    settings->ak_type);
	return command_ek_word_check(settings, err);
}

static void
trust_cleanup(struct trust **trust)
{
	trust_free(*trust);
}
#define AUTO_TRUST __attribute__((cleanup(trust_cleanup))) struct trust *

/* Reads the roots of the file; no file, no trust, and nothing is asked of the chain's end. */
static int
root_load(const char *path, struct trust **trust, struct error *err)
{
	if (path == NULL)
		return 0;
	*trust = trust_new();
	return trust_add_file(*trust, path, err) == 0 ? 0 : error_wrap(err, "the attestation root");
}

static int
certify(struct device_tpm *tpm, const struct command_settings *settings,
    const struct device_state *state, struct keys *keys, struct device_chain *chain, json_t *out,
    struct error *err)
{
	AUTO_TRUST         trust = NULL;
	AUTO_HTTP_CLIENT   client = NULL;
	struct attestation attestation = {.ek = &keys->ek, .ak = &keys->ak};
	char               hash[EK_HASH_TEXT_SIZE];

	if (root_load(settings->root, &trust, err) != 0 ||
	    http_client_new(settings->tls_root, &client, err) != 0 ||
	    ak_get(tpm, settings, state, keys, err) != 0 || device_interrupt_check(err) != 0 ||
	    device_ek_load_wanted(tpm, settings->ek, &keys->ek, &keys->ek_handle, err) != 0)
		return -1;
	ek_hash_format(&keys->ek.hash, hash);
	(void)json_object_set_new(out, "ek", json_string(hash));
	attestation.ek_handle = keys->ek_handle;
	attestation.ak_handle = keys->ak_handle;
	if (device_interrupt_check(err) != 0 ||
	    attestation_run(tpm, &attestation, client, settings->url, chain, err) != 0)
		return refused(keys, out, err);
	if (device_chain_verify(chain, bytes_view(&keys->ak.area), &keys->ek.hash, trust,
	        clock_now(), err) != 0)
		return error_wrap(err, "the certificate that came back");
	return 0;
}

int
command_attest(const struct command_settings *settings, json_t *out, struct error *err)
{
	__attribute__((cleanup(keys_clear))) struct keys keys = {0};
	AUTO_STATE      state = {.lock = -1};
	AUTO_TPM        tpm = {0};
	AUTO_CHAIN      chain = {0};
	AUTO_BYTES      pem = {0};
	AUTO_FREE char *path = NULL;

	if (device_state_open(settings->state_dir, &state, err) != 0 ||
	    device_tpm_open(&tpm, command_tcti(settings), err) != 0 ||
	    certify(&tpm, settings, &state, &keys, &chain, out, err) != 0 ||
	    device_chain_encode(&chain, &pem, err) != 0 ||
	    device_state_chain_save(&state, bytes_view(&pem), &path, err) != 0)
		return -1;
	if (settings->root == NULL && strncmp(settings->url, "https://", 8) != 0)
		(void)fprintf(stderr, "attest-device: note: nothing vouches for this chain: "
		                      "name the attestation root with --attestation-root\n");
	certified_show(&keys, &chain, path, out, !settings->json);
	return 0;
}
