/* Fuzzes what enroll --ek reads, in every form; what is taken has a hash that its base64 has, too. */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "admin/ek_content.h"
#include "fuzz.h"
#include "util/base64.h"
#include "util/error.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view     content = {data, size};
	struct ek_hash  hash = {{0}};
	struct ek_hash  again = {{0}};
	AUTO_FREE char *text = NULL;
	struct error    err = {0};

	if (ek_content_hash(content, "fuzz", &hash, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED || err.kind == ERROR_BAD_ATTESTATION);
		assert(err.detail[0] != '\0');
		return 0;
	}
	/* Base64 of base64 is no form: only what is not text itself is tried. */
	for (size_t i = 0; i < size; i++) {
		if (data[i] >= 0x80) {
			text = base64_encode(BASE64_STANDARD, data, size);
			break;
		}
	}
	if (text != NULL) {
		assert(ek_content_hash(view_text(text), "fuzz", &again, &err) == 0);
		assert(memcmp(&hash, &again, sizeof hash) == 0);
	}
	return 0;
}
