/*
 * Owns the encoding of messages: every field of every message is a row of a
 * table, with its bound. What they ask for is decided elsewhere.
 */
#include "config.h"

#include "acme/message.h"

#include <string.h>

#include "util/cbor.h"
#include "util/utf8.h"

#define TEXT_MAX    512U
#define ID_MAX      32U
#define KEY_MAX     4096U
#define BLOB_MAX    ((size_t)32 * 1024)
#define GREETING_MAX ((size_t)64 * 1024)

enum field_kind {
	FIELD_TEXT,   /* struct view: UTF-8 without control characters */
	FIELD_OCTETS, /* struct view */
	FIELD_NUMBER, /* uint64_t */
	FIELD_TIME,   /* int64_t, never negative */
	FIELD_SIGNED, /* int64_t */
	FIELD_FLAG,   /* bool */
	FIELD_STATUS, /* enum status */
	FIELD_ERROR,  /* enum error_kind */
	FIELD_TEXTS,  /* array of struct view, its size_t count */
	FIELD_CHAIN,  /* the same, of octets */
	FIELD_IDENTIFIERS, /* array of struct acme_identifier, its size_t count */
	FIELD_SUBPROBLEMS, /* array of struct acme_subproblem, its size_t count */
};

/* Where a field is in its struct, and its bounds. */
struct field {
	enum field_kind kind;
	size_t          offset;
	size_t          max;    /* octets of each view, or the greatest number */
	size_t          count;  /* offset of the count of a list */
	size_t          count_max;
};

static const void *
field_at(const void *base, size_t offset)
{
	return (const char *)base + offset;
}

static void *
field_in(void *base, size_t offset)
{
	return (char *)base + offset;
}

static void
view_write(struct bytes *out, struct view view)
{
	cbor_write_bytes(out, view.data, view.size);
}

static void
list_write(const struct field *field, const void *base, struct bytes *out)
{
	const void *items = field_at(base, field->offset);
	size_t      count = *(const size_t *)field_at(base, field->count);

	cbor_write_array(out, count);
	for (size_t i = 0; i < count; i++) {
		if (field->kind == FIELD_IDENTIFIERS) {
			const struct acme_identifier *identifier = (const struct acme_identifier *)items + i;

			view_write(out, identifier->type);
			view_write(out, identifier->value);
		} else if (field->kind == FIELD_SUBPROBLEMS) {
			const struct acme_subproblem *sub = (const struct acme_subproblem *)items + i;

			cbor_write_unsigned(out, sub->problem.kind);
			view_write(out, sub->problem.detail);
			view_write(out, sub->identifier.type);
			view_write(out, sub->identifier.value);
		} else {
			view_write(out, ((const struct view *)items)[i]);
		}
	}
}

static void
field_write(const struct field *field, const void *base, struct bytes *out)
{
	const void *at = field_at(base, field->offset);

	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_OCTETS:
		view_write(out, *(const struct view *)at);
		break;
	case FIELD_NUMBER:
		cbor_write_unsigned(out, *(const uint64_t *)at);
		break;
	case FIELD_TIME:
	case FIELD_SIGNED:
		cbor_write_integer(out, *(const int64_t *)at);
		break;
	case FIELD_FLAG:
		cbor_write_unsigned(out, *(const bool *)at ? 1 : 0);
		break;
	case FIELD_STATUS:
		cbor_write_unsigned(out, *(const enum status *)at);
		break;
	case FIELD_ERROR:
		cbor_write_unsigned(out, *(const enum error_kind *)at);
		break;
	case FIELD_TEXTS:
	case FIELD_CHAIN:
	case FIELD_IDENTIFIERS:
	case FIELD_SUBPROBLEMS:
		list_write(field, base, out);
		break;
	}
}

/* Text goes into logs, the store and certificates: nothing in it may end or steer a line. */
static int
text_read(struct cbor_reader *reader, size_t max, struct view *text, struct error *err)
{
	size_t used = 0;

	if (cbor_read_bytes(reader, max, text, err) != 0)
		return -1;
	while (used < text->size) {
		uint32_t character = 0;
		size_t   size = utf8_decode(text->data + used, text->size - used, &character);

		if (size == 0 || utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED,
			    "a text is no UTF-8 or has control characters");
		used += size;
	}
	return 0;
}

