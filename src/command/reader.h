/* Reading the options of a command reader, by getopt_long, into the structs that rows fill. */
#ifndef COMMAND_READER_H
#define COMMAND_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/option.h"

struct error;

/* More options than a command and its program have. */
#define OPTION_READER_MAX 48

/* An option that may be given, and what became of it. */
struct option_slot {
	const struct command_option *option;
	void                        *into; /* NULL: that is not known yet */
	const char                  *text; /* meanwhile what it said */
	bool                         given;
};

/* The options that may be given. {0} has none. */
struct option_reader {
	int64_t             now;
	bool                last_counts; /* of what is given twice; else that is MALFORMED */
	struct option_slot  slots[OPTION_READER_MAX];
	size_t              count;
};

/*
 * Adds rows, which end with {0} (NULL: none), and the struct that they fill. With NULL for that
 * they are kept; when the same rows are added again with one, what was given fills it: MALFORMED
 * when that means nothing.
 */
int option_reader_add(struct option_reader *reader, const struct command_option *rows, void *into,
    struct error *err);

/*
 * Reads the options behind argv[0], all of them or up to the first operand; optind is the
 * first operand then. MALFORMED, naming the option; *unknown is then one that may not be
 * given, or NULL.
 */
int option_reader_read(struct option_reader *reader, bool all, int argc, char **argv,
    const char **unknown, struct error *err);

/* An option that was kept and found no struct to fill; NULL when there is none. */
const struct command_option *option_reader_homeless(const struct option_reader *reader);

/* Gives defaults to what was not given; MALFORMED when one of those is required. */
int option_reader_complete(struct option_reader *reader, struct error *err);

/* Frees what the fields own. */
void option_reader_clear(struct option_reader *reader);

#endif
