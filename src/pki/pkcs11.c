/*
 * Owns the loaded modules, each loaded once: libp11 would close a module that
 * another key in the process still uses. Everything here runs under
 * signing_lock.
 */
#include "config.h"

#include "pki/pkcs11.h"

#include "util/error.h"

#ifndef HAVE_LIBP11

int
pkcs11_key_load(const char *uri, struct view pin, const char *module, EVP_PKEY **key,
    struct error *err)
{
	(void)uri;
	(void)pin;
	(void)module;
	(void)key;
	return error_set(err, ERROR_INTERNAL,
	    "this program was built without PKCS #11; build it with libp11 (configure --with-libp11)");
}

#else

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libp11.h>
#include <openssl/evp.h>

#include "pki/pkcs11_uri.h"
#include "pki/signing.h"
#include "tpm/openssl_error.h"
#include "util/file.h"
#include "util/identity.h"
#include "util/process.h"
#include "util/secret.h"

struct module {
	struct module *next;
	char          *path;
	unsigned       users; /* references: keys, and searches in progress */
	PKCS11_CTX    *context;
	PKCS11_SLOT   *slots;
	unsigned       slot_count;
};

static struct module *modules; /* under signing_lock */

static void
module_release(void *arg)
{
	struct module  *module = arg;
	struct module **slot = &modules;

	if (--module->users > 0)
		return;
	while (*slot != module)
		slot = &(*slot)->next;
	*slot = module->next;
	PKCS11_release_all_slots(module->context, module->slots, module->slot_count);
	PKCS11_CTX_unload(module->context);
	PKCS11_CTX_free(module->context);
	free(module->path);
	free(module);
}

/* The tokens are listed once: libp11 cannot list them again while keys are in use. */
static int
module_load(struct module *module, struct error *err)
{
	if ((module->context = PKCS11_CTX_new()) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "preparing a PKCS #11 module");
	if (PKCS11_CTX_load(module->context, module->path) != 0) {
		error_set_openssl(err, ERROR_INTERNAL, "loading the PKCS #11 module %s", module->path);
	} else if (PKCS11_enumerate_slots(module->context, &module->slots, &module->slot_count) != 0) {
		error_set_openssl(err, ERROR_INTERNAL, "listing the tokens of %s", module->path);
		PKCS11_CTX_unload(module->context);
	} else {
		return 0;
	}
	PKCS11_CTX_free(module->context);
	return -1;
}

/* Modules are compared by their resolved path. */
static int
module_open(const char *given, struct module **out, struct error *err)
{
	AUTO_FREE char *real = realpath(given, NULL);
	const char     *path = real != NULL ? real : given;
	struct module  *module;

	for (module = modules; module != NULL; module = module->next) {
		if (strcmp(module->path, path) == 0) {
			module->users++;
			*out = module;
			return 0;
		}
	}
	module = memory_new(sizeof *module);
	*module = (struct module){.next = modules, .path = memory_strdup(path), .users = 1};
	if (module_load(module, err) != 0) {
		free(module->path);
		free(module);
		return -1;
	}
	modules = module;
	*out = module;
	return 0;
}

/* An attribute that the URI lacks matches anything. */
static bool
text_fits(const char *wanted, const char *got)
{
	return wanted == NULL || (got != NULL && strcmp(wanted, got) == 0);
}

static bool
slot_fits(const struct pkcs11_uri *uri, PKCS11_SLOT *slot)
{
	const PKCS11_TOKEN *token = slot->token;

	return token != NULL && token->initialized && text_fits(uri->token, token->label) &&
	    text_fits(uri->manufacturer, token->manufacturer) &&
	    text_fits(uri->model, token->model) && text_fits(uri->serial, token->serialnr) &&
	    text_fits(uri->slot_manufacturer, slot->manufacturer) &&
	    text_fits(uri->slot_description, slot->description) &&
	    (!uri->has_slot || uri->slot == PKCS11_get_slotid_from_slot(slot));
}

static bool
key_fits(const struct pkcs11_uri *uri, const PKCS11_KEY *key)
{
	return text_fits(uri->object, key->label) &&
	    (!uri->has_id || (uri->id.size == key->id_len &&
	                         (key->id_len == 0 || memcmp(uri->id.data, key->id, key->id_len) == 0)));
}

/* Finds the one token that matches. */
static int
module_find_slot(struct module *module, const struct pkcs11_uri *uri, const char *text,
    PKCS11_SLOT **out, struct error *err)
{
	unsigned count = 0;

	for (unsigned i = 0; i < module->slot_count; i++) {
		if (slot_fits(uri, &module->slots[i])) {
			*out = &module->slots[i];
			count++;
		}
	}
	if (count == 0)
		return error_set(err, ERROR_NOT_FOUND, "no token of %s matches %s%s", module->path, text,
		    module->users > 1 ? ", among those that were there when it was first used; restart to "
		                        "look again"
		                      : "");
	if (count > 1)
		return error_set(err, ERROR_INTERNAL, "%u tokens of %s match %s; name the token",
		    count, module->path, text);
	return 0;
}

/* A daemon that is restarted repeatedly with a wrong PIN must not lock the token. */
static int
token_check_tries(const PKCS11_TOKEN *token, struct error *err)
{
	if (token->userPinLocked)
		return error_set(err, ERROR_INTERNAL,
		    "the PIN of the token \"%s\" is locked; its security officer can set another",
		    token->label);
	if (token->userPinFinalTry)
		return error_set(err, ERROR_INTERNAL,
		    "one more wrong PIN locks the token \"%s\": it is not tried here; log in by hand "
		    "first, which resets the count",
		    token->label);
	return 0;
}

