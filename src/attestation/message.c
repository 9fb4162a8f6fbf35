/* Owns the encoding of messages; what they ask for is decided elsewhere. */
#include "config.h"

#include "attestation/message.h"

#include <stddef.h>
#include <string.h>

#include "util/cbor.h"
#include "util/error.h"

/* A request's body bounds everything in it; decoded, it is smaller. */
#define FIELD_MAX ((size_t)64 * 1024)
#define CLAIM_MAX 256U
#define PEER_MAX 64U

/* The octet strings of a challenge, in their order on the wire. */
static const struct {
	size_t offset;
	size_t max;
} challenge_fields[] = {
    {offsetof(struct attestation_challenge, manufacturer), CLAIM_MAX},
    {offsetof(struct attestation_challenge, model), CLAIM_MAX},
    {offsetof(struct attestation_challenge, firmware), CLAIM_MAX},
    {offsetof(struct attestation_challenge, ek), FIELD_MAX},
    {offsetof(struct attestation_challenge, ek_public), FIELD_MAX},
    {offsetof(struct attestation_challenge, ak_public), FIELD_MAX},
};

#define CHALLENGE_FIELDS (sizeof challenge_fields / sizeof challenge_fields[0])

/* Kind, request and peer stand before what a question carries. */
#define HEAD_ITEMS 3
#define CHALLENGE_ITEMS (HEAD_ITEMS + CHALLENGE_FIELDS + 1)
#define CERTIFY_ITEMS (HEAD_ITEMS + 1)

/* The numbers and then the octet strings of the settings, in their order on the wire. */
static const size_t settings_numbers[] = {
    offsetof(struct attestation_greeting, body_max),
    offsetof(struct attestation_greeting, header_max),
    offsetof(struct attestation_greeting, connections_max),
    offsetof(struct attestation_greeting, idle_ms),
    offsetof(struct attestation_greeting, request_ms),
    offsetof(struct attestation_greeting, log_level),
};
static const size_t settings_views[] = {
    offsetof(struct attestation_greeting, tls_chain),
    offsetof(struct attestation_greeting, tls_key),
};

#define FILE_ITEMS 6

#define SETTINGS_NUMBERS (sizeof settings_numbers / sizeof settings_numbers[0])
#define SETTINGS_VIEWS (sizeof settings_views / sizeof settings_views[0])

static const struct view *
view_at(const void *base, size_t offset)
{
	return (const struct view *)(const void *)((const char *)base + offset);
}

static void
question_head_encode(const struct attestation_question *question, uint64_t items, struct bytes *out)
{
	cbor_write_array(out, items);
	cbor_write_unsigned(out, question->kind);
	cbor_write_unsigned(out, question->request);
	cbor_write_bytes(out, question->peer.data, question->peer.size);
}

static void
challenge_encode(const struct attestation_challenge *challenge, struct bytes *out)
{
	for (size_t i = 0; i < CHALLENGE_FIELDS; i++) {
		const struct view *field = view_at(challenge, challenge_fields[i].offset);

		cbor_write_bytes(out, field->data, field->size);
	}
	cbor_write_array(out, challenge->certificate_count);
	for (size_t i = 0; i < challenge->certificate_count; i++)
		cbor_write_bytes(out, challenge->certificates[i].data, challenge->certificates[i].size);
}

void
attestation_question_encode(const struct attestation_question *question, struct bytes *out)
{
	if (question->kind == ATTESTATION_CERTIFY) {
		question_head_encode(question, CERTIFY_ITEMS, out);
		cbor_write_bytes(out, question->certify.secret.data, question->certify.secret.size);
		return;
	}
	question_head_encode(question, CHALLENGE_ITEMS, out);
	challenge_encode(&question->challenge, out);
}

