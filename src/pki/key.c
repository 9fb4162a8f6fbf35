/* Makes, writes and loads private keys; never prompts. */
#include "config.h"

#include "pki/key.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "pki/signing.h"
#include "tpm/openssl_error.h"
#include "util/error.h"
#include "util/file.h"
#include "util/file_named.h"

/* Bound on the objects of an OSSL_STORE that are looked at; no key file holds as many. */
#define KEY_STORE_TRIES 64

/* More than any file with a key and its chain. */

static const struct {
	const char *word;
	const char *algorithm;
	const char *curve;
	size_t      bits;
} types[] = {
    [KEY_TYPE_P256] = {"p256", "EC", "P-256", 0},
    [KEY_TYPE_P384] = {"p384", "EC", "P-384", 0},
    [KEY_TYPE_RSA3072] = {"rsa3072", "RSA", NULL, 3072},
    [KEY_TYPE_RSA4096] = {"rsa4096", "RSA", NULL, 4096},
};

int
key_type_parse(const char *text, enum key_type *type, struct error *err)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(text, types[i].word) == 0) {
			*type = (enum key_type)i;
			return 0;
		}
	}
	return error_set(err, ERROR_MALFORMED,
	    "key type \"%s\" is not one of p256, p384, rsa3072, rsa4096", text);
}

bool
key_type_of(const EVP_PKEY *key, enum key_type *type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t bits = types[i].bits != 0 ? types[i].bits : i == KEY_TYPE_P384 ? 384 : 256;

		if (EVP_PKEY_is_a(key, types[i].algorithm) && (size_t)EVP_PKEY_get_bits(key) == bits) {
			*type = (enum key_type)i;
			return true;
		}
	}
	return false;
}

int
key_generate(enum key_type type, EVP_PKEY **key, struct error *err)
{
	if (types[type].curve != NULL)
		*key = EVP_PKEY_Q_keygen(NULL, NULL, types[type].algorithm, types[type].curve);
	else
		*key = EVP_PKEY_Q_keygen(NULL, NULL, types[type].algorithm, types[type].bits);
	if (*key == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "making a %s key", types[type].word);
	return 0;
}

int
key_encode(EVP_PKEY *key, struct bytes *pem, struct error *err)
{
	OSSL_ENCODER_CTX *encoder =
	    OSSL_ENCODER_CTX_new_for_pkey(key, EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo", NULL);
	unsigned char    *data = NULL;
	size_t            size = 0;
	int               rc = 0;

	if (encoder != NULL && OSSL_ENCODER_to_data(encoder, &data, &size) == 1)
		bytes_append(pem, data, size);
	else
		rc = error_set_openssl(err, ERROR_INTERNAL, "encoding a private key");
	OPENSSL_clear_free(data, size);
	OSSL_ENCODER_CTX_free(encoder);
	return rc;
}

/* The secret that OSSL_STORE may ask for, and whether it asked. */
struct key_question {
	struct view secret;
	bool        asked;
};

/* Supplies the passphrase, if there is one and it fits. */
static int
key_passphrase_cb(char *buffer, int size, int writing, void *arg)
{
	struct key_question *question = arg;

	(void)writing;
	question->asked = true;
	if (question->secret.size == 0 || size < 0 || question->secret.size > (size_t)size)
		return -1;
	memcpy(buffer, question->secret.data, question->secret.size);
	return (int)question->secret.size;
}

/* Reads every private key of the store and keeps the first; returns their number. */
static unsigned
key_read_all(OSSL_STORE_CTX *store, EVP_PKEY **key)
{
	unsigned count = 0;

	for (unsigned tries = 0; tries < KEY_STORE_TRIES && !OSSL_STORE_eof(store); tries++) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info == NULL)
			continue; /* the end, or no key: eof tells which */
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY && count++ == 0)
			*key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	return count;
}

/* Reports why a store could not be opened. Only the last reason in the queue is about `uri`
 * itself. */
static int
key_store_refused(const char *uri, struct error *err)
{
	unsigned long last = ERR_peek_last_error();
	bool          missing = !ERR_SYSTEM_ERROR(last) || ERR_GET_REASON(last) == ENOENT;

	while (ERR_peek_error() != last)
		(void)ERR_get_error();
	return error_set_openssl(err, missing ? ERROR_NOT_FOUND : ERROR_INTERNAL,
	    "no private key at %s", uri);
}

