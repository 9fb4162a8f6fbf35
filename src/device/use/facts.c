/* Owns the URI and the filling in; reads the certificate only. */
#include "config.h"

#include "device/use/facts.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "device/certificate_files.h"
#include "device/device_settings.h"
#include "device/pair.h"
#include "device/state.h"
#include "pki/certificate.h"
#include "util/error.h"
#include "util/file.h"

#define SYSTEM_STATE "/var/lib/attest-device"
/* Octets of a token's label (PKCS #11, CK_TOKEN_INFO), and what ours begins with. */
#define LABEL_MAX    32
#define TOKEN_PREFIX "attest-ca "

void
use_facts_clear(struct use_facts *facts)
{
	free(facts->module);
	free(facts->engine);
	free(facts->directory);
	free(facts->chain);
	free(facts->keyfile);
	free(facts->key);
	free(facts->issuer);
	free(facts->name);
	free(facts->alias);
	free(facts->slot);
	free(facts->suffix);
	free(facts->state);
	free(facts->tpm);
	free(facts->tcti);
	*facts = (struct use_facts){0};
}

void
use_append(struct bytes *out, const char *text)
{
	bytes_append(out, text, strlen(text));
}

/* ---- the key's URI ---- */

/* Percent-encodes what RFC 7512 does not let stand in a value, and what a shell would read. */
static void
uri_append(struct bytes *uri, const char *text)
{
	for (; *text != '\0'; text++) {
		char escaped[4];

		if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL) {
			bytes_append(uri, text, 1);
			continue;
		}
		(void)snprintf(escaped, sizeof escaped, "%%%02X", (unsigned char)*text);
		use_append(uri, escaped);
	}
}

/* A label that was cut names no token: then the object's must do. */
static char *
uri_make(const char *first, const char *object)
{
	AUTO_BYTES uri = {0};

	use_append(&uri, "pkcs11:");
	if (first != NULL && strlen(TOKEN_PREFIX) + strlen(first) <= LABEL_MAX) {
		use_append(&uri, "token=");
		uri_append(&uri, TOKEN_PREFIX);
		uri_append(&uri, first);
		use_append(&uri, ";");
	}
	use_append(&uri, "object=");
	uri_append(&uri, object);
	use_append(&uri, ";type=private");
	return view_dup(bytes_view(&uri));
}

/* ---- the certificate ---- */

static char *
common_name(const X509_NAME *name)
{
	char text[128] = "";

	(void)X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);
	return memory_strdup(text);
}

/* The state directory: of the settings, the user's own if it has a certificate, or the system's. */
static char *
state_find(const struct device_settings *settings)
{
	AUTO_FREE char *own = NULL;
	AUTO_FREE char *chain = NULL;

	if (settings->state_dir != NULL)
		return memory_strdup(settings->state_dir);
	own = device_state_default();
	if (own == NULL)
		return memory_strdup(SYSTEM_STATE);
	chain = file_join(own, PAIR_CHAIN);
	return memory_strdup(access(chain, F_OK) == 0 ? own : SYSTEM_STATE);
}

static char *
directory_find(const struct device_settings *settings, const char *state)
{
	AUTO_FREE char *keys = NULL;
	AUTO_FREE char *path = NULL;
	char           *whole;

	if (settings->out != NULL)
		path = memory_strdup(settings->out);
	else if (settings->key == NULL)
		path = memory_strdup(state);
	else {
		keys = file_join(state, DEVICE_STATE_KEYS);
		path = file_join(keys, settings->key);
	}
	whole = realpath(path, NULL);
	return whole != NULL ? whole : memory_strdup(path);
}

/* The name of the first key, which is in the token's; NULL when there is none. */
static char *
first_name(const struct device_settings *settings, const char *state)
{
	X509        *certificate = NULL;
	struct error ignored;
	char        *name;

	if (certificate_files_load(settings->key == NULL && settings->out != NULL ? settings->out : state,
	        &certificate, &ignored) != 0)
		return NULL;
	name = common_name(X509_get_subject_name(certificate));
	X509_free(certificate);
	return name;
}

