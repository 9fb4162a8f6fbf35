/*
 * Messages between keeper and fronts about the files that fronts serve: news of a
 * version, a question for a piece, and the piece. A file is read in pieces because it
 * may be longer than a message. A message about a file begins with the file's name
 * and every other message with a number, so that both can use one channel.
 */
#ifndef SERVICE_FILE_H
#define SERVICE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/* Most files; most octets of a name, of a piece, and of a file (a CRL of a million entries). */
#define FILE_COUNT_MAX 128U
#define FILE_NAME_MAX  160U
#define FILE_PIECE_MAX ((size_t)64 * 1024)
#define FILE_SIZE_MAX  ((size_t)64 * 1024 * 1024)

/* News: sent to all fronts. */
struct file_news {
	struct view name;
	uint64_t    version; /* increases with each change of any file; never 0 */
	bool        gone;    /* the file was removed with this version */
};

/* A question of a front. */
struct file_question {
	struct view name;
	uint64_t    version; /* wanted version; 0: any */
	uint64_t    offset;
};

/* The answer. */
struct file_piece {
	uint64_t    version; /* 0: no such file; if not the wanted one: the beginning of this version */
	uint64_t    size;    /* size of the whole file */
	struct view data;    /* the octets from the offset on */
};

/* True for news and questions, even malformed ones; false for every message that begins with a
 * number. */
bool file_message_is(struct view body);

/* Decoders return 0; or -1 with MALFORMED when the body is not exactly such a message. */
void file_news_encode(const struct file_news *news, struct bytes *out);
int  file_news_decode(struct view body, struct file_news *news, struct error *err);
void file_question_encode(const struct file_question *question, struct bytes *out);
int  file_question_decode(struct view body, struct file_question *question, struct error *err);
void file_piece_encode(const struct file_piece *piece, struct bytes *out);
int  file_piece_decode(struct view body, struct file_piece *piece, struct error *err);

#endif
