/*
 * A hostile front of the attestation CA, or a hostile keeper: octets that are taken
 * for what either says. What decodes is within its bounds and within the message, and
 * what is made of it again decodes to the same.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attestation/message.h"
#include "fuzz.h"
#include "util/error.h"

static bool
view_is_inside(struct view part, struct view body)
{
	return part.size == 0 ||
	    (part.data >= body.data && part.size <= body.size &&
	        part.data + part.size <= body.data + body.size);
}

static void
decode_question(struct view body)
{
	struct message_question first;
	struct message_question second;
	struct error            err = {0};
	AUTO_BYTES              once = {0};
	AUTO_BYTES              twice = {0};

	if (message_question_decode(body, &first, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED);
		return;
	}
	assert(first.kind == MESSAGE_CHALLENGE || first.kind == MESSAGE_CERTIFY);
	if (first.kind == MESSAGE_CHALLENGE) {
		assert(first.challenge.certificate_count <= MESSAGE_CERTIFICATES_MAX);
		for (size_t i = 0; i < first.challenge.certificate_count; i++)
			assert(first.challenge.certificates[i].size <= MESSAGE_CERTIFICATE_MAX &&
			    view_is_inside(first.challenge.certificates[i], body));
		assert(view_is_inside(first.challenge.ek, body));
	}
	message_question_encode(&first, &once);
	assert(message_question_decode(bytes_view(&once), &second, &err) == 0);
	message_question_encode(&second, &twice);
	assert(view_equal(bytes_view(&once), bytes_view(&twice)));
}

static void
decode_telling(struct view body)
{
	struct message_telling first;
	struct message_telling second;
	struct error           err = {0};
	AUTO_BYTES             once = {0};
	AUTO_BYTES             twice = {0};

	if (message_telling_decode(body, &first, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED);
		return;
	}
	assert(first.told != MESSAGE_FILE || first.file.name < MESSAGE_FILE_COUNT);
	message_telling_encode(&first, &once);
	assert(message_telling_decode(bytes_view(&once), &second, &err) == 0);
	message_telling_encode(&second, &twice);
	assert(view_equal(bytes_view(&once), bytes_view(&twice)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view           body = {data, size};
	struct message_answer answer;
	struct error          err = {0};

	decode_question(body);
	decode_telling(body);
	if (message_answer_decode(body, &answer, &err) == 0)
		assert(view_is_inside(answer.first, body) && view_is_inside(answer.second, body));
	return 0;
}
