/* Reads what a server says went wrong; the text is a stranger's, and goes to a terminal. */
#include "config.h"

#include "device/problem.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "device/http_client.h"
#include "util/error.h"

#define TYPE_PREFIX "urn:attest-ca:error:"

static enum error_kind
kind_of_type(const char *type)
{
	if (type == NULL || strncmp(type, TYPE_PREFIX, sizeof TYPE_PREFIX - 1) != 0)
		return ERROR_INTERNAL;
	type += sizeof TYPE_PREFIX - 1;
	for (enum error_kind kind = 0; kind < ERROR_KIND_COUNT; kind++) {
		if (strcmp(error_type(kind), type) == 0)
			return kind;
	}
	return ERROR_INTERNAL;
}

/* Terminals obey C0 and, as UTF-8 (C2 80 to C2 9F), C1 control characters. */
static void
controls_remove(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
		if (*at < 0x20 || *at == 0x7f)
			*at = ' ';
		else if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
			*at = at[1] = ' ';
	}
}

int
problem_error(const struct http_answer *answer, const char *base, struct error *err)
{
	json_t         *document = json_loadb((const char *)answer->body.data, answer->body.size, 0, NULL);
	const char     *detail = json_string_value(json_object_get(document, "detail"));
	enum error_kind kind = kind_of_type(json_string_value(json_object_get(document, "type")));
	char            later[64] = "";

	if (detail == NULL)
		detail = json_string_value(json_object_get(document, "title"));
	if (answer->retry_after > 0)
		(void)snprintf(later, sizeof later, "; try again in %ld s", answer->retry_after);
	if (detail != NULL)
		(void)error_set(err, kind, "%s%s", detail, later);
	else
		(void)error_set(err, kind, "%s answered HTTP %ld: is this the URL of attestd?%s", base,
		    answer->status, later);
	controls_remove(err->detail);
	json_decref(document);
	return -1;
}
