/*
 * The end of a connection whose peer may still be sending. Closing a socket with
 * unread octets makes TCP reset it, and the peer may lose the answer that says
 * why (RFC 9112 §9.6). So further input is discarded for a while before the
 * socket is closed.
 */
#ifndef HTTP_LINGER_H
#define HTTP_LINGER_H

struct http_connection;

/*
 * Takes the socket from a connection that evhttp is about to close, its last answer
 * sent; connection_free is called when the peer closes or the time is over.
 */
void linger_start(struct http_connection *connection);

/* Ends it now. */
void linger_end(struct http_connection *connection);

#endif