static int
challenge_decode(struct cbor_reader *reader, struct attestation_challenge *challenge, struct error *err)
{
	uint64_t count = 0;

	for (size_t i = 0; i < CHALLENGE_FIELDS; i++) {
		struct view *field = (struct view *)(void *)((char *)challenge + challenge_fields[i].offset);

		if (cbor_read_bytes(reader, challenge_fields[i].max, field, err) != 0)
			return -1;
	}
	if (cbor_read_list(reader, ATTESTATION_CERTIFICATES_MAX, &count, err) != 0)
		return -1;
	for (; challenge->certificate_count < count; challenge->certificate_count++) {
		if (cbor_read_bytes(reader, ATTESTATION_CERTIFICATE_MAX,
		        &challenge->certificates[challenge->certificate_count], err) != 0)
			return -1;
	}
	return 0;
}

int
attestation_question_decode(struct view body, struct attestation_question *question, struct error *err)
{
	struct cbor_reader reader = {body};
	uint64_t           count = 0;
	uint64_t           kind = 0;

	*question = (struct attestation_question){0};
	if (cbor_read_list(&reader, CHALLENGE_ITEMS, &count, err) != 0 ||
	    cbor_read_unsigned(&reader, ATTESTATION_CERTIFY, &kind, err) != 0 ||
	    cbor_read_unsigned(&reader, UINT64_MAX, &question->request, err) != 0 ||
	    cbor_read_bytes(&reader, PEER_MAX, &question->peer, err) != 0)
		return -1;
	question->kind = (enum attestation_kind)kind;
	if (kind == ATTESTATION_CHALLENGE && count == CHALLENGE_ITEMS) {
		if (challenge_decode(&reader, &question->challenge, err) != 0)
			return -1;
	} else if (kind == ATTESTATION_CERTIFY && count == CERTIFY_ITEMS) {
		if (cbor_read_bytes(&reader, FIELD_MAX, &question->certify.secret, err) != 0)
			return -1;
	} else {
		return error_set(err, ERROR_MALFORMED, "no question has kind %u and %u items",
		    (unsigned)kind, (unsigned)count);
	}
	return cbor_read_end(&reader, err);
}

void
attestation_chain_encode(const struct view *certificates, size_t count, struct bytes *out)
{
	cbor_write_array(out, count);
	for (size_t i = 0; i < count; i++)
		cbor_write_bytes(out, certificates[i].data, certificates[i].size);
}

int
attestation_chain_decode(struct view octets, struct view certificates[ATTESTATION_CHAIN_MAX],
    size_t *count, struct error *err)
{
	struct cbor_reader reader = {octets};
	uint64_t           items = 0;

	if (cbor_read_list(&reader, ATTESTATION_CHAIN_MAX, &items, err) != 0)
		return -1;
	*count = (size_t)items;
	for (size_t i = 0; i < items; i++) {
		if (cbor_read_bytes(&reader, FIELD_MAX, &certificates[i], err) != 0)
			return -1;
	}
	return cbor_read_end(&reader, err);
}

void
attestation_answer_encode(const struct attestation_answer *answer, struct bytes *out)
{
	cbor_write_array(out, 2);
	cbor_write_bytes(out, answer->first.data, answer->first.size);
	cbor_write_bytes(out, answer->second.data, answer->second.size);
}

/* A refusal is told from an answer by what stands first: a number. */
void
attestation_refusal_encode(const struct error *refusal, struct bytes *out)
{
	cbor_write_array(out, 2);
	cbor_write_unsigned(out, refusal->kind);
	cbor_write_bytes(out, refusal->detail, strlen(refusal->detail));
}

int
attestation_answer_decode(struct view body, struct attestation_answer *answer, struct error *err)
{
	struct cbor_reader reader = {body};
	struct cbor_value  first;
	struct view        second;

	*answer = (struct attestation_answer){0};
	if (cbor_read_array(&reader, 2, err) != 0 || cbor_read(&reader, &first, err) != 0 ||
	    cbor_read_bytes(&reader, FIELD_MAX, &second, err) != 0 || cbor_read_end(&reader, err) != 0)
		return -1;
	if (first.kind == CBOR_KIND_UNSIGNED && first.number < ERROR_KIND_COUNT)
		return error_set(err, (enum error_kind)first.number, "%.*s", (int)second.size,
		    (const char *)second.data);
	if (first.kind != CBOR_KIND_BYTES || first.indefinite)
		return error_set(err, ERROR_MALFORMED, "an answer begins with no octet string");
	*answer = (struct attestation_answer){first.data, second};
	return 0;
}

