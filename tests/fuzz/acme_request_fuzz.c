/*
 * A signed request of anybody: what jws_decode takes keeps its bounds, and what the
 * payload becomes is a question that the keeper can decode. The first octet chooses
 * what is decoded.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "acme/front/request.h"
#include "http/json.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static acme_request_decode *const decoders[] = {
    request_account_new, request_account_update, request_account_orders, request_key_change,
    request_order_new, request_order_get, request_order_finalize, request_authorization,
    request_challenge, request_certificate_get, request_certificate_revoke,
};

#define DECODERS (sizeof decoders / sizeof decoders[0])

static const char key[] =
    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

static void
fuzz_jws(struct view body)
{
	struct jws   jws;
	struct error err = {0};

	if (jws_decode(body, &jws, &err) == 0) {
		assert(jws.algorithm != NULL && (jws.kid == NULL || jws.jwk.members == NULL));
		if (jws.jwk.members != NULL)
			assert(strlen(jws.jwk.thumbprint) == JWK_THUMBPRINT_SIZE - 1);
		if (jws.jwk.members != NULL)
			(void)jws_verify(&jws, &jws.jwk, &err);
	} else {
		assert(err.detail[0] != '\0');
	}
	jws_clear(&jws);
}

static void
fuzz_payload(acme_request_decode *decode, struct view payload)
{
	struct acme_question *question = memory_new(sizeof *question);
	struct acme_question *again = memory_new(sizeof *again);
	struct acme_request   request = {0};
	struct jws            jws = {.kid = "k", .url = "u"};
	AUTO_BYTES            body = {0};
	struct error          err = {0};

	assert(jwk_parse((struct view){(const uint8_t *)key, strlen(key)}, &jws.jwk, &err) == 0);
	bytes_append(&jws.payload, payload.data, payload.size);
	request.jws = &jws;
	question->account = question->object = (struct view){(const uint8_t *)"A", 1};
	if (decode(&request, question, &err) == 0) {
		acme_question_encode(question, &body);
		assert(acme_question_decode(bytes_view(&body), again, &err) == 0);
		assert(again->kind == question->kind);
	} else {
		assert(err.detail[0] != '\0');
	}
	acme_request_clear(&request);
	jws_clear(&jws);
	free(question);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = {data + 1, size - 1};

	if (size == 0)
		return 0;
	if (data[0] % (DECODERS + 1) == DECODERS)
		fuzz_jws(rest);
	else
		fuzz_payload(decoders[data[0] % (DECODERS + 1)], rest);
	return 0;
}
