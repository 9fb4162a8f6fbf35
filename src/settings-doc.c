/*
 * Makes sample configurations and manual pages at build time: copies a template from standard
 * input, and puts what the settings' rows say in place of @SETTINGS@, @OPTIONS@ and @SYNOPSIS@, and what the
 * commands' records say in place of @COMMANDS@.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/settings.h"
#include "attestation/settings.h"
#include "command/command.h"
#include "device/commands.h"
#include "device/device_settings.h"
#include "util/config_file.h"
#include "util/config_print.h"

static const struct program {
	const char *name;
	const struct config_schema *(*schema)(void);
	const struct command_program *commands; /* NULL: they are in its template */
} programs[] = {
    {"attestd", attestation_settings_schema, NULL},
    {"attest-acmed", acme_settings_schema, NULL},
    {"attest-device", device_settings_schema, &attest_device_program},
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

static const struct program *
program_find(const char *name)
{
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	}
	return NULL;
}

static void
line_copy(const struct program *program, const char *kind, const char *line)
{
	if (program->commands != NULL && strcmp(kind, "manual") == 0 && strcmp(line, "@COMMANDS@\n") == 0) {
		command_synopsis(stdout, program->commands);
		return;
	}
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strcmp(parts[i].kind, kind) == 0 && strcmp(parts[i].line, line) == 0) {
			parts[i].print(program->schema(), stdout);
			return;
		}
	}
	(void)fputs(line, stdout);
}

int
main(int argc, char **argv)
{
	const struct program *program = argc == 3 ? program_find(argv[1]) : NULL;
	char                  line[1024];

	if (program == NULL) {
		(void)fprintf(stderr, "usage: settings-doc PROGRAM sample|manual <TEMPLATE\n");
		return 2;
	}
	while (fgets(line, sizeof line, stdin) != NULL)
		line_copy(program, argv[2], line);
	return ferror(stdin) != 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
