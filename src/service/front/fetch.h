/*
 * Cache of the files that a front serves. The keeper sends news of files and their
 * versions. The octets are read from it when a client wants them, piece by piece, once
 * for all waiting exchanges, and are cached until news of another version comes. News are
 * small, so a new version costs a front nothing until it is wanted, and a cached one
 * costs no question.
 */
#ifndef SERVICE_FRONT_FETCH_H
#define SERVICE_FRONT_FETCH_H

#include "util/bytes.h"

struct channel;
struct error;
struct fetch;
struct http_exchange;
struct http_file;

/* The cache of one worker. Its channel must outlive all exchanges. */
struct fetch *fetch_new(struct channel *channel);

/* Call it after the end of the server, so that no exchange waits. NULL is allowed. */
void fetch_free(struct fetch *fetch);

/*
 * Processes news (file_message_is) from the keeper: releases a cached version that is no
 * longer the newest; forgets a removed file and answers the exchanges that wait for it.
 * Ignores news that are older than what is known. MALFORMED when the message is not news,
 * or there are more than FILE_COUNT_MAX files.
 */
int fetch_take_news(struct fetch *fetch, struct view body, struct error *err);

/*
 * Runs once, and answers the exchange: with the file, which is borrowed until it returns,
 * and err NULL; or with the error: NOT_FOUND, OVERLOADED, or INTERNAL when the keeper's
 * pieces do not form a file.
 */
typedef void fetch_done_cb(struct http_exchange *exchange, struct http_file *file,
    const struct error *err, void *arg);

/*
 * Gets a file for an exchange; `done` may run before this returns. If the client
 * disconnects first, `gone` (NULL: nothing) runs instead; the download ends with its last
 * waiting exchange.
 */
void fetch_get(struct fetch *fetch, const char *name, struct http_exchange *exchange,
    fetch_done_cb *done, void (*gone)(void *arg), void *arg);

#endif
