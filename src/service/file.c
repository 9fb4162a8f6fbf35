/* Owns the tables of the messages about files; does not know the files. */
#include "config.h"

#include "service/file.h"

#include "service/fields.h"
#include "util/cbor.h"
#include "util/error.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* The name comes first: see file_message_is. */
static const struct field news_rows[] = {
    FIELD(0, TEXT, struct file_news, name, FILE_NAME_MAX),
    FIELD(0, NUMBER, struct file_news, version, INT64_MAX),
    FIELD(0, FLAG, struct file_news, gone, 0),
};
static const struct fields news_fields = {
    .noun = "news", .rows = news_rows, .row_count = COUNT(news_rows), .size = sizeof(struct file_news)};

static const struct field question_rows[] = {
    FIELD(0, TEXT, struct file_question, name, FILE_NAME_MAX),
    FIELD(0, NUMBER, struct file_question, version, INT64_MAX),
    FIELD(0, NUMBER, struct file_question, offset, FILE_SIZE_MAX),
};
static const struct fields question_fields = {.noun = "question",
    .rows = question_rows,
    .row_count = COUNT(question_rows),
    .size = sizeof(struct file_question)};

static const struct field piece_rows[] = {
    FIELD(0, NUMBER, struct file_piece, version, INT64_MAX),
    FIELD(0, NUMBER, struct file_piece, size, FILE_SIZE_MAX),
    FIELD(0, OCTETS, struct file_piece, data, FILE_PIECE_MAX),
};
static const struct fields piece_fields = {.noun = "piece",
    .rows = piece_rows,
    .row_count = COUNT(piece_rows),
    .size = sizeof(struct file_piece)};

bool
file_message_is(struct view body)
{
	struct cbor_reader reader = {body};
	struct cbor_value  first;
	uint64_t           count = 0;
	struct error       ignored;

	return cbor_read_list(&reader, COUNT(question_rows), &count, &ignored) == 0 &&
	    cbor_read(&reader, &first, &ignored) == 0 && first.kind == CBOR_KIND_BYTES;
}

void
file_news_encode(const struct file_news *news, struct bytes *out)
{
	fields_encode(&news_fields, news, out);
}

int
file_news_decode(struct view body, struct file_news *news, struct error *err)
{
	if (fields_decode(&news_fields, body, news, err) != 0)
		return -1;
	if (news->version == 0)
		return error_set(err, ERROR_MALFORMED, "news of a file without a version");
	return 0;
}

void
file_question_encode(const struct file_question *question, struct bytes *out)
{
	fields_encode(&question_fields, question, out);
}

int
file_question_decode(struct view body, struct file_question *question, struct error *err)
{
	return fields_decode(&question_fields, body, question, err);
}

void
file_piece_encode(const struct file_piece *piece, struct bytes *out)
{
	fields_encode(&piece_fields, piece, out);
}

int
file_piece_decode(struct view body, struct file_piece *piece, struct error *err)
{
	return fields_decode(&piece_fields, body, piece, err);
}
