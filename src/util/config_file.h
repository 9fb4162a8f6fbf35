/* Settings from a configuration file: a table of options, one row each, over libconfuse. */
#ifndef UTIL_CONFIG_FILE_H
#define UTIL_CONFIG_FILE_H

#include <stddef.h>

struct error;

/* Texts that belong to the struct that holds the list. */
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

/* An option: its name in the file, where it goes, and what it is when nobody says. */
struct config_row {
	const char      *name;
	enum config_kind kind;
	size_t           offset;
	const char      *value; /* default, as in the file; of a list: its only item; NULL: none, or 0 */
	const char      *least; /* of numbers and durations, as in the file */
	const char      *most;
};

/* More rows than a program has options. */
#define CONFIG_ROWS_MAX 64

/*
 * Fills every field that is still zero: from the file when `path` is not NULL,
 * then with defaults. What is set already stays (flags are none: the file decides).
 * MALFORMED, naming file and line or the option, for what the file gets wrong;
 * NOT_FOUND or INTERNAL when it cannot be read. Before there are threads.
 */
int config_file_complete(const struct config_row *rows, size_t count, const char *path,
    void *settings, struct error *err);

/* Frees what the rows own. */
void config_file_clear(const struct config_row *rows, size_t count, void *settings);

/* Appends a copy; frees all of them. */
void config_list_append(struct config_list *list, const char *text);
void config_list_clear(struct config_list *list);

#endif
