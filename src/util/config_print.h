/* Documentation of settings, made from their rows: the sample file and parts of a manual page. */
#ifndef UTIL_CONFIG_PRINT_H
#define UTIL_CONFIG_PRINT_H

#include <stdio.h>

struct config_schema;

/*
 * Prints every setting for a sample file: heading, paragraph and bounds as comments, and the
 * line that sets its default, commented out. A setting without a default has "Example:"
 * before its example. Of a program that reloads its configuration, each says when a change counts.
 */
void config_print_sample(const struct config_schema *schema, FILE *out);

/* Prints the same for a manual page, mdoc(7): a .Ss with a list for each heading. */
void config_print_manual(const struct config_schema *schema, FILE *out);

/* Prints an .Op for each option of the rows, for a manual page's SYNOPSIS. */
void config_print_synopsis(const struct config_schema *schema, FILE *out);

/* Prints an .It for each option of the rows, for a manual page's list of options. */
void config_print_options(const struct config_schema *schema, FILE *out);

#endif