/* Whether the text can stand in quotes of a shell, JSON and configuration files. */
static int
plain_check(const char *what, const char *text, struct error *err)
{
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 127 || strchr("'\"\\`${};#", *at) != NULL)
			return error_set(err, ERROR_MALFORMED,
			    "%s has a character that configuration files read as their own", what);
	return 0;
}

static int
all_check(const struct use_facts *facts, struct error *err)
{
	return plain_check("the path of the module", facts->module, err) == 0 &&
	        plain_check("the path of the certificate", facts->directory, err) == 0 &&
	        plain_check("the name in the certificate", facts->name, err) == 0 &&
	        plain_check("the issuer of the certificate", facts->issuer, err) == 0 &&
	        (facts->state == NULL || plain_check("the state directory", facts->state, err) == 0) &&
	        (facts->tcti == NULL || plain_check("the name of the TPM", facts->tcti, err) == 0)
	    ? 0
	    : -1;
}

/* OpenSSL says: ENGINESDIR: "/usr/lib/…/engines-3". */
static char *
engine_find(void)
{
	const char     *said = OpenSSL_version(OPENSSL_ENGINES_DIR);
	const char     *begin = strchr(said, '"');
	const char     *end = begin != NULL ? strchr(begin + 1, '"') : NULL;
	AUTO_FREE char *directory = NULL;

	directory = end != NULL
	    ? view_dup((struct view){(const uint8_t *)begin + 1, (size_t)(end - begin - 1)})
	    : memory_strdup(".");
	return file_join(directory, "pkcs11.so");
}

/* ---- what the module does not find ---- */

static bool
paths_are_one(const char *a, const char *b)
{
	AUTO_FREE char *whole_a = realpath(a, NULL);
	AUTO_FREE char *whole_b = realpath(b, NULL);

	return strcmp(whole_a != NULL ? whole_a : a, whole_b != NULL ? whole_b : b) == 0;
}

/* The module looks in the directory of device.conf, and in a user's own. */
static bool
module_looks_in(const struct device_settings *usual, const char *place, const char *out)
{
	AUTO_FREE char *own = geteuid() != 0 ? device_state_default() : NULL;
	const char     *state = usual->state_dir != NULL ? usual->state_dir : SYSTEM_STATE;

	if (paths_are_one(place, state))
		return out == NULL || (usual->out != NULL && paths_are_one(out, usual->out));
	return out == NULL && own != NULL && paths_are_one(place, own);
}

/* The module has a slot for the directory of device.conf, and one more for a user's own. */
static const char *
slot_find(const struct device_settings *settings, const struct device_settings *usual, const char *state,
    const struct use_facts *facts)
{
	bool named = facts->state != NULL || settings->key != NULL; /* a program is told the directory */
	bool first = paths_are_one(state, usual->state_dir != NULL ? usual->state_dir : SYSTEM_STATE);

	return named || first ? "0" : "1";
}

static void
variables_find(const struct device_settings *settings, const struct device_settings *usual,
    const char *state, struct use_facts *facts)
{
	const char     *out = settings->key == NULL ? settings->out : NULL;
	const char     *tcti = settings->tcti != NULL ? settings->tcti : getenv("TPM2TOOLS_TCTI");
	AUTO_FREE char *whole = realpath(state, NULL);

	if (!module_looks_in(usual, state, out))
		facts->state = memory_strdup(out != NULL ? facts->directory : whole != NULL ? whole : state);
	if (tcti != NULL && tcti[0] != '\0')
		facts->tcti = memory_strdup(tcti);
	if (settings->tcti != NULL && (usual->tcti == NULL || strcmp(settings->tcti, usual->tcti) != 0))
		facts->tpm = memory_strdup(settings->tcti);
}

static void
variable_append(const char *name, const char *value, struct bytes *out)
{
	if (value == NULL)
		return;
	use_append(out, name);
	use_append(out, "='");
	use_append(out, value);
	use_append(out, "' ");
}

