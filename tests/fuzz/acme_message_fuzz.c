/*
 * A hostile front: octets that are taken for a question of it. What decodes is
 * within its bounds, and what is made of it again decodes to the same.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "acme/message.h"
#include "fuzz.h"
#include "util/error.h"

static void
decode_question(struct view body)
{
	struct acme_question first;
	struct acme_question second;
	struct error         err = {0};
	AUTO_BYTES           once = {0};
	AUTO_BYTES           twice = {0};

	if (acme_question_decode(body, &first, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED);
		return;
	}
	assert(first.kind < ACME_QUESTION_COUNT && first.contact_count <= ACME_CONTACTS_MAX &&
	    first.identifier_count <= ACME_IDENTIFIERS_MAX &&
	    first.statement.chain_count <= ACME_CHAIN_MAX && first.not_before >= 0 &&
	    first.not_after >= 0 && first.file < ACME_FILE_COUNT &&
	    first.problem.kind < ERROR_KIND_COUNT);
	acme_question_encode(&first, &once);
	assert(acme_question_decode(bytes_view(&once), &second, &err) == 0);
	acme_question_encode(&second, &twice);
	assert(view_equal(bytes_view(&once), bytes_view(&twice)));
}

static void
decode_answer(struct view body)
{
	struct acme_answer first;
	struct acme_answer second;
	struct error       err = {0};
	AUTO_BYTES         once = {0};
	AUTO_BYTES         twice = {0};

	if (acme_answer_decode(body, &first, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED);
		return;
	}
	acme_answer_encode(&first, &once);
	assert(acme_answer_decode(bytes_view(&once), &second, &err) == 0);
	acme_answer_encode(&second, &twice);
	assert(view_equal(bytes_view(&once), bytes_view(&twice)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acme_greeting greeting;
	struct error         err = {0};

	decode_question((struct view){data, size});
	decode_answer((struct view){data, size});
	(void)acme_greeting_decode((struct view){data, size}, &greeting, &err);
	return 0;
}
