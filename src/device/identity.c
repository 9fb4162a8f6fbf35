/* Connects the TPM, the state directory and the attestation host; prints warnings only. */
#include "config.h"

#include "device/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/print.h"
#include "device/device_settings.h"
#include "device/host/attestation.h"
#include "device/host/http_client.h"
#include "device/host/problem.h"
#include "device/interrupt.h"
#include "device/state.h"
#include "device/tpm/ak_type.h"
#include "device/tpm/tpm.h"
#include "device/wish.h"
#include "pki/trust.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/identifier.h"

void
device_identity_clear(struct device_identity *identity)
{
	device_ek_clear(&identity->ek);
	device_ak_clear(&identity->ak);
	device_chain_clear(&identity->chain);
	free(identity->refused);
	*identity = (struct device_identity){0};
}

/* ---- the AK ---- */

/* Loads the kept AK; false when a new one is needed; the reason is printed with --verbose. */
static bool
ak_reuse(struct device_tpm *tpm, const struct device_state *state,
    const struct device_ak_type *wanted, struct device_identity *identity, uint32_t *handle,
    bool *failed, struct error *err)
{
	*failed = false;
	if (device_state_ak_load(state, &identity->ak, err) != 0) {
		*failed = err->kind == ERROR_INTERNAL;
		return false;
	}
	if (wanted != NULL && device_ak_type_of(&identity->ak.key.public.publicArea) != wanted) {
		(void)error_set(err, ERROR_CONFLICT, "the AK in the state directory is no %s key",
		    wanted->word);
	} else if (device_ak_load(tpm, &identity->ak, handle, err) == 0) {
		identity->ak_reused = true;
		return true;
	}
	*failed = err->kind != ERROR_CONFLICT;
	device_ak_clear(&identity->ak);
	return false;
}

static int
ak_get(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, struct device_identity *identity, uint32_t *handle,
    struct error *err)
{
	const struct device_ak_type *wanted = NULL;
	bool                         failed = false;

	if (settings->ak_type != NULL)
		wanted = device_ak_type_find(settings->ak_type);

	if (!settings->new_ak) {
		if (ak_reuse(tpm, state, wanted, identity, handle, &failed, err))
			return 0;
		if (failed)
			return -1;
		if (err->kind != ERROR_NOT_FOUND)
			(void)fprintf(stderr, "attest-device: making a new AK: %s\n", err->detail);
	}
	if (device_ak_create(tpm, wanted != NULL ? wanted : device_ak_type_at(0), &identity->ak,
	        handle, err) != 0)
		return -1;
	return device_state_ak_save(state, &identity->ak, err);
}

/* ---- the host ---- */

/* Whether the name needs no quotes in a shell. */
static bool
is_plain(const char *name)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";

	return name[0] != '-' && name[0] != '\0' && name[strspn(name, plain)] == '\0';
}

/* "attest-ca enroll HASH --name WISH"; the name only if it needs no quotes. */
static void
enroll_command(const char *options, const char *verb, const char *hash, const char *wish, char *text,
    size_t size)
{
	if (wish == NULL || !is_plain(wish))
		(void)snprintf(text, size, "attest-ca%s %s %s", options, verb, hash);
	else
		(void)snprintf(text, size, "attest-ca%s %s %s --name %s", options, verb, hash, wish);
}

/*
 * Adds the command for the new mainboard of a device that has the wished name already. The host does
 * not say whether one has: it would tell anybody which names there are.
 */
static void
replace_append(const char *options, const char *hash, const char *wish, json_t *out, struct error *err)
{
	struct error outer = *err;
	char         command[512];
	char         words[128];

	if (wish == NULL)
		return;
	(void)snprintf(words, sizeof words, "; if this is the new mainboard of an enrolled %s, run instead",
	    is_plain(wish) && strlen(wish) <= 64 ? wish : "device");
	(void)snprintf(command, sizeof command, "attest-ca%s replace %s %s", options,
	    is_plain(wish) ? wish : "DEVICE", hash);
	(void)json_object_set_new(out, "replace", print_json_text(command));
	/* Whole, or not at all: who pastes half a command runs another. */
	if (strlen(outer.detail) + strlen(words) + strlen(": ") + strlen(command) < sizeof outer.detail)
		(void)error_set(err, outer.kind, "%s%s: %s", outer.detail, words, command);
	else if (strlen(outer.detail) + strlen(words) + strlen(" \"replace\"") < sizeof outer.detail)
		(void)error_set(err, outer.kind, "%s%s \"replace\"", outer.detail, words);
}

