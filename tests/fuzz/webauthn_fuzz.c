/*
 * What webauthn_object_decode takes points into what it was given, keeps its bounds,
 * and is the same when it is written and read again.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "util/error.h"
#include "webauthn/item.h"
#include "webauthn/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(struct view a, struct view b)
{
	assert(a.size <= WEBAUTHN_CERTIFICATE_MAX && view_equal(a, b));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct webauthn_object object;
	struct webauthn_object again;
	AUTO_BYTES             written = {0};
	struct error           err = {0};

	if (webauthn_object_decode((struct view){data, size}, &object, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED && err.detail[0] != '\0');
		webauthn_object_clear(&object);
		return 0;
	}
	assert(object.format.size >= 1 && object.format.size <= WEBAUTHN_FORMAT_MAX);
	assert(object.known == item_is(object.format, "tpm"));
	if (object.known) {
		webauthn_object_encode_tpm(&object.statement, &written);
		assert(webauthn_object_decode(bytes_view(&written), &again, &err) == 0);
		assert(again.statement.alg == object.statement.alg);
		assert(again.statement.chain_count == object.statement.chain_count);
		for (size_t i = 0; i < object.statement.chain_count; i++)
			same(object.statement.chain[i], again.statement.chain[i]);
		same(object.statement.signature, again.statement.signature);
		same(object.statement.cert_info, again.statement.cert_info);
		same(object.statement.pub_area, again.statement.pub_area);
		webauthn_object_clear(&again);
	}
	webauthn_object_clear(&object);
	return 0;
}
