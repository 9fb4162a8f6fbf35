/* Members of JSON bodies, which json_members_decode has decoded, and answers. */
#ifndef HTTP_JSON_H
#define HTTP_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "util/bytes.h"
#include "util/json_members.h"

struct error;
struct http_exchange;

/* Seeds jansson's hash tables; call once, before threads and sandboxes: it reads /dev/urandom. */
void json_init(void);

/*
 * Reads a member of *object, whose strings may hold a NUL: standard base64 into *out (appended), or a string
 * (borrowed; NULL when it is missing). MALFORMED when a required member is
 * missing, or the value has another type, is larger than `max` octets, is not
 * base64, or is a text with a NUL. A null counts as missing, because Go encodes an
 * empty slice as null.
 */
int json_get_bytes(const json_t *object, const char *key, size_t max, bool required,
    struct bytes *out, struct error *err);
int json_get_text(const json_t *object, const char *key, size_t max, bool required,
    const char **out, struct error *err);

/* The same for a value that is not a member, such as an item of an array; `name` is for the
 * error. */
int json_bytes(const json_t *value, const char *name, size_t max, struct bytes *out,
    struct error *err);

/* Appends octets to an answer as a string in standard base64. */
void json_append_octets(struct view octets, struct bytes *text);

/* Answers with a JSON text that nobody may store. */
void json_reply(struct http_exchange *exchange, int status, struct view text);

#endif
