/*
 * Shared by the rows of ACME's database: ids and kinds of columns. Accounts, orders,
 * authorizations and certificates have files of their own.
 */
#include "config.h"

#include "store/acme/rows.h"

#include <sys/random.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/base64.h"

int
store_acme_create(const char *place, struct error *err)
{
	return store_database_create(STORE_ACME, place, err);
}

int
store_acme_open(const char *place, struct store **out, struct error *err)
{
	return store_database_open(STORE_ACME, place, out, err);
}

int
store_id_draw(char id[STORE_ID_SIZE], struct error *err)
{
	AUTO_FREE char *text = NULL;
	uint8_t         octets[16];

	if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
		return error_set_errno(err, ERROR_INTERNAL, "drawing an id");
	text = base64_encode(BASE64_URL, octets, sizeof octets);
	(void)snprintf(id, STORE_ID_SIZE, "%s", text);
	return 0;
}

void
store_problem_set(struct store_problem *problem, const struct error *err)
{
	free(problem->detail);
	problem->kind = err->kind;
	problem->detail = memory_strdup(err->detail);
}

void
acme_read_id(struct sql_statement *row, int column, char *id, size_t size)
{
	const char *text = sql_column_text(row, column);

	(void)snprintf(id, size, "%s", text != NULL ? text : "");
}

char *
acme_read_text(struct sql_statement *row, int column)
{
	const char *text = sql_column_text(row, column);

	return text != NULL ? memory_strdup(text) : NULL;
}

void
acme_read_octets(struct sql_statement *row, int column, struct bytes *out)
{
	struct view octets = sql_column_octets(row, column);

	bytes_append(out, octets.data, octets.size);
}

int
acme_read_status(struct store *store, struct sql_statement *row, int column,
    enum status *status, struct error *err)
{
	const char *text = sql_column_text(row, column);

	if (text == NULL || !status_parse(text, status))
		return error_set(err, ERROR_INTERNAL, "%s has a status that cannot be; restore it from a backup",
		    store_place(store));
	return 0;
}

/* Stored as its type, which does not change when the table of kinds grows. */
void
acme_read_problem(struct sql_statement *row, int column, struct store_problem *problem)
{
	const char *type = sql_column_text(row, column);

	problem->kind = ERROR_INTERNAL;
	for (size_t kind = 0; type != NULL && kind < ERROR_KIND_COUNT; kind++) {
		if (strcmp(error_type((enum error_kind)kind), type) == 0)
			problem->kind = (enum error_kind)kind;
	}
	problem->detail = acme_read_text(row, column + 1);
}

void
acme_bind_problem(struct sql_statement *statement, int index,
    const struct store_problem *problem)
{
	sql_bind_text(statement, index, problem->detail != NULL ? error_type(problem->kind) : NULL);
	sql_bind_text(statement, index + 1, problem->detail);
}

int
acme_update_one(struct store *store, struct sql_statement *statement, const char *doing,
    const char *conflict, struct error *err)
{
	if (sql_step(statement, doing, err) < 0)
		return -1;
	if (sql_changed(store) != 1)
		return error_set(err, ERROR_CONFLICT, "%s", conflict);
	return 0;
}
