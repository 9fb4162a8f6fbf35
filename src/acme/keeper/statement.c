/* The table of accepted attestation formats. */
#include "config.h"

#include "acme/keeper/statement.h"

#include <stdlib.h>
#include <string.h>

#include "acme/message.h"
#include "util/error.h"

struct statement_format {
	const char *name;
	int (*verify)(const struct acme_statement *statement, const struct statement_facts *facts,
	    struct statement_verdict *verdict, struct error *err);
	int (*check_chain)(struct view chain, const struct statement_facts *facts,
	    struct bytes *ak_serial, struct error *err);
};

#define FORMAT(name, text) {text, statement_##name##_verify, statement_##name##_check_chain},
static const struct statement_format formats[] = {WEBAUTHN_FORMATS(FORMAT)};

#define FORMATS_COUNT (sizeof formats / sizeof formats[0])

/* The names of all formats, quoted, for people. */
static char *
statement_formats(void)
{
	struct bytes text = {0};

	for (size_t i = 0; i < FORMATS_COUNT; i++) {
		if (i != 0)
			bytes_append(&text, ", ", 2);
		bytes_append_u8(&text, '"');
		bytes_append(&text, formats[i].name, strlen(formats[i].name));
		bytes_append_u8(&text, '"');
	}
	bytes_append_u8(&text, '\0');
	return (char *)text.data;
}

static const struct statement_format *
statement_format_find(struct view name, struct error *err)
{
	AUTO_FREE char *accepted = NULL;

	for (size_t i = 0; i < FORMATS_COUNT; i++) {
		if (view_equal(view_text(formats[i].name), name))
			return &formats[i];
	}
	accepted = statement_formats();
	error_set(err, ERROR_BAD_ATTESTATION_STATEMENT,
	    "the attestation format \"%.*s\" is not accepted here, only %s", (int)name.size,
	    (const char *)name.data, accepted);
	return NULL;
}

/* Converts all failures that are not internal to one kind. */
static int
statement_refuse(struct error *err)
{
	if (err->kind != ERROR_INTERNAL)
		err->kind = ERROR_BAD_ATTESTATION_STATEMENT;
	return -1;
}

int
statement_verify(const struct acme_statement *statement, const struct statement_facts *facts,
    struct statement_verdict *verdict, struct error *err)
{
	const struct statement_format *format = statement_format_find(statement->format, err);

	*verdict = (struct statement_verdict){0};
	if (format != NULL && format->verify(statement, facts, verdict, err) == 0) {
		verdict->format = format->name;
		return 0;
	}
	statement_verdict_clear(verdict);
	return statement_refuse(err);
}

int
statement_check_chain(const char *name, struct view chain, const struct statement_facts *facts,
    struct bytes *ak_serial, struct error *err)
{
	const struct statement_format *format;

	if (name == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION_STATEMENT,
		    "what attested the key was not kept; make a new order");
	format = statement_format_find(view_text(name), err);
	if (format != NULL && format->check_chain(chain, facts, ak_serial, err) == 0)
		return 0;
	return statement_refuse(err);
}

void
statement_verdict_clear(struct statement_verdict *verdict)
{
	bytes_clear(&verdict->key);
	bytes_clear(&verdict->chain);
	free(verdict->witness);
	*verdict = (struct statement_verdict){0};
}