/* Adds the command to run to the error for an EK that is not enrolled and was not denied. */
static int
refused(struct device_identity *identity, const char *wish, json_t *out, struct error *err)
{
	char hash[EK_HASH_TEXT_SIZE];
	char options[PROBLEM_OPTIONS_SIZE];
	char command[512];

	if (err->kind != ERROR_NOT_ENROLLED && err->kind != ERROR_ENROLMENT_WAITS) {
		free(identity->refused);
		identity->refused = NULL;
		return -1;
	}
	ek_hash_format(&identity->ek.hash, hash);
	problem_options(err->detail, options);
	if (problem_asks_replace(err->detail, hash)) {
		(void)snprintf(command, sizeof command, "attest-ca%s replace DEVICE %s", options, hash);
		(void)json_object_set_new(out, "enroll", print_json_text(command));
		return error_set(err, err->kind,
		    "EK %s is not enrolled, and the name that it would get is in use; if this machine has a new"
		    " mainboard, run on the attestation host, with the old EK or its name for DEVICE: %s", hash,
		    command);
	}
	enroll_command(options, err->kind == ERROR_NOT_ENROLLED ? "enroll" : "approve", hash, wish,
	    command, sizeof command);
	(void)json_object_set_new(out, "enroll", print_json_text(command));
	(void)error_set(err, err->kind, "EK %s is not enrolled; on the attestation host run: %s", hash,
	    command);
	replace_append(options, hash, wish, out, err);
	return -1;
}

static void
trust_cleanup(struct trust **trust)
{
	trust_free(*trust);
}
#define AUTO_TRUST __attribute__((cleanup(trust_cleanup))) struct trust *

/* Reads the roots of the file; without a file there is no trust set, and the chain need not end at
 * a root. */
static int
root_load(const char *path, struct trust **trust, struct error *err)
{
	if (path == NULL)
		return 0;
	*trust = trust_new();
	return trust_add_file(*trust, path, err) == 0 ? 0 : error_wrap(err, "the attestation root");
}

static int
certify(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, struct device_identity *identity, json_t *out,
    struct error *err)
{
	AUTO_TRUST         trust = NULL;
	AUTO_HTTP_CLIENT   client = NULL;
	struct attestation attestation = {.ek = &identity->ek, .ak = &identity->ak};
	char               hash[EK_HASH_TEXT_SIZE];
	char               host[IDENTIFIER_MAX + 1];
	int                rc;

	attestation.wish = device_wish(settings, device_state_out(state, settings->out), host);
	if (root_load(settings->attestation_root, &trust, err) != 0 ||
	    http_client_new(settings->tls_root, settings->end_ms, &client, err) != 0 ||
	    ak_get(tpm, settings, state, identity, &attestation.ak_handle, err) != 0 ||
	    device_interrupt_check(err) != 0 ||
	    device_ek_load_wanted(tpm, settings->ek, &identity->ek, &attestation.ek_handle, err) != 0)
		return -1;
	http_client_retries_end(client, settings->retries_end_ms);
	ek_hash_format(&identity->ek.hash, hash);
	(void)json_object_set_new(out, "ek", json_string(hash));
	if (device_interrupt_check(err) != 0)
		return -1;
	rc = attestation_run(tpm, &attestation, client, settings->attestation_url, &identity->chain, err);
	if (rc != 0) {
		identity->refused = attestation.request;
		return refused(identity, attestation.wish, out, err);
	}
	free(attestation.request);
	rc = device_chain_verify(&identity->chain, bytes_view(&identity->ak.area),
	    &identity->ek.hash, trust, clock_now(), err);
	device_tpm_release(tpm, &attestation.ek_handle);
	device_tpm_release(tpm, &attestation.ak_handle);
	return rc == 0 ? 0 : error_wrap(err, "the issued certificate");
}

int
device_identity_attest(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, struct device_identity *identity, char **path, json_t *out,
    struct error *err)
{
	AUTO_BYTES pem = {0};

	*path = NULL;
	if (certify(tpm, settings, state, identity, out, err) != 0 ||
	    device_chain_encode(&identity->chain, &pem, err) != 0)
		return -1;
	return device_state_chain_save(state, bytes_view(&pem), path, err);
}

/* ---- what is kept ---- */

int
device_identity_load(struct device_tpm *tpm, const struct device_state *state, const char *root,
    struct device_identity *identity, struct error *err)
{
	AUTO_TRUST trust = NULL;
	AUTO_BYTES pem = {0};
	uint32_t   handle = DEVICE_HANDLE_NONE;

	if (root_load(root, &trust, err) != 0 ||
	    device_state_ak_load(state, &identity->ak, err) != 0 ||
	    device_ak_load(tpm, &identity->ak, &handle, err) != 0)
		return -1;
	device_tpm_release(tpm, &handle);
	identity->ak_reused = true;
	if (device_state_chain_load(state, &pem, err) != 0)
		return -1;
	if (device_chain_read(&pem, &identity->chain, err) != 0 ||
	    device_chain_verify(&identity->chain, bytes_view(&identity->ak.area), NULL, trust,
	        clock_now(), err) != 0)
		return error_wrap(err, DEVICE_STATE_AK_CHAIN);
	return 0;
}
