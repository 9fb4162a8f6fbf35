/* Reads options of a command line by getopt_long into the structs of their rows. */
#ifndef COMMAND_READER_H
#define COMMAND_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/option.h"

struct error;

/* Bound on the options of a command with its program; none has as many. */
#define OPTION_READER_MAX 48

/* An accepted option, and its value so far. */
struct option_slot {
	const struct command_option *option;
	void                        *into; /* NULL: not known yet */
	const char                  *text; /* the text, until then */
	bool                         given;
};

/* The accepted options; {0}: none. */
struct option_reader {
	int64_t             now;
	bool                last_counts; /* of an option given twice; else that is MALFORMED */
	struct option_slot  slots[OPTION_READER_MAX];
	size_t              count;
};

/*
 * Adds rows, ended by {0} (NULL: none), and the struct that they fill. If the struct is NULL,
 * given options are kept; when the same rows are added again with a struct, the kept options
 * fill it: MALFORMED when a text is not a value.
 */
int option_reader_add(struct option_reader *reader, const struct command_option *rows, void *into,
    struct error *err);

/*
 * Reads the options after argv[0], all of them or up to the first operand; sets optind to
 * the first operand. MALFORMED, naming the option; *unknown is then the option that is
 * not accepted, or NULL.
 */
int option_reader_read(struct option_reader *reader, bool all, int argc, char **argv,
    const char **unknown, struct error *err);

/* A kept option that got no struct; NULL when there is none. */
const struct command_option *option_reader_homeless(const struct option_reader *reader);

/* Sets the defaults of options that were not given; MALFORMED when one of them is required. */
int option_reader_complete(struct option_reader *reader, struct error *err);

/* Frees the values of the fields. */
void option_reader_clear(struct option_reader *reader);

#endif
