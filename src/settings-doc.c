/*
 * Makes sample configurations and manual pages at build time: copies a template from standard
 * input, and puts what the settings' rows say in place of @SETTINGS@, @OPTIONS@ and @SYNOPSIS@.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/settings.h"
#include "attestation/settings.h"
#include "device/device_settings.h"
#include "util/config_file.h"
#include "util/config_print.h"

static const struct {
	const char *name;
	const struct config_schema *(*schema)(void);
} programs[] = {
    {"attestd", attestation_settings_schema},
    {"attest-acmed", acme_settings_schema},
    {"attest-device", device_settings_schema},
};

static const struct {
	const char *kind; /* of the template */
	const char *line;
	void (*print)(const struct config_schema *schema, FILE *out);
} parts[] = {
    {"sample", "@SETTINGS@\n", config_print_sample},
    {"manual", "@SETTINGS@\n", config_print_manual},
    {"manual", "@OPTIONS@\n", config_print_options},
    {"manual", "@SYNOPSIS@\n", config_print_synopsis},
};

static const struct config_schema *
schema_find(const char *program)
{
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		if (strcmp(programs[i].name, program) == 0)
			return programs[i].schema();
	}
	return NULL;
}

static void
line_copy(const struct config_schema *schema, const char *kind, const char *line)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strcmp(parts[i].kind, kind) == 0 && strcmp(parts[i].line, line) == 0) {
			parts[i].print(schema, stdout);
			return;
		}
	}
	(void)fputs(line, stdout);
}

int
main(int argc, char **argv)
{
	const struct config_schema *schema = argc == 3 ? schema_find(argv[1]) : NULL;
	char                        line[1024];

	if (schema == NULL) {
		(void)fprintf(stderr, "usage: settings-doc PROGRAM sample|manual <TEMPLATE\n");
		return 2;
	}
	while (fgets(line, sizeof line, stdin) != NULL)
		line_copy(schema, argv[2], line);
	return ferror(stdin) != 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
