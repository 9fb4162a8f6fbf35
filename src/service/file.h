/*
 * What fronts and keepers say about the files that fronts serve: that there is a
 * version, a question for a piece, and the piece. A file is read in pieces because it
 * may be longer than a message. Every other message begins with a number; one about a
 * file begins with the file's name, so that both go over one channel.
 */
#ifndef SERVICE_FILE_H
#define SERVICE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/* Files at most, and octets of a name, of a piece, and of a file: a CRL of a million entries. */
#define FILE_COUNT_MAX 128U
#define FILE_NAME_MAX  160U
#define FILE_PIECE_MAX ((size_t)64 * 1024)
#define FILE_SIZE_MAX  ((size_t)64 * 1024 * 1024)

/* Told to fronts. */
struct file_news {
	struct view name;
	uint64_t    version; /* grows with every change of any file while the keeper lives; never 0 */
	bool        gone;    /* since this version there is no such file */
};

/* Asked by a front. */
struct file_question {
	struct view name;
	uint64_t    version; /* that the piece is to be of; 0: any */
	uint64_t    offset;
};

/* The answer. */
struct file_piece {
	uint64_t    version; /* 0: there is no such file; another than asked for: this is its beginning */
	uint64_t    size;    /* of the whole file */
	struct view data;    /* from the offset on */
};

/* True for news and questions, whole or not; false for every message that begins with a number. */
bool file_message_is(struct view body);

/* Decoders return 0; or -1 with MALFORMED when it is not exactly that. */
void file_news_encode(const struct file_news *news, struct bytes *out);
int  file_news_decode(struct view body, struct file_news *news, struct error *err);
void file_question_encode(const struct file_question *question, struct bytes *out);
int  file_question_decode(struct view body, struct file_question *question, struct error *err);
void file_piece_encode(const struct file_piece *piece, struct bytes *out);
int  file_piece_decode(struct view body, struct file_piece *piece, struct error *err);

#endif