static int
signed_read(struct cbor_reader *reader, int64_t *number, struct error *err)
{
	struct cbor_value value;

	if (cbor_read(reader, &value, err) != 0)
		return -1;
	if ((value.kind != CBOR_KIND_UNSIGNED && value.kind != CBOR_KIND_NEGATIVE) ||
	    value.number > INT64_MAX)
		return error_set(err, ERROR_MALFORMED, "a number is none, or too large");
	*number = value.kind == CBOR_KIND_NEGATIVE ? -1 - (int64_t)value.number : (int64_t)value.number;
	return 0;
}

static int
problem_read(struct cbor_reader *reader, struct acme_problem *problem, struct error *err)
{
	uint64_t kind = 0;

	if (cbor_read_unsigned(reader, ERROR_KIND_COUNT - 1, &kind, err) != 0 ||
	    text_read(reader, TEXT_MAX, &problem->detail, err) != 0)
		return -1;
	problem->kind = (enum error_kind)kind;
	return 0;
}

static int
identifier_read(struct cbor_reader *reader, struct acme_identifier *identifier, struct error *err)
{
	if (text_read(reader, TEXT_MAX, &identifier->type, err) != 0)
		return -1;
	return text_read(reader, TEXT_MAX, &identifier->value, err);
}

static int
item_read(const struct field *field, struct cbor_reader *reader, void *items, size_t i,
    struct error *err)
{
	struct acme_subproblem *sub;

	switch (field->kind) {
	case FIELD_IDENTIFIERS:
		return identifier_read(reader, (struct acme_identifier *)items + i, err);
	case FIELD_SUBPROBLEMS:
		sub = (struct acme_subproblem *)items + i;
		if (problem_read(reader, &sub->problem, err) != 0)
			return -1;
		return identifier_read(reader, &sub->identifier, err);
	case FIELD_TEXTS:
		return text_read(reader, field->max, (struct view *)items + i, err);
	default:
		return cbor_read_bytes(reader, field->max, (struct view *)items + i, err);
	}
}

