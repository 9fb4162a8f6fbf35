/* Whether a program uses the key: it is run, against a server of ours. */
#ifndef DEVICE_USE_CHECK_H
#define DEVICE_USE_CHECK_H

#include <stdbool.h>

#include "util/bytes.h"

struct error;
struct use_facts;
struct use_program;

/*
 * Runs the program's check with `text` (of its configuration) in a temporary directory: a minute
 * at most. The server speaks TLS 1.2 alone when `tls12_only`. *what
 * says what was seen, for people. INTERNAL, saying why it does not work; NOT_FOUND
 * when the row has no check, or a tool of it is not installed.
 */
#define USE_WHAT_SIZE 160
int use_check_run(const struct use_program *program, const struct use_facts *facts, struct view text,
    bool tls12_only, char what[USE_WHAT_SIZE], struct error *err);

/*
 * The line of a program's output that tells why it failed: the last that has a word of complaint, else
 * the last that is not empty. Part of `text`; {NULL, 0} when there is none.
 */
struct view use_check_line(struct view text);

#endif
