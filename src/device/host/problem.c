/* Reads problem documents; their text is remote and may be shown on a terminal. */
#include "config.h"

#include "device/host/problem.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "device/host/http_client.h"
#include "device/host/retry.h"
#include "util/error.h"
#include "util/json_members.h"

/* Most subproblems shown; more would not help. */
#define SUBPROBLEMS_MAX 8

static const struct json_member subproblem_members[] = {JSON_ADVISORY("detail", NULL), {0}};

const struct json_member problem_members[] = {
    JSON_ADVISORY("type", NULL),
    JSON_ADVISORY("title", NULL),
    JSON_ADVISORY("detail", NULL),
    JSON_ADVISORY(ERROR_ENROLMENT_MEMBER, NULL),
    {"subproblems", subproblem_members, .list = true, .advisory = true},
    {0},
};

static const char *const prefixes[] = {"urn:attest-ca:error:", "urn:ietf:params:acme:error:"};

static enum error_kind
kind_of_type(const char *type)
{
	for (size_t i = 0; type != NULL && i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(type, prefixes[i], length) != 0)
			continue;
		for (enum error_kind kind = 0; kind < ERROR_KIND_COUNT; kind++) {
			if (strcmp(error_type(kind), type + length) == 0)
				return kind;
		}
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

static enum error_kind
kind_of_enrolment(const char *word)
{
	for (enum error_kind kind = 0; word != NULL && kind < ERROR_KIND_COUNT; kind++) {
		if (error_enrolment(kind) != NULL && strcmp(error_enrolment(kind), word) == 0)
			return kind;
	}
	return ERROR_NOT_ENROLLED;
}

static const char *
member_text(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);
	const char   *text = json_string_value(member);

	return text != NULL && strlen(text) == json_string_length(member) ? text : NULL;
}

/* Appends the details of the subproblems (RFC 8555 §6.7.1), which the document's own detail may
 * lack. */
static void
subproblems_append(const json_t *document, struct error *err)
{
	size_t        index;
	const json_t *problem;

	json_array_foreach(json_object_get(document, "subproblems"), index, problem)
	{
		struct error outer = *err;

		if (index == SUBPROBLEMS_MAX)
			break;
		if (member_text(problem, "detail") != NULL)
			(void)error_set(err, outer.kind, "%s: %s", outer.detail,
			    member_text(problem, "detail"));
	}
}

int
problem_error_object(const json_t *document, struct error *err)
{
	enum error_kind kind = kind_of_type(member_text(document, "type"));
	const char     *detail = member_text(document, "detail");

	if (kind == ERROR_NOT_ENROLLED)
		kind = kind_of_enrolment(member_text(document, ERROR_ENROLMENT_MEMBER));
	if (detail == NULL)
		detail = member_text(document, "title");
	if (detail == NULL)
		detail = member_text(document, "type");
	(void)error_set(err, kind, "%s", detail != NULL ? detail : "the server gives no reason");
	subproblems_append(document, err);
	controls_remove(err->detail);
	return -1;
}

int
problem_error(const struct http_answer *answer, const char *base, const char *what,
    struct error *err)
{
	json_t *document = NULL;
	char    later[64] = "";

	/* A document that cannot be read says nothing. */
	(void)json_members_decode(bytes_view(&answer->body), problem_members, &document, err);
	if (answer->retry_after > 0)
		(void)snprintf(later, sizeof later, "; try again in %ld s", answer->retry_after);
	if (member_text(document, "detail") != NULL || member_text(document, "title") != NULL) {
		struct error told;

		(void)problem_error_object(document, &told);
		(void)error_set(err, told.kind, "%s%s", told.detail, later);
	} else if (retry_status(answer->status, RETRY_SAFE)) {
		(void)error_set(err, ERROR_INTERNAL, "%s answered HTTP %ld: %s, or a proxy before it, has a"
		    " failure that may pass%s", base, answer->status, what, later);
	} else {
		(void)error_set(err, ERROR_INTERNAL, "%s answered HTTP %ld: is this the URL of %s?%s",
		    base, answer->status, what, later);
	}
	json_decref(document);
	return -1;
}

/* Octets of a word that is plain to every shell, or quoted; 0 when it is another. */
static size_t
options_word(const char *text)
{
	static const char safe[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._:@+-";
	size_t            length = strspn(text, safe);

	if (text[0] != '\'')
		return length;
	for (length = 1; text[length] >= ' ' && text[length] <= '~' && text[length] != '\''; length++)
		;
	return text[length] == '\'' ? length + 1 : 0;
}

void
problem_options(const char *refusal, char text[PROBLEM_OPTIONS_SIZE])
{
	static const char        command[] = "run: attest-ca";
	static const char *const options[] = {" --state-dir ", " --store "};
	const char              *begin = strstr(refusal, command);
	const char              *end;

	text[0] = '\0';
	if (begin == NULL)
		return;
	begin += sizeof command - 1;
	end = begin;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		size_t length = strlen(options[i]);
		size_t word;

		if (strncmp(end, options[i], length) != 0)
			continue;
		if ((word = options_word(end + length)) == 0 || end[length + word] != ' ')
			return;
		end += length + word;
	}
	if (end - begin < PROBLEM_OPTIONS_SIZE)
		(void)snprintf(text, PROBLEM_OPTIONS_SIZE, "%.*s", (int)(end - begin), begin);
}

bool
problem_asks_replace(const char *refusal, const char *hash)
{
	static const char command[] = " replace DEVICE ";
	const char       *begin = strstr(refusal, command);

	return begin != NULL && strcmp(begin + sizeof command - 1, hash) == 0;
}
