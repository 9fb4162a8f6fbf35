/* Options of a command line: a row has the name of an option and the field that it fills. */
#ifndef COMMAND_OPTION_H
#define COMMAND_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* The argument of an option, and the type of the field that it fills. */
enum option_kind {
	OPTION_FLAG,       /* bool; no argument */
	OPTION_TEXT,       /* const char *, borrowed from the command line */
	OPTION_WORD,       /* const char *: one of the row's words */
	OPTION_NUMBER,     /* int64_t */
	OPTION_DURATION,   /* int64_t, seconds */
	OPTION_TIME,       /* int64_t: a day, a time, or a duration before now */
	OPTION_DESCRIPTOR, /* int: the number of an open descriptor; -1 if not given */
	OPTION_LIST,       /* struct option_list: texts; it may be given more than once */
};

/* Texts in the order given, borrowed from the command line. */
struct option_list {
	const char **texts;
	size_t       count;
};

struct command_option {
	const char      *name; /* without the dashes */
	enum option_kind kind;
	const char      *argument; /* name of its argument in help; NULL for flags */
	size_t           offset;   /* offset of the field in the struct that the rows fill */
	const char      *summary;  /* NULL: made from the words */
	/* Rarely needed members follow. */
	char        letter;   /* its short form, or 0 */
	const char *value;    /* default, as on the command line; NULL: the field stays 0 */
	const char *least;    /* bounds of numbers and durations, as on the command line */
	const char *most;
	bool        required; /* required */
	bool        filled;   /* a text that cannot be empty */
	bool        named;    /* of a TEXT or LIST: a file to read, which file_named.h opens first */
	const char *(*word)(size_t index); /* the words of a WORD, ended by NULL */
};

/* The first members of a row: OPTION(TEXT, "ek", "FILE", struct enroll, ek, "take …"). */
#define OPTION(kind_, name_, argument_, type, field, summary_)                       \
	.name = (name_), .kind = OPTION_##kind_, .argument = (argument_),            \
	.offset = offsetof(type, field), .summary = (summary_)

/*
 * Fills the field of the struct `into`: with true for a flag, else with the value of
 * `text`; appends to a list. MALFORMED, naming the option, when `text` is not a value or
 * is out of bounds.
 */
int command_option_set(const struct command_option *option, const char *text, int64_t now,
    void *into, struct error *err);

/* Fills the field of an option that was not given with its default, if it has one. */
void command_option_default(const struct command_option *option, void *into);

/* Frees the value of the field. */
void command_option_clear(const struct command_option *option, void *into);

/* Writes the words of a WORD with the word `last` before the last one: "csv and jsonl". */
void command_option_words(const struct command_option *option, const char *last, char *text,
    size_t size);

#endif
