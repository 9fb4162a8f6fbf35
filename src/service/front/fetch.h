/*
 * The files that a front serves: the keeper tells which there are and in what version;
 * the octets are read from it when a client wants them, piece by piece, once for all who
 * wait, and kept until the keeper tells of another version. News are small, so that a new
 * version costs a front nothing until it is wanted, and a kept one costs no question.
 */
#ifndef SERVICE_FRONT_FETCH_H
#define SERVICE_FRONT_FETCH_H

#include "util/bytes.h"

struct channel;
struct error;
struct fetch;
struct http_exchange;
struct http_file;

/* For one worker: its channel, which must be there as long as anybody is served. */
struct fetch *fetch_new(struct channel *channel);

/* After the end of the server, so that nobody waits. NULL is allowed. */
void fetch_free(struct fetch *fetch);

/*
 * Takes news (file_message_is) from the keeper: a version that is kept and is no longer
 * the newest is released; of a file that is gone everything is, and those who wait for it
 * are told. Older news than known change nothing. MALFORMED when it is none, or when there
 * are more than FILE_COUNT_MAX files.
 */
int fetch_take_news(struct fetch *fetch, struct view body, struct error *err);

/*
 * Runs once, and answers the exchange: with the file, which is borrowed until it returns,
 * and err NULL; or with why not: NOT_FOUND, OVERLOADED, or INTERNAL when the keeper's
 * pieces make no file.
 */
typedef void fetch_done_cb(struct http_exchange *exchange, struct http_file *file,
    const struct error *err, void *arg);

/*
 * Gets a file for an exchange; `done` may run before this returns. When the client hangs
 * up first, `gone` (NULL: nothing) runs instead; with the last who waits the question ends.
 */
void fetch_get(struct fetch *fetch, const char *name, struct http_exchange *exchange,
    fetch_done_cb *done, void (*gone)(void *arg), void *arg);

#endif
