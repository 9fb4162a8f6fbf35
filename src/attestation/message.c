/*
 * The tables of the messages: every field of every message is a row, with its
 * bound.
 */
#include "config.h"

#include "attestation/message.h"

#include <string.h>

#include "service/fields.h"
#include "util/error.h"

/* A request's body bounds everything in it; decoded, it is smaller. */
#define OCTETS_MAX ((size_t)64 * 1024)
#define CLAIM_MAX 256U
#define PEER_MAX 64U

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* The items of lists. */
static const struct field evidence_item[] = {
    {0, FIELD_OCTETS, 0, ATTESTATION_CERTIFICATE_MAX, NULL, 0, 0, 0}};
static const struct field chain_item[] = {{0, FIELD_OCTETS, 0, OCTETS_MAX, NULL, 0, 0, 0}};

/* Each kind of question is a part; ANY is in all of them. */
enum part {
	ANY = 1U << 0,
#define X(kind, name, number) kind = 1U << ATTESTATION_##kind,
	ATTESTATION_QUESTIONS(X)
#undef X
};

#define QUESTION(part, kind, member, max) FIELD(part, kind, struct attestation_question, member, max)
static const struct field question_rows[] = {
    QUESTION(ANY, NUMBER, request, UINT64_MAX),
    QUESTION(ANY, OCTETS, peer, PEER_MAX),
    QUESTION(CHALLENGE, OCTETS, challenge.manufacturer, CLAIM_MAX),
    QUESTION(CHALLENGE, OCTETS, challenge.model, CLAIM_MAX),
    QUESTION(CHALLENGE, OCTETS, challenge.firmware, CLAIM_MAX),
    QUESTION(CHALLENGE, OCTETS, challenge.wish, CLAIM_MAX),
    QUESTION(CHALLENGE, OCTETS, challenge.ek, OCTETS_MAX),
    QUESTION(CHALLENGE, OCTETS, challenge.ek_public, OCTETS_MAX),
    QUESTION(CHALLENGE, OCTETS, challenge.ak_public, OCTETS_MAX),
    FIELD_LIST_OF(CHALLENGE, evidence_item, struct attestation_question, challenge.certificates,
        challenge.certificate_count, ATTESTATION_CERTIFICATES_MAX),
    QUESTION(CERTIFY, OCTETS, certify.secret, OCTETS_MAX),
};

static const unsigned question_kinds[] = {
#define X(kind, name, number) [ATTESTATION_##kind] = ANY | kind,
    ATTESTATION_QUESTIONS(X)
#undef X
};

static const struct fields question_fields = {
    .noun = "question",
    .rows = question_rows,
    .row_count = COUNT(question_rows),
    .size = sizeof(struct attestation_question),
    .kinds = question_kinds,
    .kind_count = COUNT(question_kinds),
    .kind = offsetof(struct attestation_question, kind),
};

void
attestation_question_encode(const struct attestation_question *question, struct bytes *out)
{
	fields_encode(&question_fields, question, out);
}

int
attestation_question_decode(struct view body, struct attestation_question *question,
    struct error *err)
{
	return fields_decode(&question_fields, body, question, err);
}

struct chain {
	struct view certificates[ATTESTATION_CHAIN_MAX];
	size_t      count;
};

static const struct field chain_rows[] = {
    FIELD_LIST_OF(0, chain_item, struct chain, certificates, count, ATTESTATION_CHAIN_MAX),
};

static const struct fields chain_fields = {
    .noun = "chain",
    .rows = chain_rows,
    .row_count = COUNT(chain_rows),
    .size = sizeof(struct chain),
};

int
attestation_chain_encode(const struct view *certificates, size_t count, struct bytes *out,
    struct error *err)
{
	struct chain chain = {.count = count};

	if (count > ATTESTATION_CHAIN_MAX)
		return error_set(err, ERROR_INTERNAL, "a chain of %zu certificates; at most %zu are sent",
		    count, ATTESTATION_CHAIN_MAX);
	for (size_t i = 0; i < count; i++)
		chain.certificates[i] = certificates[i];
	fields_encode(&chain_fields, &chain, out);
	return 0;
}

int
attestation_chain_decode(struct view octets, struct view certificates[ATTESTATION_CHAIN_MAX],
    size_t *count, struct error *err)
{
	struct chain chain;

	if (fields_decode(&chain_fields, octets, &chain, err) != 0)
		return -1;
	memcpy(certificates, chain.certificates, sizeof chain.certificates);
	*count = chain.count;
	return 0;
}

/* The reply to a question: a refusal or an answer. */
struct said {
	enum { REFUSAL, ANSWER, SAID_COUNT } kind;
	enum error_kind           refusal;
	struct view               detail;
	struct attestation_answer answer;
};

#define SAID(part, kind, member, max) FIELD(1U << (part), kind, struct said, member, max)
static const struct field said_rows[] = {
    SAID(REFUSAL, CHOICE, refusal, ERROR_KIND_COUNT - 1),
    SAID(REFUSAL, OCTETS, detail, OCTETS_MAX),
    SAID(ANSWER, OCTETS, answer.first, OCTETS_MAX),
    SAID(ANSWER, OCTETS, answer.second, OCTETS_MAX),
};

static const unsigned said_kinds[SAID_COUNT] = {
    [REFUSAL] = 1U << REFUSAL,
    [ANSWER] = 1U << ANSWER,
};

static const struct fields said_fields = {
    .noun = "answer",
    .rows = said_rows,
    .row_count = COUNT(said_rows),
    .size = sizeof(struct said),
    .kinds = said_kinds,
    .kind_count = SAID_COUNT,
    .kind = offsetof(struct said, kind),
};

void
attestation_answer_encode(const struct attestation_answer *answer, struct bytes *out)
{
	fields_encode(&said_fields, &(struct said){.kind = ANSWER, .answer = *answer}, out);
}

void
attestation_refusal_encode(const struct error *refusal, struct bytes *out)
{
	fields_encode(&said_fields,
	    &(struct said){
	        .kind = REFUSAL,
	        .refusal = refusal->kind,
	        .detail = {(const uint8_t *)refusal->detail, strlen(refusal->detail)},
	    },
	    out);
}

int
attestation_answer_decode(struct view body, struct attestation_answer *answer, struct error *err)
{
	struct said said;

	*answer = (struct attestation_answer){0};
	if (fields_decode(&said_fields, body, &said, err) != 0)
		return -1;
	if (said.kind == REFUSAL)
		return error_set(err, said.refusal, "%.*s", (int)said.detail.size,
		    (const char *)said.detail.data);
	*answer = said.answer;
	return 0;
}
