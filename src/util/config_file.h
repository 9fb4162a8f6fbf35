/* Settings from a configuration file: a table of options, one row each, over libconfuse. */
#ifndef UTIL_CONFIG_FILE_H
#define UTIL_CONFIG_FILE_H

#include <stddef.h>

struct error;

/* A list of strings, owned by the struct that holds the list. */
struct config_list {
	char **texts;
	size_t count;
};

enum config_kind {
	CONFIG_TEXT,     /* char * */
	CONFIG_LIST,     /* struct config_list */
	CONFIG_NUMBER,   /* int64_t */
	CONFIG_DURATION, /* int64_t, seconds */
	CONFIG_FLAG,     /* bool */
};

/*
 * A setting: its name in the file, where it goes, what it is by default, and what people are told
 * of it. The sample configuration, the list of the manual page and --help are made from this row.
 */
struct config_row {
	const char      *name;
	enum config_kind kind;
	size_t           offset;
	const char      *value;   /* default, as in the file; of a list: its items, ", " between them; NULL: none, or 0 */
	const char      *least;   /* bounds of numbers and durations, as in the file */
	const char      *most;
	const char      *example; /* in the sample instead of a default that says nothing; as `value` */
	const char      *title;   /* heading of the section that begins with this row */
	const char      *manual;  /* whole sentences; `x` is literal, x(8) a manual page */

	/* The option of the command line that says the same; NULL: none. */
	const char *option;   /* "--" and this */
	const char *argument; /* "FILE" */
	const char *help;     /* one line */
	char        letter;   /* "-" and this; '\0': none */
	int         mark;     /* the program's own; 0 */
};

/* What a program can be told. */
struct config_schema {
	const struct config_row *rows;
	size_t                   count;
	/* Checks what rows cannot, and fills the fields that follow from others; NULL: nothing.
	 * MALFORMED. */
	int (*check)(void *settings, struct error *err);
};

/* More rows than a program has settings. */
#define CONFIG_ROWS_MAX 64

/*
 * Fills every field that is still zero: from the file when `path` is not NULL, then with
 * defaults. What is set already stays (flags are none: the file decides). Then checks.
 * MALFORMED, naming file and line or the setting, for what the file gets wrong, a text that is
 * not in quotes too; NOT_FOUND or INTERNAL when it cannot be read. Before there are threads.
 */
int config_file_complete(const struct config_schema *schema, const char *path, void *settings,
    struct error *err);

/* Frees what the rows own, and sets those fields to NULL. */
void config_file_clear(const struct config_schema *schema, void *settings);

/* Appends a copy; frees all of them. */
void config_list_append(struct config_list *list, const char *text);
void config_list_clear(struct config_list *list);

#endif