static int
list_read(const struct field *field, struct cbor_reader *reader, void *base, struct error *err)
{
	void    *items = field_in(base, field->offset);
	uint64_t count = 0;

	if (cbor_read_list(reader, field->count_max, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (item_read(field, reader, items, i, err) != 0)
			return -1;
	}
	*(size_t *)field_in(base, field->count) = (size_t)count;
	return 0;
}

static int
field_read(const struct field *field, struct cbor_reader *reader, void *base, struct error *err)
{
	void    *at = field_in(base, field->offset);
	uint64_t number = 0;

	switch (field->kind) {
	case FIELD_TEXT:
		return text_read(reader, field->max, at, err);
	case FIELD_OCTETS:
		return cbor_read_bytes(reader, field->max, at, err);
	case FIELD_NUMBER:
		return cbor_read_unsigned(reader, field->max, at, err);
	case FIELD_SIGNED:
		return signed_read(reader, at, err);
	case FIELD_TIME:
		if (cbor_read_unsigned(reader, INT64_MAX, &number, err) != 0)
			return -1;
		*(int64_t *)at = (int64_t)number;
		return 0;
	case FIELD_FLAG:
		if (cbor_read_unsigned(reader, 1, &number, err) != 0)
			return -1;
		*(bool *)at = number != 0;
		return 0;
	case FIELD_STATUS:
		if (cbor_read_unsigned(reader, STATUS_COUNT - 1, &number, err) != 0)
			return -1;
		*(enum status *)at = (enum status)number;
		return 0;
	case FIELD_ERROR:
		if (cbor_read_unsigned(reader, ERROR_KIND_COUNT - 1, &number, err) != 0)
			return -1;
		*(enum error_kind *)at = (enum error_kind)number;
		return 0;
	default:
		return list_read(field, reader, base, err);
	}
}

#define ONE(kind, type, member, max) {FIELD_##kind, offsetof(type, member), max, 0, 0}
#define LIST(kind, type, member, max, number, most) \
	{FIELD_##kind, offsetof(type, member), max, offsetof(type, number), most}

/*
 * The fields of questions in their order on the wire; a name that the header's
 * table uses, and the rows that it stands for.
 */
#define QUESTION(kind, member, max) ONE(kind, struct acme_question, member, max)
enum question_field {
	ACCOUNT = 1 << 0,
	OBJECT = 1 << 1,
	JWK = 1 << 2,
	THUMBPRINT = 1 << 3,
	OLD_THUMBPRINT = 1 << 4,
	CONTACTS = 1 << 5,
	FLAGS = 1 << 6,
	CURSOR = 1 << 7,
	IDENTIFIERS = 1 << 8,
	VALIDITY = 1 << 9,
	STATEMENT = 1 << 10,
	PROBLEM = 1 << 11,
	CSR = 1 << 12,
	CERTIFICATE = 1 << 13,
	REASON = 1 << 14,
	SPKI = 1 << 15,
	FILE_PIECE = 1 << 16,
};

static const struct {
	unsigned     name;
	struct field field;
} question_fields[] = {
    {ACCOUNT, QUESTION(TEXT, account, ID_MAX)},
    {OBJECT, QUESTION(TEXT, object, ID_MAX)},
    {JWK, QUESTION(TEXT, jwk, KEY_MAX)},
    {THUMBPRINT, QUESTION(TEXT, thumbprint, 43)},
    {OLD_THUMBPRINT, QUESTION(TEXT, old_thumbprint, 43)},
    {CONTACTS, LIST(TEXTS, struct acme_question, contacts, TEXT_MAX, contact_count, ACME_CONTACTS_MAX)},
    {FLAGS, QUESTION(NUMBER, flags, 15)},
    {CURSOR, QUESTION(TEXT, cursor, ID_MAX)},
    {IDENTIFIERS, LIST(IDENTIFIERS, struct acme_question, identifiers, TEXT_MAX, identifier_count,
                      ACME_IDENTIFIERS_MAX)},
    {VALIDITY, QUESTION(TIME, not_before, 0)},
    {VALIDITY, QUESTION(TIME, not_after, 0)},
    {STATEMENT, QUESTION(TEXT, statement.format, ID_MAX)},
    {STATEMENT, QUESTION(SIGNED, statement.alg, 0)},
    {STATEMENT, LIST(CHAIN, struct acme_question, statement.chain, BLOB_MAX, statement.chain_count,
                    ACME_CHAIN_MAX)},
    {STATEMENT, QUESTION(OCTETS, statement.signature, KEY_MAX)},
    {STATEMENT, QUESTION(OCTETS, statement.cert_info, KEY_MAX)},
    {STATEMENT, QUESTION(OCTETS, statement.pub_area, KEY_MAX)},
    {PROBLEM, QUESTION(ERROR, problem.kind, 0)},
    {PROBLEM, QUESTION(TEXT, problem.detail, TEXT_MAX)},
    {CSR, QUESTION(OCTETS, csr, BLOB_MAX)},
    {CERTIFICATE, QUESTION(OCTETS, certificate, BLOB_MAX)},
    {REASON, QUESTION(NUMBER, reason, UINT32_MAX)},
    {SPKI, QUESTION(OCTETS, spki, KEY_MAX)},
    {FILE_PIECE, QUESTION(NUMBER, file, ACME_FILE_COUNT - 1)},
    {FILE_PIECE, QUESTION(NUMBER, version, INT64_MAX)},
    {FILE_PIECE, QUESTION(NUMBER, offset, INT64_MAX)},
};

#define QUESTION_FIELDS (sizeof question_fields / sizeof question_fields[0])

/* Which fields a kind of question has. */
static const unsigned question_kinds[ACME_QUESTION_COUNT] = {
#define X(name, fields) [ACME_##name] = (fields),
    ACME_QUESTIONS(X)
#undef X
};

static uint64_t
question_items(enum acme_question_kind kind)
{
	uint64_t items = 2;

	for (size_t i = 0; i < QUESTION_FIELDS; i++)
		items += (question_kinds[kind] & question_fields[i].name) != 0;
	return items;
}

void
acme_question_encode(const struct acme_question *question, struct bytes *out)
{
	cbor_write_array(out, question_items(question->kind));
	cbor_write_unsigned(out, question->kind);
	cbor_write_unsigned(out, question->request);
	for (size_t i = 0; i < QUESTION_FIELDS; i++) {
		if ((question_kinds[question->kind] & question_fields[i].name) != 0)
			field_write(&question_fields[i].field, question, out);
	}
}

int
acme_question_decode(struct view body, struct acme_question *question, struct error *err)
{
	struct cbor_reader reader = {body};
	uint64_t           count = 0;
	uint64_t           kind = 0;

	memset(question, 0, sizeof *question);
	if (cbor_read_list(&reader, 2 + QUESTION_FIELDS, &count, err) != 0 ||
	    cbor_read_unsigned(&reader, ACME_QUESTION_COUNT - 1, &kind, err) != 0 ||
	    cbor_read_unsigned(&reader, UINT64_MAX, &question->request, err) != 0)
		return -1;
	question->kind = (enum acme_question_kind)kind;
	if (count != question_items(question->kind))
		return error_set(err, ERROR_MALFORMED, "no question of kind %u has %u items",
		    (unsigned)kind, (unsigned)count);
	for (size_t i = 0; i < QUESTION_FIELDS; i++) {
		if ((question_kinds[kind] & question_fields[i].name) != 0 &&
		    field_read(&question_fields[i].field, &reader, question, err) != 0)
			return -1;
	}
	return cbor_read_end(&reader, err);
}

#define REFUSAL(kind, member, max) ONE(kind, struct acme_refusal, member, max)
static const struct field refusal_fields[] = {
    REFUSAL(ERROR, problem.kind, 0),
    REFUSAL(TEXT, problem.detail, TEXT_MAX),
    REFUSAL(TEXT, object, ID_MAX),
    REFUSAL(NUMBER, retry_after, UINT32_MAX),
    LIST(SUBPROBLEMS, struct acme_refusal, subproblems, TEXT_MAX, subproblem_count,
        ACME_IDENTIFIERS_MAX),
};

#define ACCOUNT_(kind, member, max) ONE(kind, struct acme_account, member, max)
static const struct field account_fields[] = {
    ACCOUNT_(TEXT, id, ID_MAX),
    ACCOUNT_(STATUS, status, 0),
    ACCOUNT_(TEXT, jwk, KEY_MAX),
    ACCOUNT_(TEXT, thumbprint, 43),
    LIST(TEXTS, struct acme_account, contacts, TEXT_MAX, contact_count, ACME_CONTACTS_MAX),
    ACCOUNT_(FLAG, terms_agreed, 0),
    ACCOUNT_(FLAG, created, 0),
};

static const struct field orders_fields[] = {
    LIST(TEXTS, struct acme_orders, ids, ID_MAX, count, ACME_ORDERS_MAX),
    ONE(TEXT, struct acme_orders, next, ID_MAX),
};

#define ORDER(kind, member, max) ONE(kind, struct acme_order, member, max)
static const struct field order_fields[] = {
    ORDER(TEXT, id, ID_MAX),
    ORDER(STATUS, status, 0),
    ORDER(TIME, expires, 0),
    ORDER(TIME, not_before, 0),
    ORDER(TIME, not_after, 0),
    LIST(IDENTIFIERS, struct acme_order, identifiers, TEXT_MAX, identifier_count,
        ACME_IDENTIFIERS_MAX),
    LIST(TEXTS, struct acme_order, authorizations, ID_MAX, authorization_count,
        ACME_IDENTIFIERS_MAX),
    ORDER(TEXT, certificate, ID_MAX),
    ORDER(ERROR, error.kind, 0),
    ORDER(TEXT, error.detail, TEXT_MAX),
};

#define AUTHORIZATION(kind, member, max) ONE(kind, struct acme_authorization, member, max)
static const struct field authorization_fields[] = {
    AUTHORIZATION(TEXT, id, ID_MAX),
    AUTHORIZATION(STATUS, status, 0),
    AUTHORIZATION(TIME, expires, 0),
    AUTHORIZATION(TEXT, identifier.type, TEXT_MAX),
    AUTHORIZATION(TEXT, identifier.value, TEXT_MAX),
    AUTHORIZATION(STATUS, challenge_status, 0),
    AUTHORIZATION(TEXT, token, ID_MAX),
    AUTHORIZATION(TIME, validated, 0),
    AUTHORIZATION(ERROR, error.kind, 0),
    AUTHORIZATION(TEXT, error.detail, TEXT_MAX),
};

static const struct field certificate_fields[] = {{FIELD_OCTETS, 0, GREETING_MAX, 0, 0}};

#define PIECE(kind, member, max) ONE(kind, struct acme_file_piece, member, max)
static const struct field file_fields[] = {
    PIECE(NUMBER, version, INT64_MAX),
    PIECE(NUMBER, size, INT64_MAX),
    PIECE(OCTETS, data, ACME_FILE_CHUNK_MAX),
};

#define FIELDS(table) {table, sizeof table / sizeof table[0]}
static const struct {
	const struct field *fields;
	size_t              count;
} answer_kinds[ACME_ANSWER_COUNT] = {
    [ACME_ANSWER_REFUSAL] = FIELDS(refusal_fields),
    [ACME_ANSWER_ACCOUNT] = FIELDS(account_fields),
    [ACME_ANSWER_ORDERS] = FIELDS(orders_fields),
    [ACME_ANSWER_ORDER] = FIELDS(order_fields),
    [ACME_ANSWER_AUTHORIZATION] = FIELDS(authorization_fields),
    [ACME_ANSWER_CERTIFICATE] = FIELDS(certificate_fields),
    [ACME_ANSWER_FILE] = FIELDS(file_fields),
    [ACME_ANSWER_DONE] = {NULL, 0},
};

/* Every struct of the union begins where the union does. */
#define ANSWER_BASE offsetof(struct acme_answer, refusal)

void
acme_answer_encode(const struct acme_answer *answer, struct bytes *out)
{
	size_t count = answer_kinds[answer->kind].count;

	cbor_write_array(out, 1 + count);
	cbor_write_unsigned(out, answer->kind);
	for (size_t i = 0; i < count; i++)
		field_write(&answer_kinds[answer->kind].fields[i], field_at(answer, ANSWER_BASE), out);
}

int
acme_answer_decode(struct view body, struct acme_answer *answer, struct error *err)
{
	struct cbor_reader reader = {body};
	uint64_t           count = 0;
	uint64_t           kind = 0;

	memset(answer, 0, sizeof *answer);
	if (cbor_read_list(&reader, UINT16_MAX, &count, err) != 0 ||
	    cbor_read_unsigned(&reader, ACME_ANSWER_COUNT - 1, &kind, err) != 0)
		return -1;
	answer->kind = (enum acme_answer_kind)kind;
	if (count != 1 + answer_kinds[kind].count)
		return error_set(err, ERROR_MALFORMED, "no answer of kind %u has %u items",
		    (unsigned)kind, (unsigned)count);
	for (size_t i = 0; i < answer_kinds[kind].count; i++) {
		if (field_read(&answer_kinds[kind].fields[i], &reader, field_in(answer, ANSWER_BASE),
		        err) != 0)
			return -1;
	}
	return cbor_read_end(&reader, err);
}

#define GREETING(kind, member, max) ONE(kind, struct acme_greeting, member, max)
static const struct field greeting_fields[] = {
    GREETING(NUMBER, body_max, INT64_MAX),
    GREETING(NUMBER, header_max, INT64_MAX),
    GREETING(NUMBER, connections_max, INT64_MAX),
    GREETING(NUMBER, idle_ms, INT64_MAX),
    GREETING(NUMBER, request_ms, INT64_MAX),
    GREETING(NUMBER, log_level, INT64_MAX),
    GREETING(NUMBER, crl_version, INT64_MAX),
    GREETING(TEXT, base, TEXT_MAX),
    GREETING(TEXT, terms, TEXT_MAX),
    GREETING(TEXT, website, TEXT_MAX),
    GREETING(OCTETS, tls_chain, GREETING_MAX),
    GREETING(OCTETS, tls_key, GREETING_MAX),
    GREETING(OCTETS, root, GREETING_MAX),
};

#define GREETING_FIELDS (sizeof greeting_fields / sizeof greeting_fields[0])

void
acme_greeting_encode(const struct acme_greeting *greeting, struct bytes *out)
{
	cbor_write_array(out, GREETING_FIELDS);
	for (size_t i = 0; i < GREETING_FIELDS; i++)
		field_write(&greeting_fields[i], greeting, out);
}

int
acme_greeting_decode(struct view body, struct acme_greeting *greeting, struct error *err)
{
	struct cbor_reader reader = {body};

	memset(greeting, 0, sizeof *greeting);
	if (cbor_read_array(&reader, GREETING_FIELDS, err) != 0)
		return -1;
	for (size_t i = 0; i < GREETING_FIELDS; i++) {
		if (field_read(&greeting_fields[i], &reader, greeting, err) != 0)
			return -1;
	}
	return cbor_read_end(&reader, err);
}
