/*
 * Settings that are read again while a program runs: what has changed, what is taken over, and
 * what waits for a restart. Pure: no file is read here.
 */
#ifndef UTIL_CONFIG_CHANGE_H
#define UTIL_CONFIG_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/config_file.h"

/* Rows of a schema, one bit each: 1 << index. */
struct config_changes {
	uint64_t taken;   /* these have new values … */
	uint64_t waiting; /* … and these need a restart for theirs */
};

/* Enough for the names of all rows of any program. */
#define CONFIG_NAMES_SIZE 1536

/* True when both have the same texts in the same order. */
bool config_list_equal(const struct config_list *a, const struct config_list *b);

/*
 * Copies the struct of `size` octets that a schema fills: texts and lists are the copy's own, and
 * so freed by config_file_clear.
 */
void config_copy(const struct config_schema *schema, size_t size, const void *from, void *to);

/*
 * Compares what runs with what was read, row by row, and gives `fresh` the running value of each
 * row that needs a restart. Rules between settings are the caller's to check again.
 */
void config_take_over(const struct config_schema *schema, const void *running, void *fresh,
    struct config_changes *changes);

/* Writes the names of these rows, with ", " between them; "" for none. What does not fit is cut. */
void config_names(const struct config_schema *schema, uint64_t rows, char *names, size_t size);

#endif