static void
settings_encode(const struct attestation_greeting *settings, struct bytes *out)
{
	cbor_write_array(out, 1 + SETTINGS_NUMBERS + SETTINGS_VIEWS);
	cbor_write_unsigned(out, ATTESTATION_GREETING);
	for (size_t i = 0; i < SETTINGS_NUMBERS; i++) {
		uint64_t number;

		memcpy(&number, (const char *)settings + settings_numbers[i], sizeof number);
		cbor_write_unsigned(out, number);
	}
	for (size_t i = 0; i < SETTINGS_VIEWS; i++) {
		const struct view *field = view_at(settings, settings_views[i]);

		cbor_write_bytes(out, field->data, field->size);
	}
}

void
attestation_telling_encode(const struct attestation_telling *telling, struct bytes *out)
{
	if (telling->told == ATTESTATION_GREETING) {
		settings_encode(&telling->settings, out);
		return;
	}
	cbor_write_array(out, FILE_ITEMS);
	cbor_write_unsigned(out, ATTESTATION_FILE);
	cbor_write_unsigned(out, telling->file.name);
	cbor_write_bytes(out, telling->file.issuer.data, telling->file.issuer.size);
	cbor_write_unsigned(out, telling->file.total);
	cbor_write_unsigned(out, telling->file.offset);
	cbor_write_bytes(out, telling->file.chunk.data, telling->file.chunk.size);
}

static int
settings_decode(struct cbor_reader *reader, struct attestation_greeting *settings, struct error *err)
{
	for (size_t i = 0; i < SETTINGS_NUMBERS; i++) {
		uint64_t number = 0;

		if (cbor_read_unsigned(reader, INT64_MAX, &number, err) != 0)
			return -1;
		memcpy((char *)settings + settings_numbers[i], &number, sizeof number);
	}
	for (size_t i = 0; i < SETTINGS_VIEWS; i++) {
		struct view field = {0};

		if (cbor_read_bytes(reader, FIELD_MAX, &field, err) != 0)
			return -1;
		memcpy((char *)settings + settings_views[i], &field, sizeof field);
	}
	return 0;
}

static int
file_decode(struct cbor_reader *reader, struct attestation_file *file, struct error *err)
{
	uint64_t name = 0;

	if (cbor_read_unsigned(reader, ATTESTATION_FILE_COUNT - 1, &name, err) != 0 ||
	    cbor_read_bytes(reader, ATTESTATION_ISSUER_MAX, &file->issuer, err) != 0 ||
	    cbor_read_unsigned(reader, ATTESTATION_FILE_MAX, &file->total, err) != 0 ||
	    cbor_read_unsigned(reader, file->total, &file->offset, err) != 0)
		return -1;
	file->name = (enum attestation_file_name)name;
	return cbor_read_bytes(reader, (size_t)(file->total - file->offset), &file->chunk, err);
}

int
attestation_telling_decode(struct view body, struct attestation_telling *telling, struct error *err)
{
	struct cbor_reader reader = {body};
	uint64_t           count = 0;
	uint64_t           told = 0;

	*telling = (struct attestation_telling){0};
	if (cbor_read_list(&reader, 1 + SETTINGS_NUMBERS + SETTINGS_VIEWS, &count, err) != 0 ||
	    cbor_read_unsigned(&reader, ATTESTATION_FILE, &told, err) != 0)
		return -1;
	telling->told = (enum attestation_told)told;
	if (told == ATTESTATION_GREETING && count == 1 + SETTINGS_NUMBERS + SETTINGS_VIEWS) {
		if (settings_decode(&reader, &telling->settings, err) != 0)
			return -1;
	} else if (told == ATTESTATION_FILE && count == FILE_ITEMS) {
		if (file_decode(&reader, &telling->file, err) != 0)
			return -1;
	} else {
		return error_set(err, ERROR_MALFORMED, "nothing told has kind %u and %u items",
		    (unsigned)told, (unsigned)count);
	}
	return cbor_read_end(&reader, err);
}
