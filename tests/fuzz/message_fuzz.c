/*
 * A hostile front, or a hostile keeper, of either daemon: octets that are taken for
 * whatever they may say. What decodes is within its bounds and within the message,
 * and what is made of it again decodes to the same.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acme/message.h"
#include "attestation/message.h"
#include "fuzz.h"
#include "service/file.h"
#include "service/greeting.h"
#include "util/error.h"

static bool
view_is_inside(struct view part, struct view body)
{
	return part.size == 0 ||
	    (part.data >= body.data && part.size <= body.size &&
	        part.data + part.size <= body.data + body.size);
}

/* Decodes `body` as a message of this name, checks it, and takes it there and back. */
#define ROUND_TRIP(message, check)                                                            \
	static void message##_round_trip(struct view body)                                    \
	{                                                                                     \
		struct message first;                                                         \
		struct message second;                                                        \
		struct error   err = {0};                                                     \
		AUTO_BYTES     once = {0};                                                    \
		AUTO_BYTES     twice = {0};                                                   \
                                                                                              \
		if (message##_decode(body, &first, &err) != 0) {                              \
			assert(err.kind == ERROR_MALFORMED);                                  \
			return;                                                               \
		}                                                                             \
		check(&first, body);                                                          \
		message##_encode(&first, &once);                                              \
		assert(message##_decode(bytes_view(&once), &second, &err) == 0);              \
		message##_encode(&second, &twice);                                            \
		assert(view_equal(bytes_view(&once), bytes_view(&twice)));                    \
	}

static void
question_check(const struct attestation_question *question, struct view body)
{
	assert(question->kind == ATTESTATION_CHALLENGE || question->kind == ATTESTATION_CERTIFY);
	assert(view_is_inside(question->peer, body));
	if (question->kind == ATTESTATION_CERTIFY) {
		assert(view_is_inside(question->certify.secret, body));
		return;
	}
	assert(question->challenge.certificate_count <= ATTESTATION_CERTIFICATES_MAX);
	for (size_t i = 0; i < question->challenge.certificate_count; i++)
		assert(question->challenge.certificates[i].size <= ATTESTATION_CERTIFICATE_MAX &&
		    view_is_inside(question->challenge.certificates[i], body));
	assert(view_is_inside(question->challenge.ek, body));
	assert(view_is_inside(question->challenge.wish, body));
}

static void
greeting_check(const struct service_greeting *greeting, struct view body)
{
	assert(greeting->proxy_protocol < PROXY_PROTOCOL_COUNT && greeting->network_count <= PROXIES_MAX);
	for (size_t i = 0; i < greeting->network_count; i++)
		assert(view_is_inside(greeting->networks[i], body));
	assert(view_is_inside(greeting->tls_chain, body) && view_is_inside(greeting->tls_key, body));
}

static void
acme_question_check(const struct acme_question *question, struct view body)
{
	assert(question->kind < ACME_QUESTION_COUNT && question->contact_count <= ACME_CONTACTS_MAX &&
	    question->identifier_count <= ACME_IDENTIFIERS_MAX &&
	    question->statement.chain_count <= ACME_CHAIN_MAX && question->not_before >= 0 &&
	    question->not_after >= 0 &&
	    question->problem.kind < ERROR_KIND_COUNT);
	for (size_t i = 0; i < question->identifier_count; i++)
		assert(view_is_inside(question->identifiers[i].value, body));
}

static void
acme_answer_check(const struct acme_answer *answer, struct view body)
{
	assert(answer->kind < ACME_ANSWER_COUNT);
	if (answer->kind == ACME_ANSWER_ORDERS) {
		assert(answer->orders.count <= ACME_ORDERS_MAX);
		for (size_t i = 0; i < answer->orders.count; i++)
			assert(view_is_inside(answer->orders.ids[i], body));
	}
}

static void
acme_greeting_check(const struct acme_greeting *greeting, struct view body)
{
	assert(view_is_inside(greeting->base, body) && view_is_inside(greeting->service.tls_key, body));
}

static void
file_news_check(const struct file_news *news, struct view body)
{
	assert(news->version != 0 && news->name.size <= FILE_NAME_MAX);
	assert(view_is_inside(news->name, body) && file_message_is(body));
}

static void
file_question_check(const struct file_question *question, struct view body)
{
	assert(question->offset <= FILE_SIZE_MAX && question->name.size <= FILE_NAME_MAX);
	assert(view_is_inside(question->name, body) && file_message_is(body));
}

static void
file_piece_check(const struct file_piece *piece, struct view body)
{
	assert(piece->size <= FILE_SIZE_MAX && piece->data.size <= FILE_PIECE_MAX);
	assert(view_is_inside(piece->data, body));
}

ROUND_TRIP(attestation_question, question_check)
ROUND_TRIP(service_greeting, greeting_check)
ROUND_TRIP(acme_question, acme_question_check)
ROUND_TRIP(acme_answer, acme_answer_check)
ROUND_TRIP(acme_greeting, acme_greeting_check)
ROUND_TRIP(file_news, file_news_check)
ROUND_TRIP(file_question, file_question_check)
ROUND_TRIP(file_piece, file_piece_check)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view               body = {data, size};
	struct attestation_answer answer;
	struct view               chain[ATTESTATION_CHAIN_MAX];
	size_t                    count = 0;
	struct error              err = {0};

	attestation_question_round_trip(body);
	service_greeting_round_trip(body);
	acme_question_round_trip(body);
	acme_answer_round_trip(body);
	acme_greeting_round_trip(body);
	file_news_round_trip(body);
	file_question_round_trip(body);
	file_piece_round_trip(body);
	/* Where -1 may be a refusal of any kind. */
	if (attestation_answer_decode(body, &answer, &err) == 0)
		assert(view_is_inside(answer.first, body) && view_is_inside(answer.second, body));
	if (attestation_chain_decode(body, chain, &count, &err) == 0)
		assert(count <= ATTESTATION_CHAIN_MAX);
	return 0;
}
