/* Owns the form in which a client sees a failure; error.h has the kinds of failure. */
#include "config.h"

#include "http/problem.h"

#include <stdio.h>
#include <string.h>

#include <event2/util.h>
#include <jansson.h>

#include "util/bytes.h"
#include "util/error.h"

/* A detail may hold remote text. If it is not UTF-8, it is sent in the form of the reason
 * phrase. */
static json_t *
problem_text(const struct error *err)
{
	json_t *text = json_string(err->detail);
	char    reason[PROBLEM_REASON_SIZE];

	if (text != NULL)
		return text;
	problem_reason(err, reason);
	return json_string(reason);
}

char *
problem_body(const char *problem_namespace, const struct error *err)
{
	AUTO_BYTES type = {0};
	json_t    *problem;
	char      *text;

	if (problem_namespace == NULL) { /* RFC 9457 §4.2.1: adds nothing to the status */
		bytes_append(&type, "about:blank", sizeof "about:blank");
	} else {
		bytes_append(&type, problem_namespace, strlen(problem_namespace));
		bytes_append(&type, error_type(err->kind), strlen(error_type(err->kind)) + 1);
	}
	problem = json_pack("{s:s, s:s, s:i, s:o}", "type", (const char *)type.data, "title",
	    error_title(err->kind), "status", error_status(err->kind), "detail",
	    problem_text(err));
	if (error_enrolment(err->kind) != NULL)
		(void)json_object_set_new(problem, ERROR_ENROLMENT_MEMBER,
		    json_string(error_enrolment(err->kind)));
	text = json_dumps(problem, JSON_COMPACT);
	json_decref(problem);
	return text != NULL ? text : memory_strdup("{}");
}

void
problem_reason(const struct error *err, char reason[PROBLEM_REASON_SIZE])
{
	const char *text = err->detail[0] != '\0' ? err->detail : error_title(err->kind);
	size_t      used = 0;

	for (; *text != '\0' && used < PROBLEM_REASON_SIZE - 1; text++)
		reason[used++] = (char)(*text >= 0x20 && *text < 0x7f ? *text : '?');
	reason[used] = '\0';
	if (*text != '\0')
		memcpy(reason + used - 3, "...", 3);
}

const char *
problem_retry_after(const struct error *err)
{
	switch (error_status(err->kind)) {
	case 429:
		return "60";
	case 503:
		return "5";
	default:
		return NULL;
	}
}

static void
problem_header(struct bytes *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	bytes_append(out, name, strlen(name));
	bytes_append(out, ": ", 2);
	bytes_append(out, value, strlen(value));
	bytes_append(out, "\r\n", 2);
}

void
problem_message(const char *problem_namespace, const struct error *err, const char *allow,
    struct bytes *out)
{
	AUTO_FREE char *body = problem_body(problem_namespace, err);
	char            reason[PROBLEM_REASON_SIZE];
	char            line[PROBLEM_REASON_SIZE + 32];
	char            date[64];

	problem_reason(err, reason);
	(void)snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", error_status(err->kind), reason);
	bytes_append(out, line, strlen(line));
	(void)evutil_date_rfc1123(date, sizeof date, NULL);
	problem_header(out, "Date", date);
	problem_header(out, "Content-Type", PROBLEM_TYPE);
	problem_header(out, "Cache-Control", "no-store");
	problem_header(out, "Retry-After", problem_retry_after(err));
	problem_header(out, "Allow", allow);
	problem_header(out, "Connection", "close");
	(void)snprintf(line, sizeof line, "%zu", strlen(body));
	problem_header(out, "Content-Length", line);
	bytes_append(out, "\r\n", 2);
	bytes_append(out, body, strlen(body));
}