void
use_variables(enum use_reads reads, const struct use_facts *facts, struct bytes *out)
{
	/* The directory of one key is a state directory with nothing but that key. */
	bool alone = reads == USE_READS_ONE_KEY && facts->suffix[0] != '\0';

	if (reads == USE_READS_MODULE || reads == USE_READS_ONE_KEY) {
		variable_append("ATTEST_PKCS11_STATE", alone ? facts->directory : facts->state, out);
		variable_append("ATTEST_PKCS11_TPM", facts->tpm, out);
	} else if (reads == USE_READS_PROVIDER)
		variable_append("TPM2OPENSSL_TCTI", facts->tcti, out);
}

static char *
suffix_make(const char *key)
{
	AUTO_BYTES text = {0};

	if (key == NULL)
		return memory_strdup("");
	use_append(&text, "-");
	use_append(&text, key);
	return view_dup(bytes_view(&text));
}

/* ---- all ---- */

int
use_facts_find(const struct device_settings *settings, const struct device_settings *usual,
    const char *module, struct use_facts *facts, struct error *err)
{
	AUTO_FREE char *state = state_find(settings);
	AUTO_FREE char *first = first_name(settings, state);
	const char     *option = settings->key != NULL ? " --key " : "";
	const char     *name = settings->key != NULL ? settings->key : "";
	X509           *certificate = NULL;

	*facts = (struct use_facts){.module = memory_strdup(module != NULL ? module : PKCS11_MODULE),
	    .engine = engine_find(),
	    .directory = directory_find(settings, state),
	    .suffix = suffix_make(settings->key)};
	facts->chain = file_join(facts->directory, PAIR_CHAIN);
	facts->keyfile = file_join(facts->directory, PAIR_KEY);
	variables_find(settings, usual, state, facts);
	facts->slot = memory_strdup(slot_find(settings, usual, state, facts));
	if (access(facts->directory, X_OK) != 0 && errno == EACCES)
		return error_set(err, ERROR_NOT_FOUND,
		    "this user may not enter %s; name a group of yours as key_group in device.conf, or run "
		    "\"attest-device certificate\" for a key of your own", facts->directory);
	if (certificate_files_load(facts->directory, &certificate, err) != 0)
		return err->kind == ERROR_NOT_FOUND
		    ? error_set(err, ERROR_NOT_FOUND,
		          "there is no certificate in %s; run \"attest-device certificate%s%s\" or "
		          "\"attest-device enroll%s%s\" first", facts->directory, option, name, option, name)
		    : -1;
	facts->name = common_name(X509_get_subject_name(certificate));
	facts->issuer = common_name(X509_get_issuer_name(certificate));
	X509_free(certificate);
	facts->alias = memory_strdup(settings->key != NULL ? settings->key : facts->name);
	facts->key = uri_make(first, facts->alias);
	return all_check(facts, err);
}

/* ---- filling in ---- */

static const char *
word_value(struct view word, const struct use_facts *facts, const struct use_word *more)
{
	const struct use_word known[] = {{"module", facts->module}, {"engine", facts->engine}, {"chain", facts->chain},
	    {"keyfile", facts->keyfile}, {"key", facts->key}, {"issuer", facts->issuer},
	    {"name", facts->name}, {"alias", facts->alias}, {"slot", facts->slot}, {"suffix", facts->suffix}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (view_equal(word, view_text(known[i].name)))
			return known[i].value;
	for (; more != NULL && more->name != NULL; more++)
		if (view_equal(word, view_text(more->name)))
			return more->value;
	return NULL;
}

void
use_fill(const char *text, const struct use_facts *facts, const struct use_word *more,
    struct bytes *out)
{
	while (*text != '\0') {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		const char *value = NULL;

		if (end != NULL)
			value = word_value((struct view){(const uint8_t *)text + 1, (size_t)(end - text - 1)},
			    facts, more);
		if (value != NULL) {
			use_append(out, value);
			text = end + 1;
		} else {
			bytes_append(out, text++, 1);
		}
	}
}
