/* Where the values of a configuration file stand, and how they are written: libconfuse does not say. */
#ifndef UTIL_CONFIG_SCAN_H
#define UTIL_CONFIG_SCAN_H

#include <stdbool.h>

#include "util/bytes.h"

/* A value, or an item of a list; both views borrow from the file's text, quotes left out. */
struct config_word {
	struct view name;
	struct view text;
	unsigned    line;   /* from 1 */
	bool        quoted; /* in double or single quotes */
};

/*
 * Overwrites the comments of a text with blanks; line ends stay, so that each line keeps its number.
 */
void config_scan_blank_comments(struct bytes *text);

/*
 * Calls `each` for every value of a text that libconfuse has accepted, in its order, until one
 * call returns -1. Returns what the last call returned. The tokens are libconfuse's.
 */
int config_scan(struct view text, int (*each)(const struct config_word *word, void *arg), void *arg);

#endif
