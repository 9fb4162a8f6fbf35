/*
 * Last words to a connection that no handler answers: evhttp has found its
 * request unreadable, or its time is over.
 */
#ifndef HTTP_REFUSAL_H
#define HTTP_REFUSAL_H

struct http_connection;

/* Puts a problem document in the place of the HTML that evhttp is about to send, if it is. */
void refusal_replace(struct http_connection *connection);

/* Answers 400: the chunks of the body are none. */
void refusal_chunks(struct http_connection *connection);

/* Answers 408: the request did not come to its end in time. */
void refusal_timeout(struct http_connection *connection);

#endif
