/* JSON bodies, bounded before jansson parses them. */
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
 * Decodes the members of one JSON object that are read, as util/json_members.h leaves them: UTF-8,
 * nothing after it, at most JSON_NESTING_MAX brackets open at once, none of them twice in an
 * object. Strings may hold a NUL (\u0000): read a string with its length, or by
 * json_get_text. MALFORMED says what is wrong, and where. The caller owns *out (json_decref).
 */
int json_decode(struct view body, const struct json_member *members, json_t **out,
    struct error *err);

/*
 * Reads a member of *object: standard base64 into *out (appended), or a string
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

/* Answers 200 (or another status) with the object, of which it takes ownership. */
void json_reply(struct http_exchange *exchange, int status, json_t *object);

#endif
