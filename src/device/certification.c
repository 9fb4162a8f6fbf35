/* Owns the order of the steps; other modules carry them out. */
#include "config.h"

#include "device/certification.h"
#include "device/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "command/print.h"
#include "device/certificate_files.h"
#include "device/device_csr.h"
#include "device/device_settings.h"
#include "device/host/account_key.h"
#include "device/host/acme_client.h"
#include "device/host/acme_order.h"
#include "device/identity.h"
#include "device/interrupt.h"
#include "device/issued.h"
#include "device/progress.h"
#include "device/renewal.h"
#include "device/sharing.h"
#include "device/state.h"
#include "device/tpm/sign_key.h"
#include "device/tpm/tpm.h"
#include "pki/certificate.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "webauthn/object.h"

/* Salt length of RSA-PSS with SHA-256 in TLS 1.3: RFC 8446 §4.2.3. */
#define TLS_SALT 32

/* One run. */
struct certification {
	struct device_tpm            *tpm;
	const struct device_settings *settings;
	const struct device_state    *state;
	struct device_identity        identity;
	struct device_key             key;
	bool                          kept; /* the chain was kept by an earlier run */
	bool                          key_kept;
	const char                   *name; /* borrowed from settings or identity */
	json_t                       *out;
};

int
certification_lost(struct error *err)
{
	return error_set(err, ERROR_CONFLICT,
	    "the keys of this machine no longer load: the TPM was cleared or replaced; run "
	    "\"attest-device enroll\" to start over, and where \"attest-device ek --hash\" "
	    "says another EK than before, have the name moved to it on the attestation host");
}

/* ---- the AK ---- */

static bool
chain_is_near_its_end(const struct device_chain *chain)
{
	return renewal_is_due(device_chain_not_before(chain), device_chain_not_after(chain),
	    clock_now());
}

/* True when the kept chain can be used; else *err says why not. */
static bool
identity_keep(struct certification *run, bool renewal, bool *failed, struct error *err)
{
	const char *name = run->settings->name;

	*failed = false;
	if (run->settings->new_ak)
		return false;
	if (device_identity_load(run->tpm, run->state, run->settings->attestation_root, &run->identity, err) != 0) {
		*failed = err->kind == ERROR_INTERNAL || (renewal && err->kind == ERROR_CONFLICT);
		if (err->kind == ERROR_CONFLICT && renewal)
			(void)certification_lost(err);
		return false;
	}
	if (chain_is_near_its_end(&run->identity.chain))
		return false;
	/* The machine may have been given another name since. */
	return name == NULL || ak_names_have(&run->identity.chain.names,
	                           view_text(name));
}

static int
identity_renew(struct certification *run, struct error *err)
{
	AUTO_FREE char *path = NULL;

	device_identity_clear(&run->identity);
	run->kept = false;
	device_progress(run->settings, "having the AK certified by %s", run->settings->attestation_url);
	return device_identity_attest(run->tpm, run->settings, run->state, &run->identity, &path,
	    run->out, err);
}

static int
identity_get(struct certification *run, bool renewal, struct error *err)
{
	bool failed;

	device_progress(run->settings, "looking for the AK's certificate");
	run->kept = identity_keep(run, renewal, &failed, err);
	if (run->kept)
		return 0;
	return failed ? -1 : identity_renew(run, err);
}

/* No ACME server certifies a name that is not in the AK certificate. */
static int
name_check(const struct certification *run, struct error *err)
{
	const struct ak_names *names = &run->identity.chain.names;

	if (ak_names_have(names, (struct view){(const uint8_t *)run->name, strlen(run->name)}))
		return 0;
	return error_set(err, ERROR_REJECTED_IDENTIFIER,
	    "the attestation host does not give this machine the name \"%s\", but \"%s\"%s: leave the "
	    "name out (--name, or name in device.conf), or have it set there with \"attest-ca set\"",
	    run->name, names->count > 0 ? names->values[0] : "", names->count > 1 ? " and more" : "");
}

