/* Settings from a configuration file: a table of options, one row each, over libconfuse. */
#ifndef UTIL_CONFIG_FILE_H
#define UTIL_CONFIG_FILE_H

#include <stdbool.h>
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

/* What a running daemon does when it reads another value in the file at a reload. */
enum config_reload {
	CONFIG_RESTART,      /* keeps its own: the new one needs a restart */
	CONFIG_RELOAD,       /* takes the new one over */
	CONFIG_RELOAD_VALUE, /* takes it over, but setting or removing it (of a text) needs a restart */
};

/* What a text, or each of a list, is the path of: what a sandbox must leave. */
enum config_place {
	CONFIG_NO_PLACE,
	CONFIG_FILE,      /* a file that is read, and may be replaced */
	CONFIG_DIRECTORY, /* a directory where files are written */
};

/*
 * A setting: its name in the file, the field that it fills, its default, and its documentation.
 * The sample configuration, the list in the manual page and --help are made from this row.
 */
struct config_row {
	const char      *name;
	enum config_kind kind;
	size_t           offset;
	enum config_place  place;
	enum config_reload reload; /* of a program that reloads its configuration */
	const char      *value;   /* default, as in the file; items joined by ", "; NULL: none, or 0 */
	const char      *least;   /* bounds of numbers and durations, as in the file */
	const char      *most;
	const char      *example; /* shown in the sample instead of the default; as `value` */
	const char      *title;   /* heading of the section that begins with this row */
	const char      *manual;  /* full sentences; `x` is literal, x(8) a manual page */

	/* The equivalent command-line option; NULL: none. */
	const char *option;   /* the option after "--" */
	const char *argument; /* "FILE" */
	const char *help;     /* one line */
	char        letter;   /* the letter after "-"; '\0': none */
	int         mark;     /* private to the program; 0 */
};

/* All settings of a program. */
struct config_schema {
	const struct config_row *rows;
	size_t                   count;
	/* Checks rules between settings, and fills fields derived from others; NULL: none.
	 * Checking what was checked before changes nothing. MALFORMED. */
	int (*check)(void *settings, struct error *err);
	/* The program reloads its configuration, and its documentation says when each row counts. */
	bool reloads;
};

/* Bound on the number of rows; no program has as many. */
#define CONFIG_ROWS_MAX 64

/*
 * Fills every field that is still zero: from the file when `path` is not NULL, then with
 * defaults. A field that is already set keeps its value, except flags, which the file decides.
 * Then runs `check`. MALFORMED, naming file and line or the setting, for a fault in the file,
 * also for a text without quotes; NOT_FOUND or INTERNAL when it cannot be read. One thread of
 * a process only.
 */
int config_file_complete(const struct config_schema *schema, const char *path, void *settings,
    struct error *err);

/* Frees the values of all rows and sets those fields to NULL. */
void config_file_clear(const struct config_schema *schema, void *settings);

/* Appends a copy; frees all of them. */
void config_list_append(struct config_list *list, const char *text);
void config_list_clear(struct config_list *list);

#endif
