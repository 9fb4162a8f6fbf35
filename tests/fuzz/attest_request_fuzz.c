/*
 * The body of a POST /attest or /secret, by the first octet: what is taken keeps its bounds, and the
 * question that becomes of it is one that the keeper can decode.
 */
#include "config.h"

#include <assert.h>

#include "attestation/front/request.h"
#include "attestation/message.h"
#include "fuzz.h"
#include "http/json.h"
#include "util/error.h"

static void
question_check(const struct attestation_question *question)
{
	struct attestation_question again;
	AUTO_BYTES                  body = {0};
	AUTO_BYTES                  twice = {0};
	struct error                err = {0};

	attestation_question_encode(question, &body);
	assert(attestation_question_decode(bytes_view(&body), &again, &err) == 0);
	attestation_question_encode(&again, &twice);
	assert(view_equal(bytes_view(&body), bytes_view(&twice)));
}

static void
refused_check(const struct error *err)
{
	assert((err->kind == ERROR_MALFORMED || err->kind == ERROR_TOO_LARGE ||
	           err->kind == ERROR_BAD_ATTESTATION) && err->detail[0] != '\0');
}

static void
attest(struct view body)
{
	struct attest_request       request;
	struct error                err = {0};
	struct attestation_question question = {.kind = ATTESTATION_CHALLENGE};

	if (attest_request_decode(body, &request, &err) == 0) {
		question.challenge = (struct attestation_challenge){
		    .manufacturer = bytes_view(&request.manufacturer),
		    .model = bytes_view(&request.model),
		    .firmware = bytes_view(&request.firmware),
		    .wish = bytes_view(&request.wish),
		    .ek = bytes_view(&request.ek),
		    .ek_public = bytes_view(&request.ek_public),
		    .ak_public = bytes_view(&request.ak_public),
		    .certificate_count = request.certificate_count,
		};
		for (size_t i = 0; i < request.certificate_count; i++)
			question.challenge.certificates[i] = bytes_view(&request.certificates[i]);
		question_check(&question);
	} else {
		refused_check(&err);
	}
	attest_request_clear(&request);
}

static void
secret(struct view body)
{
	AUTO_BYTES                  octets = {0};
	struct error                err = {0};
	struct attestation_question question = {.kind = ATTESTATION_CERTIFY};

	if (secret_request_decode(body, &octets, &err) == 0) {
		question.certify.secret = bytes_view(&octets);
		question_check(&question);
	} else {
		refused_check(&err);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	json_init();
	if ((data[0] & 1) == 0)
		attest((struct view){data + 1, size - 1});
	else
		secret((struct view){data + 1, size - 1});
	return 0;
}
