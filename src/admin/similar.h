/* For commands that give names: what becomes of one that looks like another device's. */
#ifndef ADMIN_SIMILAR_H
#define ADMIN_SIMILAR_H

#include <stdbool.h>
#include <stdint.h>

#include "command/option.h"

struct store;

/* The option of these commands, and the struct that it fills. */
struct similar_options {
	const char *names; /* "refuse" or "warn" */
};

extern const struct command_option similar_rows[];

/* Warnings that are kept; all are counted. */
#define SIMILAR_KEPT 10

/* What was allowed in one run; {0} is empty, similar_end empties it. */
struct similar {
	char    *kept[SIMILAR_KEPT];
	uint64_t count;
};

/* Has the store do what the option says; *similar must live as long as the store. */
void similar_begin(const struct similar_options *options, struct store *store,
    struct similar *similar);

/* Prints the warnings to standard error if the change was `done`, and frees them. */
void similar_end(struct similar *similar, bool done);

#endif
