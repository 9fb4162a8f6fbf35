/*
 * The answer on a connection that reaches no handler: evhttp cannot read its
 * request, or its time is over.
 */
#ifndef HTTP_REFUSAL_H
#define HTTP_REFUSAL_H

struct http_connection;

/* If evhttp is about to send HTML, replaces it by a problem document. */
void refusal_replace(struct http_connection *connection);

/* Answers 400: the chunks of the body are none. */
void refusal_chunks(struct http_connection *connection);

/* Answers 408: the request did not complete in time. */
void refusal_timeout(struct http_connection *connection);

#endif
