/* What attest-ca can do, in one table, and the help that is made from it. */
#include "config.h"

#include "admin/command.h"

#include <string.h>

#include "store/files.h"

static const struct admin_option common_options[] = {
    {"state-dir", 's', "DIR", "where the CA lives (" STATE_DIR_DEFAULT ")", false},
    {"json", 0, NULL, "answer in JSON", false},
    {"help", 'h', NULL, "show this, and with a command what that takes", false},
    {"version", 'V', NULL, "show the version", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option no_options[] = {
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option init_options[] = {
    {"name", 0, "NAME", "what both certificates' CN begins with (Attestation CA)", false},
    {"key-type", 0, "TYPE", "p256 (the default), p384, rsa3072 or rsa4096", false},
    {"root-lifetime", 0, "DURATION", "how long the root is valid (20y)", false},
    {"issuing-lifetime", 0, "DURATION", "how long the issuing certificate is (10y)", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option enroll_options[] = {
    {"name", 0, "NAME", "a permanent identifier of the device; may be repeated", true},
    {"note", 0, "TEXT", "for people; nothing is made of it", false},
    {"ek", 0, "FILE", "take the hash from the EK's public key or certificate, PEM or DER", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_command commands[] = {
    {"init", "[--name NAME] [--key-type TYPE] [--root-lifetime DURATION]"
             " [--issuing-lifetime DURATION]",
        "make the CA: root, issuing certificate, empty inventory", init_options, 0, 0, admin_init},
    {"enroll", "HASH | --ek FILE [--name NAME]... [--note TEXT]",
        "let the device with this EK have AK certificates", enroll_options, 0, 1, admin_enroll},
    {"list", "", "show the devices, by name", no_options, 0, 0, admin_list},
    {"show", "HASH | PREFIX | NAME", "show a device and its AK certificates", no_options, 1, 1,
        admin_show},
    {"remove", "HASH | PREFIX | NAME ...",
        "take devices out of the inventory and revoke their AK certificates", no_options, 1,
        ADMIN_OPERANDS_ANY, admin_remove},
};

const struct admin_command *
admin_commands(size_t *count)
{
	*count = sizeof commands / sizeof commands[0];
	return commands;
}

const struct admin_option *
admin_options(void)
{
	return common_options;
}

static void
help_options(FILE *out, const char *title, const struct admin_option *options)
{
	if (options->name == NULL)
		return;
	(void)fprintf(out, "\n%s:\n", title);
	for (; options->name != NULL; options++) {
		size_t width = strlen(options->name);

		if (options->letter != 0)
			(void)fprintf(out, "  -%c, ", options->letter);
		else
			(void)fputs("      ", out);
		(void)fprintf(out, "--%s", options->name);
		if (options->argument != NULL) {
			(void)fprintf(out, " %s", options->argument);
			width += 1 + strlen(options->argument);
		}
		(void)fprintf(out, "%*s%s\n", width < 28 ? (int)(28 - width) : 2, "",
		    options->summary);
	}
}

void
admin_help(FILE *out)
{
	(void)fprintf(out, "usage: attest-ca [--state-dir DIR] [--json] COMMAND [ARGUMENT]...\n\n"
	                   "Administers an attestation CA: makes it, and keeps the inventory of the\n"
	                   "devices that attestd certifies. Works on the state directory itself,\n"
	                   "whether attestd runs or not.\n\n"
	                   "commands:\n");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		(void)fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].summary);
	help_options(out, "options", common_options);
	(void)fprintf(out, "\n\"attest-ca COMMAND --help\" says more.\n");
}

void
admin_help_command(FILE *out, const struct admin_command *command)
{
	(void)fprintf(out, "usage: attest-ca %s%s%s\n\n%s\n", command->name,
	    *command->usage != '\0' ? " " : "", command->usage, command->summary);
	help_options(out, "options", command->options);
	help_options(out, "options of every command", common_options);
}
