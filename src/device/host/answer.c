/* Decodes answers; does not know what the members mean. */
#include "config.h"

#include "device/host/answer.h"

#include "util/error.h"

int
answer_decode(struct view body, const struct json_member *members, json_t **out,
    struct error *err)
{
	AUTO_BYTES   read = {0};
	json_error_t why;

	*out = NULL;
	if (json_members_keep(body, members, &read, err) != 0)
		return -1;
	*out = json_loadb((const char *)(read.size != 0 ? read.data : (const uint8_t *)""), read.size,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
	if (*out == NULL)
		return error_set(err, ERROR_MALFORMED, "not JSON: line %d, column %d: %s", why.line,
		    why.column, why.text);
	if (json_is_object(*out))
		return 0;
	json_decref(*out);
	*out = NULL;
	return error_set(err, ERROR_MALFORMED, "not a JSON object");
}