/* Appends `"a", "b"` to a text, as many of the names as fit. */
static void
names_quote(const struct ak_names *names, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < names->count; i++) {
		if (used + strlen(names->values[i]) + sizeof ", \"\", ..." > size) {
			(void)snprintf(text + used, size - used, "%s...", i > 0 ? ", " : "");
			return;
		}
		used += (size_t)snprintf(text + used, size - used, "%s\"%s\"", i > 0 ? ", " : "",
		    names->values[i]);
	}
}

/* The name to order: --name, or the only one that the AK certificate has. */
static int
name_choose(struct certification *run, struct error *err)
{
	const struct ak_names *names = &run->identity.chain.names;
	char                   quoted[300];

	run->name = run->settings->name;
	if (run->name != NULL)
		return name_check(run, err);
	if (names->count != 1) {
		names_quote(names, quoted, sizeof quoted);
		return error_set(err, ERROR_MALFORMED,
		    "the attestation host gives this machine %zu names; choose one with name in device.conf, "
		    "or --name of \"attest-device certificate\": %s", names->count, quoted);
	}
	run->name = names->values[0];
	return 0;
}

/* ---- the key ---- */

/* Warns about the uses that fail with an RSA key on this TPM. */
static int
rsa_try(struct certification *run, struct error *err)
{
	int salt = 0;

	if (run->key.public.publicArea.type != TPM2_ALG_RSA)
		return 0;
	if (sign_key_pss_salt(run->tpm, &run->key, &salt, err) != 0)
		return -1;
	(void)json_object_set_new(run->out, "rsaPssSalt", json_integer(salt));
	if (salt != TLS_SALT)
		(void)fprintf(stderr,
		    "attest-device: note: this TPM signs RSA-PSS with a salt of %d octets, where "
		    "TLS 1.3 requires %d: use the key with TLS 1.2, or take --key-type ecc-p256\n",
		    salt, TLS_SALT);
	return 0;
}

static int
key_make(struct certification *run, struct error *err)
{
	const struct sign_key_type *type = sign_key_type_at(0);

	if (run->settings->key_type != NULL)
		type = sign_key_type_find(run->settings->key_type);
	device_progress(run->settings, "making a key (%s) in the TPM", type->word);
	if (sign_key_create(run->tpm, type, &run->key, err) != 0)
		return -1;
	(void)json_object_set_new(run->out, "keyType", json_string(type->word));
	return 0;
}

/* Whether the key in the directory is old enough to be replaced. */
static int
key_look_old(const struct certification *run, const char *directory, bool *old, struct error *err)
{
	int64_t      age;
	int64_t      made;
	struct error ignored;

	*old = false;
	(void)device_settings_rekey(run->settings, &age, &ignored); /* device_settings_check has taken it */
	if (age == 0)
		return 0;
	if (certificate_files_key_made(directory, &made, err) != 0)
		return -1;
	*old = clock_now() - made >= age;
	return 0;
}

/*
 * Loads the kept key; false when a new one is needed, and *failed when that cannot be told. A key
 * that cannot be used is said, since programs then meet another.
 */
static bool
key_keep(struct certification *run, const char *directory, bool *failed, struct error *err)
{
	const struct sign_key_type *type;
	const char                 *wanted = run->settings->key_type;
	bool                        old;

	*failed = false;
	if (run->settings->new_key)
		return false;
	if (certificate_files_key_load(directory, &run->key, err) != 0 ||
	    sign_key_check(run->tpm, &run->key, err) != 0) {
		*failed = err->kind == ERROR_INTERNAL;
		if (!*failed)
			(void)fprintf(stderr, "attest-device: making a new key: %s\n", err->detail);
		return false;
	}
	if (key_look_old(run, directory, &old, err) != 0) {
		*failed = true;
		return false;
	}
	type = sign_key_type_of(&run->key.public.publicArea);
	if (old || type == NULL || (wanted != NULL && strcmp(wanted, type->word) != 0))
		return false;
	device_progress(run->settings, "keeping the key (%s)", type->word);
	(void)json_object_set_new(run->out, "keyType", json_string(type->word));
	return true;
}

