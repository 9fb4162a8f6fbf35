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
	struct attestation_question first;
	struct attestation_question second;
	struct error            err = {0};
	AUTO_BYTES              once = {0};
	AUTO_BYTES              twice = {0};

	if (attestation_question_decode(body, &first, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED);
		return;
	}
	assert(first.kind == ATTESTATION_CHALLENGE || first.kind == ATTESTATION_CERTIFY);
	if (first.kind == ATTESTATION_CHALLENGE) {
		assert(first.challenge.certificate_count <= ATTESTATION_CERTIFICATES_MAX);
		for (size_t i = 0; i < first.challenge.certificate_count; i++)
			assert(first.challenge.certificates[i].size <= ATTESTATION_CERTIFICATE_MAX &&
			    view_is_inside(first.challenge.certificates[i], body));
		assert(view_is_inside(first.challenge.ek, body));
	}
	attestation_question_encode(&first, &once);
	assert(attestation_question_decode(bytes_view(&once), &second, &err) == 0);
	attestation_question_encode(&second, &twice);
	assert(view_equal(bytes_view(&once), bytes_view(&twice)));
}

static void
decode_telling(struct view body)
{
	struct attestation_telling first;
	struct attestation_telling second;
	struct error           err = {0};
	AUTO_BYTES             once = {0};
	AUTO_BYTES             twice = {0};

	if (attestation_telling_decode(body, &first, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED);
		return;
	}
	assert(first.told != ATTESTATION_FILE || first.file.name < ATTESTATION_FILE_COUNT);
	attestation_telling_encode(&first, &once);
	assert(attestation_telling_decode(bytes_view(&once), &second, &err) == 0);
	attestation_telling_encode(&second, &twice);
	assert(view_equal(bytes_view(&once), bytes_view(&twice)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view           body = {data, size};
	struct attestation_answer answer;
	struct error          err = {0};

	decode_question(body);
	decode_telling(body);
	if (attestation_answer_decode(body, &answer, &err) == 0)
		assert(view_is_inside(answer.first, body) && view_is_inside(answer.second, body));
	return 0;
}
