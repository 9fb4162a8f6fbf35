/* Formats imported certificates, and makes the trust set of them. */
#include "config.h"

#include "admin/trust/trust.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "command/print.h"
#include "pki/certificate.h"
#include "pki/ek_trust.h"
#include "tpm/key.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/utf8.h"

#define TRUST_NAME_SIZE 256

void
trust_fingerprint_format(const uint8_t fingerprint[STORE_FINGERPRINT_SIZE],
    char text[TRUST_FINGERPRINT_TEXT_SIZE])
{
	hex_encode(fingerprint, STORE_FINGERPRINT_SIZE, text);
}

void
trust_key_kind(const X509 *certificate, char kind[TRUST_KEY_SIZE])
{
	EVP_PKEY               *key = X509_get0_pubkey(certificate);
	const struct tpm_curve *curve = key != NULL ? tpm_key_curve(key) : NULL;
	unsigned                bits = key != NULL ? tpm_key_rsa_bits(key) : 0;

	ERR_clear_error();
	if (curve != NULL)
		(void)snprintf(kind, TRUST_KEY_SIZE, "%s", curve->name);
	else if (bits != 0)
		(void)snprintf(kind, TRUST_KEY_SIZE, "RSA-%u", bits);
	else
		kind[0] = '\0';
}

void
trust_clean(const char *text, char *out, size_t size)
{
	const uint8_t *octets = (const uint8_t *)text;
	size_t         left = strlen(text);
	size_t         length = 0;

	while (left > 0) {
		uint32_t character;
		size_t   used = utf8_decode(octets, left, &character);
		bool     clean = used != 0 && !utf8_is_control(character);

		used = used == 0 ? 1 : used;
		if (length + used >= size)
			break;
		if (clean)
			memcpy(out + length, octets, used);
		else
			out[length] = '?';
		length += clean ? used : 1;
		octets += used;
		left -= used;
	}
	out[length] = '\0';
}

static json_t *
trust_json_time(int64_t when)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(when, text);
	return json_string(text);
}

json_t *
trust_describe_json(const struct store_trusted *trusted)
{
	struct view  der = {trusted->certificate, trusted->certificate_size};
	X509        *certificate = NULL;
	struct error ignored;
	char         fingerprint[TRUST_FINGERPRINT_TEXT_SIZE];
	char         subject[TRUST_NAME_SIZE];
	char         issuer[TRUST_NAME_SIZE];
	char         kind[TRUST_KEY_SIZE];
	json_t      *object;

	trust_fingerprint_format(trusted->fingerprint, fingerprint);
	object = json_pack("{s:s, s:s, s:o, s:o}",
	    "fingerprint", fingerprint,
	    "role", trusted->root ? "root" : "intermediate",
	    "source", print_json_text(trusted->source),
	    "added", trust_json_time(trusted->added));
	if (certificate_decode(der, &certificate, &ignored) != 0)
		return object;
	certificate_subject(certificate, subject, sizeof subject);
	certificate_name(X509_get_issuer_name(certificate), issuer, sizeof issuer);
	trust_key_kind(certificate, kind);
	(void)json_object_set_new(object, "subject", print_json_text(subject));
	(void)json_object_set_new(object, "issuer", print_json_text(issuer));
	(void)json_object_set_new(object, "key", json_string(kind));
	(void)json_object_set_new(object, "not_before",
	    trust_json_time(certificate_not_before(certificate)));
	(void)json_object_set_new(object, "not_after",
	    trust_json_time(certificate_not_after(certificate)));
	X509_free(certificate);
	return object;
}

static bool
trust_load_cb(const struct store_trusted *trusted, void *arg)
{
	struct view  der = {trusted->certificate, trusted->certificate_size};
	struct error err = {0};
	char         fingerprint[TRUST_FINGERPRINT_TEXT_SIZE];

	if (ek_trust_add(arg, der, trusted->root, &err) == 0)
		return true;
	trust_fingerprint_format(trusted->fingerprint, fingerprint);
	(void)fprintf(stderr, "the imported certificate %s is left out: %s\n", fingerprint, err.detail);
	return true;
}

int
trust_load(struct store *store, struct ek_trust **out, struct error *err)
{
	*out = ek_trust_new();
	if (store_trust_list(store, trust_load_cb, *out, err) == 0)
		return 0;
	ek_trust_free(*out);
	*out = NULL;
	return -1;
}
