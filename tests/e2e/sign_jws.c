/*
 * Signs ACME requests for the scripts, whatever nonsense they are to hold:
 *   sign_jws new ALG                   a private key, as JWK
 *   sign_jws public JWK                its public half
 *   sign_jws thumbprint JWK            RFC 7638, base64url
 *   sign_jws sign JWK HEADER PAYLOAD   the flattened JWS with this protected header;
 *                                      a payload of @FILE is what the file holds
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "sign_jws: %s\n", what);
	exit(EXIT_FAILURE);
}

static json_t *
read_object(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);

	if (object == NULL)
		fail("an argument is no JSON");
	return object;
}

/* Takes the value over. */
static void
print(json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text == NULL)
		fail("cannot write the result");
	puts(text);
	free(text);
	json_decref(value);
}

static json_t *
new_key(const char *alg)
{
	json_t *jwk = json_pack("{s:s}", "alg", alg);

	if (!jose_jwk_gen(NULL, jwk))
		fail("cannot make a key");
	json_object_del(jwk, "alg");
	json_object_del(jwk, "key_ops");
	return jwk;
}

static json_t *
public_half(const char *key)
{
	json_t *jwk = read_object(key);

	if (!jose_jwk_pub(NULL, jwk))
		fail("no public half");
	return jwk;
}

static json_t *
payload_of(const char *text)
{
	static char contents[1024 * 1024];
	size_t      size;
	FILE       *file;

	if (text[0] != '@')
		return jose_b64_enc(text, strlen(text));
	if ((file = fopen(text + 1, "rb")) == NULL)
		fail("cannot open the payload");
	size = fread(contents, 1, sizeof contents, file);
	(void)fclose(file);
	return jose_b64_enc(contents, size);
}

static json_t *
sign(const char *key, const char *header, const char *payload)
{
	json_t *jwk = read_object(key);
	json_t *message = json_pack("{s:o}", "payload", payload_of(payload));
	json_t *signature = json_pack("{s:o}", "protected", read_object(header));

	if (!jose_jws_sig(NULL, message, signature, jwk))
		fail("cannot sign");
	json_decref(signature);
	json_decref(jwk);
	return message;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "new") == 0) {
		print(new_key(argv[2]));
	} else if (argc == 3 && strcmp(argv[1], "public") == 0) {
		print(public_half(argv[2]));
	} else if (argc == 3 && strcmp(argv[1], "thumbprint") == 0) {
		json_t *jwk = read_object(argv[2]);
		json_t *thumbprint = jose_jwk_thp(NULL, jwk, "S256");

		puts(json_string_value(thumbprint));
		json_decref(thumbprint);
		json_decref(jwk);
	} else if (argc == 5 && strcmp(argv[1], "sign") == 0) {
		print(sign(argv[2], argv[3], argv[4]));
	} else {
		fail("see the beginning of its source");
	}
	return EXIT_SUCCESS;
}
