/*
 * The tables of the messages: every field of every message is a row, with its
 * bound.
 */
#include "config.h"

#include "acme/message.h"

#include <stddef.h>

#include "service/fields.h"

#define TEXT_MAX    ACME_TEXT_MAX
#define ID_MAX      32U
#define PEER_MAX    72U
#define KEY_MAX     4096U
#define BLOB_MAX    ((size_t)32 * 1024)
#define CHAIN_MAX   ((size_t)64 * 1024)

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* The items of lists. */
static const struct field id_item[] = {{0, FIELD_TEXT, 0, ID_MAX, NULL, 0, 0, 0}};
static const struct field text_item[] = {{0, FIELD_TEXT, 0, TEXT_MAX, NULL, 0, 0, 0}};
static const struct field certificate_item[] = {{0, FIELD_OCTETS, 0, BLOB_MAX, NULL, 0, 0, 0}};
static const struct field identifier_item[] = {
    FIELD(0, TEXT, struct acme_identifier, type, TEXT_MAX),
    FIELD(0, TEXT, struct acme_identifier, value, TEXT_MAX),
};
static const struct field subproblem_item[] = {
    FIELD(0, CHOICE, struct acme_subproblem, problem.kind, ERROR_KIND_COUNT - 1),
    FIELD(0, TEXT, struct acme_subproblem, problem.detail, TEXT_MAX),
    FIELD(0, TEXT, struct acme_subproblem, identifier.type, TEXT_MAX),
    FIELD(0, TEXT, struct acme_subproblem, identifier.value, TEXT_MAX),
};

/*
 * The fields of questions in their order on the wire; a name that the header's
 * table uses, and the rows that it stands for.
 */
enum question_part {
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
	ALWAYS = 1 << 16,
};

#define QUESTION(part, kind, member, max) FIELD(part, kind, struct acme_question, member, max)
#define QUESTION_LIST(part, table, member, number, max) \
	FIELD_LIST_OF(part, table, struct acme_question, member, number, max)
static const struct field question_rows[] = {
    QUESTION(ALWAYS, NUMBER, request, UINT64_MAX),
    QUESTION(ALWAYS, TEXT, peer, PEER_MAX),
    QUESTION(ACCOUNT, TEXT, account, ID_MAX),
    QUESTION(OBJECT, TEXT, object, ID_MAX),
    QUESTION(JWK, TEXT, jwk, KEY_MAX),
    QUESTION(THUMBPRINT, TEXT, thumbprint, 43),
    QUESTION(OLD_THUMBPRINT, TEXT, old_thumbprint, 43),
    QUESTION_LIST(CONTACTS, text_item, contacts, contact_count, ACME_CONTACTS_MAX),
    QUESTION(FLAGS, NUMBER, flags, 15),
    QUESTION(CURSOR, TEXT, cursor, ID_MAX),
    QUESTION_LIST(IDENTIFIERS, identifier_item, identifiers, identifier_count, ACME_IDENTIFIERS_MAX),
    QUESTION(VALIDITY, TIME, not_before, 0),
    QUESTION(VALIDITY, TIME, not_after, 0),
    QUESTION(STATEMENT, TEXT, statement.format, ID_MAX),
    QUESTION(STATEMENT, SIGNED, statement.alg, 0),
    QUESTION_LIST(STATEMENT, certificate_item, statement.chain, statement.chain_count, ACME_CHAIN_MAX),
    QUESTION(STATEMENT, OCTETS, statement.signature, KEY_MAX),
    QUESTION(STATEMENT, OCTETS, statement.cert_info, KEY_MAX),
    QUESTION(STATEMENT, OCTETS, statement.pub_area, KEY_MAX),
    QUESTION(PROBLEM, CHOICE, problem.kind, ERROR_KIND_COUNT - 1),
    QUESTION(PROBLEM, TEXT, problem.detail, TEXT_MAX),
    QUESTION(CSR, OCTETS, csr, BLOB_MAX),
    QUESTION(CERTIFICATE, OCTETS, certificate, BLOB_MAX),
    QUESTION(REASON, NUMBER, reason, UINT32_MAX),
    QUESTION(SPKI, OCTETS, spki, KEY_MAX),
};

static const unsigned question_kinds[ACME_QUESTION_COUNT] = {
#define X(name, parts) [ACME_##name] = ALWAYS | (parts),
    ACME_QUESTIONS(X)
#undef X
};

static const struct fields question_fields = {
    .noun = "question",
    .rows = question_rows,
    .row_count = COUNT(question_rows),
    .size = sizeof(struct acme_question),
    .kinds = question_kinds,
    .kind_count = ACME_QUESTION_COUNT,
    .kind = offsetof(struct acme_question, kind),
};

void
acme_question_encode(const struct acme_question *question, struct bytes *out)
{
	fields_encode(&question_fields, question, out);
}

int
acme_question_decode(struct view body, struct acme_question *question, struct error *err)
{
	return fields_decode(&question_fields, body, question, err);
}

