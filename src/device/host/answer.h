/* JSON answers of the servers: other members than those that are read never matter. */
#ifndef DEVICE_HOST_ANSWER_H
#define DEVICE_HOST_ANSWER_H

#include <jansson.h>

#include "util/bytes.h"
#include "util/json_members.h"

struct error;

/*
 * Decodes the members of a JSON object that are read, as util/json_members.h leaves them; none of
 * them twice. Strings may hold a NUL. MALFORMED says what is wrong, and where. The caller owns *out
 * (json_decref), which is NULL on failure.
 */
int answer_decode(struct view body, const struct json_member *members, json_t **out,
    struct error *err);

#endif