static int
slot_login(PKCS11_SLOT *slot, struct view pin, struct error *err)
{
	const PKCS11_TOKEN *token = slot->token;
	char                text[SECRET_MAX + 1];
	int                 already = 0;
	int                 rc = 0;

	if (!token->loginRequired ||
	    (PKCS11_is_logged_in(slot, 0, &already) == 0 && already == 1))
		return 0;
	if (pin.size == 0)
		return error_set(err, ERROR_INTERNAL,
		    "the token \"%s\" needs a PIN; give it by descriptor, credential or file", token->label);
	if (token_check_tries(token, err) != 0)
		return -1;
	memcpy(text, pin.data, pin.size < SECRET_MAX ? pin.size : SECRET_MAX);
	text[pin.size < SECRET_MAX ? pin.size : SECRET_MAX] = '\0';
	if (PKCS11_login(slot, 0, text) != 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "logging in to the token \"%s\"", token->label);
	bytes_cleanse(text, sizeof text);
	return rc;
}

/* Finds the one key of a token that matches. */
static int
slot_find_key(PKCS11_SLOT *slot, const struct pkcs11_uri *uri, const char *text, PKCS11_KEY **out,
    struct error *err)
{
	PKCS11_KEY *keys = NULL;
	unsigned    all = 0;
	unsigned    count = 0;

	if (PKCS11_enumerate_keys(slot->token, &keys, &all) != 0)
		return error_set_openssl(err, ERROR_INTERNAL, "listing the keys of the token \"%s\"",
		    slot->token->label);
	for (unsigned i = 0; i < all; i++) {
		if (key_fits(uri, &keys[i])) {
			*out = &keys[i];
			count++;
		}
	}
	if (count == 0)
		return error_set(err, ERROR_NOT_FOUND, "no private key in the token \"%s\" matches %s",
		    slot->token->label, text);
	if (count > 1)
		return error_set(err, ERROR_INTERNAL,
		    "%u private keys in the token \"%s\" match %s; name the key by object or id", count,
		    slot->token->label, text);
	return 0;
}

/* On success the key owns the module. */
static int
module_find_key(struct module *module, const struct pkcs11_uri *uri, const char *text,
    struct view pin, EVP_PKEY **key, struct error *err)
{
	const struct signing_home home = {.leave = module_release, .arg = module};
	PKCS11_SLOT              *slot = NULL;
	PKCS11_KEY               *found = NULL;
	EVP_PKEY                 *loaded;

	if (module_find_slot(module, uri, text, &slot, err) != 0 || slot_login(slot, pin, err) != 0 ||
	    slot_find_key(slot, uri, text, &found, err) != 0)
		return -1;
	if ((loaded = PKCS11_get_private_key(found)) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "using the private key %s", text);
	if (signing_set_home(loaded, &home, err) != 0) {
		EVP_PKEY_free(loaded);
		return -1;
	}
	*key = loaded;
	return 0;
}

/*
 * A module is code. Root reads URIs from the directory of a service's user, and must not run that user's
 * code: not as root, nor in its place as that user, since the process may hold the root's key by then, and
 * has root's terminal.
 */
static int
module_check(const char *path, struct error *err)
{
	if (identity_origin() != 0 || file_is_roots(path))
		return 0;
	return error_set(err, ERROR_INTERNAL,
	    "root does not load the PKCS #11 module %s, which others can replace; put it where only "
	    "root writes, or run this as the owner of the state directory",
	    path);
}

static int
key_load_from(const struct pkcs11_uri *uri, const char *text, struct view pin,
    const char *module_path, EVP_PKEY **key, struct error *err)
{
	AUTO_FREE char *named = uri->module_path != NULL ? realpath(uri->module_path, NULL) : NULL;
	struct module  *module = NULL;
	int             rc = -1;

	if (uri->module_path != NULL && named == NULL)
		return error_set_errno(err, ERROR_INTERNAL, "loading the PKCS #11 module %s",
		    uri->module_path);
	if (named != NULL && module_check(named, err) != 0)
		return -1;
	if (named != NULL)
		module_path = named;
	if (module_path == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no PKCS #11 module is set for %s; add ?module-path=/path/of/module.so, "
		    "or set pkcs11_module",
		    text);
	if (identity_origin() == 0 && geteuid() != 0)
		process_forget_home();
	signing_lock();
	if (module_open(module_path, &module, err) == 0) {
		rc = module_find_key(module, uri, text, pin, key, err);
		if (rc != 0)
			module_release(module);
	}
	signing_unlock();
	return rc;
}

int
pkcs11_key_load(const char *text, struct view pin, const char *module, EVP_PKEY **key,
    struct error *err)
{
	struct pkcs11_uri uri;
	AUTO_BYTES        own_pin = {0};
	int               rc;

	if (pkcs11_uri_parse(text, &uri, err) != 0)
		return -1;
	if (uri.pin_source != NULL && secret_read_file(uri.pin_source, &own_pin, err) != 0)
		rc = error_wrap(err, "pin-source");
	else
		rc = key_load_from(&uri, text, uri.pin_source != NULL ? bytes_view(&own_pin) : pin, module,
		    key, err);
	pkcs11_uri_clear(&uri);
	return rc;
}

#endif