static int
key_get(struct certification *run, const char *directory, bool renewal, struct error *err)
{
	bool failed = false;

	run->key_kept = renewal && key_keep(run, directory, &failed, err);
	if (failed || (!run->key_kept && key_make(run, err) != 0))
		return -1;
	(void)json_object_set_new(run->out, "keyKept", json_boolean(run->key_kept));
	return rsa_try(run, err);
}

/* ---- what ACME asks for ---- */

static int
attest_cb(void *arg, const char *key_authorization, struct bytes *object, struct error *err)
{
	struct certification    *run = arg;
	struct sign_key_proof    proof = {0};
	struct webauthn_statement statement = {
	    .alg = sign_key_cose_algorithm(&run->identity.ak.key.public.publicArea)};
	struct bytes certificates[WEBAUTHN_CHAIN_MAX] = {0};
	int          count = device_chain_export(&run->identity.chain, certificates,
	             (int)WEBAUTHN_CHAIN_MAX, err);
	int          rc = -1;

	if (count > 0 && sign_key_certify(run->tpm, &run->identity.ak, &run->key, key_authorization,
	                     &proof, err) == 0) {
		for (int i = 0; i < count; i++)
			statement.chain[i] = bytes_view(&certificates[i]);
		statement.chain_count = (size_t)count;
		statement.signature = bytes_view(&proof.signature);
		statement.cert_info = bytes_view(&proof.info);
		statement.pub_area = bytes_view(&proof.area);
		webauthn_object_encode_tpm(&statement, object);
		rc = 0;
	}
	for (size_t i = 0; i < WEBAUTHN_CHAIN_MAX; i++)
		bytes_clear(&certificates[i]);
	sign_key_proof_clear(&proof);
	return rc;
}

static int
request_cb(void *arg, struct bytes *csr, struct error *err)
{
	struct certification *run = arg;

	return device_csr_make(run->tpm, &run->key, run->name, csr, err);
}

static void
progress_cb(void *arg, const char *what)
{
	const struct certification *run = arg;

	device_progress(run->settings, "%s", what);
}

static int
order(struct certification *run, struct bytes *pem, struct error *err)
{
	const struct acme_applicant applicant = {attest_cb, request_cb, progress_cb, run};
	AUTO_HTTP_CLIENT http = NULL;
	AUTO_ACME_CLIENT client = {0};
	EVP_PKEY        *key = NULL;
	int              rc = -1;

	if (http_client_new(run->settings->acme_root, run->settings->end_ms, &http, err) != 0)
		return -1;
	http_client_root_option(http, "--acme-root FILE");
	http_client_retries_end(http, run->settings->retries_end_ms);
	device_progress(run->settings, "asking %s for \"%s\"", run->settings->acme, run->name);
	if (account_key_open(&run->state->folder, DEVICE_STATE_ACCOUNT, &key, err) == 0 &&
	    acme_client_open(&client, http, key, run->settings->acme, err) == 0 &&
	    acme_order_run(&client, run->name, &applicant, pem, err) == 0)
		rc = 0;
	EVP_PKEY_free(key);
	return rc;
}

/*
 * Retries with a new chain if the server refuses the kept one: its certificate may have been
 * revoked, as when a name is removed or moved, or its root replaced.
 */
static int
order_insist(struct certification *run, struct bytes *pem, struct error *err)
{
	if (order(run, pem, err) == 0)
		return 0;
	if (!run->kept || err->kind != ERROR_BAD_ATTESTATION_STATEMENT)
		return -1;
	device_progress(run->settings, "refused: %s", err->detail);
	bytes_clear(pem);
	return identity_renew(run, err) == 0 && name_choose(run, err) == 0 ? order(run, pem, err)
	                                                                   : -1;
}

/* ---- the files ---- */

