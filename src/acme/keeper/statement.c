/* Owns the table of attestation formats that are accepted. */
#include "config.h"

#include "acme/keeper/statement.h"

#include <stdlib.h>
#include <string.h>

#include "acme/message.h"
#include "util/error.h"

static const struct {
	const char *name;
	int (*verify)(const struct acme_statement *statement, const struct statement_facts *facts,
	    struct statement_verdict *verdict, struct error *err);
} formats[] = {
    {"tpm", statement_tpm_verify},
};

static int
statement_verify_format(const struct acme_statement *statement,
    const struct statement_facts *facts, struct statement_verdict *verdict, struct error *err)
{
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		struct view name = view_text(formats[i].name);

		if (view_equal(name, statement->format))
			return formats[i].verify(statement, facts, verdict, err);
	}
	return error_set(err, ERROR_BAD_ATTESTATION_STATEMENT,
	    "the attestation format \"%.*s\" is not accepted here, only \"tpm\"",
	    (int)statement->format.size, (const char *)statement->format.data);
}

int
statement_verify(const struct acme_statement *statement, const struct statement_facts *facts,
    struct statement_verdict *verdict, struct error *err)
{
	*verdict = (struct statement_verdict){0};
	if (statement_verify_format(statement, facts, verdict, err) == 0)
		return 0;
	statement_verdict_clear(verdict);
	if (err->kind != ERROR_INTERNAL)
		err->kind = ERROR_BAD_ATTESTATION_STATEMENT;
	return -1;
}

/* There is one format; another's chain would have to say whose it is. */
int
statement_check_chain(struct view chain, const struct statement_facts *facts, struct error *err)
{
	if (statement_tpm_check_chain(chain, facts, err) == 0)
		return 0;
	if (err->kind != ERROR_INTERNAL)
		err->kind = ERROR_BAD_ATTESTATION_STATEMENT;
	return -1;
}

void
statement_verdict_clear(struct statement_verdict *verdict)
{
	bytes_clear(&verdict->key);
	bytes_clear(&verdict->chain);
	free(verdict->witness);
	*verdict = (struct statement_verdict){0};
}