/* Each kind of answer is a part. */
#define ANSWER(name, kind, member, max) \
	FIELD(1U << ACME_ANSWER_##name, kind, struct acme_answer, member, max)
#define ANSWER_LIST(name, table, member, number, max) \
	FIELD_LIST_OF(1U << ACME_ANSWER_##name, table, struct acme_answer, member, number, max)
static const struct field answer_rows[] = {
    ANSWER(REFUSAL, CHOICE, refusal.problem.kind, ERROR_KIND_COUNT - 1),
    ANSWER(REFUSAL, TEXT, refusal.problem.detail, TEXT_MAX),
    ANSWER(REFUSAL, TEXT, refusal.object, ID_MAX),
    ANSWER(REFUSAL, NUMBER, refusal.retry_after, UINT32_MAX),
    ANSWER_LIST(REFUSAL, subproblem_item, refusal.subproblems, refusal.subproblem_count,
        ACME_IDENTIFIERS_MAX),

    ANSWER(ACCOUNT, TEXT, account.id, ID_MAX),
    ANSWER(ACCOUNT, CHOICE, account.status, STATUS_COUNT - 1),
    ANSWER(ACCOUNT, TEXT, account.jwk, KEY_MAX),
    ANSWER(ACCOUNT, TEXT, account.thumbprint, 43),
    ANSWER_LIST(ACCOUNT, text_item, account.contacts, account.contact_count, ACME_CONTACTS_MAX),
    ANSWER(ACCOUNT, FLAG, account.terms_agreed, 0),
    ANSWER(ACCOUNT, FLAG, account.created, 0),

    ANSWER_LIST(ORDERS, id_item, orders.ids, orders.count, ACME_ORDERS_MAX),
    ANSWER(ORDERS, TEXT, orders.next, ID_MAX),

    ANSWER(ORDER, TEXT, order.id, ID_MAX),
    ANSWER(ORDER, CHOICE, order.status, STATUS_COUNT - 1),
    ANSWER(ORDER, TIME, order.expires, 0),
    ANSWER(ORDER, TIME, order.not_before, 0),
    ANSWER(ORDER, TIME, order.not_after, 0),
    ANSWER_LIST(ORDER, identifier_item, order.identifiers, order.identifier_count,
        ACME_IDENTIFIERS_MAX),
    ANSWER_LIST(ORDER, id_item, order.authorizations, order.authorization_count,
        ACME_IDENTIFIERS_MAX),
    ANSWER(ORDER, TEXT, order.certificate, ID_MAX),
    ANSWER(ORDER, CHOICE, order.error.kind, ERROR_KIND_COUNT - 1),
    ANSWER(ORDER, TEXT, order.error.detail, TEXT_MAX),

    ANSWER(AUTHORIZATION, TEXT, authorization.id, ID_MAX),
    ANSWER(AUTHORIZATION, CHOICE, authorization.status, STATUS_COUNT - 1),
    ANSWER(AUTHORIZATION, TIME, authorization.expires, 0),
    ANSWER(AUTHORIZATION, TEXT, authorization.identifier.type, TEXT_MAX),
    ANSWER(AUTHORIZATION, TEXT, authorization.identifier.value, TEXT_MAX),
    ANSWER(AUTHORIZATION, CHOICE, authorization.challenge_status, STATUS_COUNT - 1),
    ANSWER(AUTHORIZATION, TEXT, authorization.token, ID_MAX),
    ANSWER(AUTHORIZATION, TIME, authorization.validated, 0),
    ANSWER(AUTHORIZATION, CHOICE, authorization.error.kind, ERROR_KIND_COUNT - 1),
    ANSWER(AUTHORIZATION, TEXT, authorization.error.detail, TEXT_MAX),

    ANSWER(CERTIFICATE, OCTETS, certificate, CHAIN_MAX),
};

static const unsigned answer_kinds[ACME_ANSWER_COUNT] = {
#define X(name) [ACME_ANSWER_##name] = 1U << ACME_ANSWER_##name,
    ACME_ANSWERS(X)
#undef X
};

static const struct fields answer_fields = {
    .noun = "answer",
    .rows = answer_rows,
    .row_count = COUNT(answer_rows),
    .size = sizeof(struct acme_answer),
    .kinds = answer_kinds,
    .kind_count = ACME_ANSWER_COUNT,
    .kind = offsetof(struct acme_answer, kind),
};

void
acme_answer_encode(const struct acme_answer *answer, struct bytes *out)
{
	fields_encode(&answer_fields, answer, out);
}

int
acme_answer_decode(struct view body, struct acme_answer *answer, struct error *err)
{
	return fields_decode(&answer_fields, body, answer, err);
}

static const struct field greeting_rows[] = {
    SERVICE_GREETING_ROWS(struct acme_greeting),
    FIELD(0, TEXT, struct acme_greeting, base, TEXT_MAX),
    FIELD(0, TEXT, struct acme_greeting, terms, TEXT_MAX),
    FIELD(0, TEXT, struct acme_greeting, website, TEXT_MAX),
};

static const struct fields greeting_fields = {
    .noun = "greeting",
    .rows = greeting_rows,
    .row_count = COUNT(greeting_rows),
    .size = sizeof(struct acme_greeting),
};

void
acme_greeting_encode(const struct acme_greeting *greeting, struct bytes *out)
{
	fields_encode(&greeting_fields, greeting, out);
}

int
acme_greeting_decode(struct view body, struct acme_greeting *greeting, struct error *err)
{
	return fields_decode(&greeting_fields, body, greeting, err);
}