static int
result_write(const struct certification *run, const char *directory, struct view chain,
    struct error *err)
{
	AUTO_BYTES key = {0};
	gid_t      group;

	if (run->key_kept) {
		device_progress(run->settings, "writing %s to %s", PAIR_CHAIN, directory);
		return certificate_files_chain_replace(directory, chain, err);
	}
	if (device_sharing_group(run->settings, &group, err) != 0 ||
	    device_key_encode(&run->key, &key, err) != 0)
		return -1;
	device_progress(run->settings, "writing %s and %s to %s", PAIR_KEY,
	    PAIR_CHAIN, directory);
	return certificate_files_replace(directory, group, bytes_view(&key), chain, err);
}

/* Programs find the pair of a named key by its directory; of the first key they read device.conf. */
static int
out_note(const struct certification *run, struct error *err)
{
	const char *out = run->settings->out;

	if (!run->state->named)
		return 0;
	return out == NULL
	    ? folder_remove(&run->state->folder, DEVICE_STATE_OUT, err)
	    : folder_replace(&run->state->folder, DEVICE_STATE_OUT, out, strlen(out), 0644, err);
}

static int
result_describe(const char *directory, const struct certification *run, struct error *err)
{
	AUTO_FREE char *key = file_join(directory, PAIR_KEY);
	AUTO_FREE char *chain = file_join(directory, PAIR_CHAIN);
	X509           *certificate = NULL;
	char            until[CLOCK_TEXT_SIZE];
	char            renew[CLOCK_TEXT_SIZE];
	int64_t         interval;
	int64_t         other;

	if (certificate_files_load(directory, &certificate, err) != 0)
		return -1;
	clock_format(certificate_not_after(certificate), until);
	clock_format(renewal_time(certificate_not_before(certificate),
	                 certificate_not_after(certificate)), renew);
	interval = renewal_interval(certificate_not_before(certificate),
	    certificate_not_after(certificate));
	X509_free(certificate);
	other = renewal_interval(device_chain_not_before(&run->identity.chain),
	    device_chain_not_after(&run->identity.chain));
	renewal_interval_note(interval < other ? interval : other);
	(void)json_object_update_new(run->out,
	    json_pack("{s:o, s:s, s:s, s:o, s:o}", "name", print_json_text(run->name), "notAfter", until,
	        "renewal", renew, "key", print_json_text(key), "certificate", print_json_text(chain)));
	return 0;
}

static int
run_all(struct certification *run, const char *directory, bool renewal, struct error *err)
{
	struct issued_order ordered = {.area = &run->key.public.publicArea};
	AUTO_BYTES          sent = {0};
	AUTO_BYTES          chain = {0};

	/* A group that is not there must not be found out after the certificate was issued. */
	if (certificate_files_recover(directory, err) != 0 ||
	    device_sharing_apply(run->settings, run->state, err) != 0 ||
	    identity_get(run, renewal, err) != 0 || name_choose(run, err) != 0 ||
	    device_interrupt_check(err) != 0 || key_get(run, directory, renewal, err) != 0 ||
	    order_insist(run, &sent, err) != 0)
		return -1;
	ordered.name = run->name;
	ordered.now = clock_now();
	if (issued_read(bytes_view(&sent), &ordered, &chain, err) != 0 ||
	    result_write(run, directory, bytes_view(&chain), err) != 0 || out_note(run, err) != 0)
		return -1;
	return result_describe(directory, run, err);
}

int
certification_run(struct device_tpm *tpm, const struct device_settings *settings,
    const struct device_state *state, bool renewal, char **refused, json_t *out,
    struct error *err)
{
	struct certification run = {
	    .tpm = tpm, .settings = settings, .state = state, .out = out};
	int rc = run_all(&run, device_state_out(state, settings->out), renewal, err);

	if (rc != 0 && refused != NULL) {
		*refused = run.identity.refused;
		run.identity.refused = NULL;
	}
	device_identity_clear(&run.identity);
	return rc == 0 ? device_settings_remember(settings, state, err) : -1;
}