/* Reads the only key of an open store. */
static int
key_read_one(OSSL_STORE_CTX *store, const struct key_question *question, const char *uri,
    EVP_PKEY **key, struct error *err)
{
	EVP_PKEY *found = NULL;
	unsigned  count = key_read_all(store, &found);

	if (count == 1) {
		ERR_clear_error(); /* objects that are no key leave errors in the queue */
		*key = found;
		return 0;
	}
	if (ERR_peek_error() != 0)
		(void)error_set_unlike(err, ERROR_NOT_FOUND, "no private key at %s", uri);
	else /* of what it passes over OSSL_STORE says nothing */
		(void)error_set(err, ERROR_NOT_FOUND, "no private key at %s", uri);
	EVP_PKEY_free(found);
	if (count > 1)
		return error_set(err, ERROR_INTERNAL, "%u private keys at %s, not one", count, uri);
	if (question->asked && question->secret.size != 0)
		return error_set(err, ERROR_INTERNAL, "the passphrase does not open the private key at %s",
		    uri);
	if (question->asked)
		return error_set(err, ERROR_INTERNAL,
		    "the private key at %s is encrypted, and no passphrase was given", uri);
	return -1;
}

const char *
key_path(const char *uri)
{
	const char *path = strncasecmp(uri, "file:", 5) == 0 ? uri + 5 : uri;

	return strncmp(path, "///", 3) == 0 ? path + 2 : path;
}

/*
 * Reads what is a file ourselves, which waits for no FIFO. *found is false for a URI of something
 * else, and for a directory.
 */
static int
key_read_file(const char *uri, struct bytes *content, bool *found, struct error *err)
{
	const char *path = key_path(uri);
	struct stat st;

	*found = file_named_fd(path) >= 0 || (stat(path, &st) == 0 && !S_ISDIR(st.st_mode));
	if (*found && file_read(path, KEY_FILE_MAX, content, err) != 0)
		return error_wrap(err, "no private key at %s", uri);
	return 0;
}

/* Opens the store of a file's content, or of the URI when there is none. */
static int
key_store_open(const char *uri, const struct signing_home *home, const UI_METHOD *ui,
    struct key_question *question, const struct bytes *content, BIO **bio, OSSL_STORE_CTX **store,
    struct error *err)
{
	OSSL_LIB_CTX *library = home != NULL ? home->library : NULL;
	const char   *properties = home != NULL ? home->properties : NULL;

	if (content == NULL)
		*store = OSSL_STORE_open_ex(uri, library, properties, ui, question, NULL, NULL, NULL);
	else if ((*bio = BIO_new_mem_buf(content->size != 0 ? (const void *)content->data : "",
	              (int)content->size)) != NULL)
		*store = OSSL_STORE_attach(*bio, "file", library, properties, ui, question, NULL, NULL,
		    NULL);
	if (*store == NULL || OSSL_STORE_expect(*store, OSSL_STORE_INFO_PKEY) != 1)
		return key_store_refused(uri, err);
	return 0;
}

int
key_load_content(const struct bytes *content, const char *uri, struct view secret,
    const struct signing_home *home, EVP_PKEY **key, struct error *err)
{
	struct key_question question = {.secret = secret};
	UI_METHOD          *ui = UI_UTIL_wrap_read_pem_callback(key_passphrase_cb, 0);
	OSSL_STORE_CTX     *store = NULL;
	BIO                *bio = NULL;
	int                 rc;

	rc = ui != NULL
	    ? key_store_open(uri, home, ui, &question, content, &bio, &store, err)
	    : error_set_openssl(err, ERROR_INTERNAL, "preparing to load a private key");
	if (rc == 0)
		rc = key_read_one(store, &question, uri, key, err);
	(void)OSSL_STORE_close(store);
	BIO_free(bio);
	UI_destroy_method(ui);
	return rc;
}

int
key_load_in(const char *uri, struct view secret, const struct signing_home *home, EVP_PKEY **key,
    struct error *err)
{
	AUTO_BYTES content = {0};
	bool       found = false;

	if (key_read_file(uri, &content, &found, err) != 0)
		return -1;
	return key_load_content(found ? &content : NULL, uri, secret, home, key, err);
}

int
key_load(const char *uri, EVP_PKEY **key, struct error *err)
{
	return key_load_in(uri, (struct view){NULL, 0}, NULL, key, err);
}

const EVP_MD *
key_digest(EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448"))
		return NULL;
	if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) > 256)
		return EVP_PKEY_get_bits(key) > 384 ? EVP_sha512() : EVP_sha384();
	return EVP_sha256();
}
