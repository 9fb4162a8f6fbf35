/*
 * attest-acmed, the ACME server for devices: where its parts are. What each does
 * stands in service/ and acme/, its options with its settings, its administration in
 * acme_admin/.
 */
#include "config.h"

#include <sys/stat.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "acme/front/front.h"
#include "acme/keeper/keeper.h"
#include "acme/settings.h"
#include "acme_admin/commands.h"
#include "command/command.h"
#include "service/program.h"

static const char usage[] =
    "usage: attest-acmed [run] [options]\n"
    "       attest-acmed [--state-dir DIR] [--store PLACE] [--json] COMMAND [ARGUMENT]...\n"
    "\n"
    "An ACME server that gives certificates for keys in TPMs, vouched for by an\n"
    "attestation CA. Runs in the foreground; SIGTERM ends it.\n";

static const char usage_end[] =
    "\n\"attest-acmed help COMMAND\" or \"attest-acmed COMMAND --help\" says more of each.\n";

static void help(FILE *out);

static void
help_more(FILE *out)
{
	(void)fputc('\n', out);
	command_help_commands(out, &acme_admin_program);
	(void)fputs(usage_end, out);
}

static int
administer(int argc, char **argv)
{
	struct command_program program = acme_admin_program;

	program.help = help;
	if (argc == 3 && strcmp(argv[1], "help") == 0 && strcmp(argv[2], "run") == 0) {
		help(stdout);
		return 0;
	}
	/* Of the locale only how wide characters are: what is printed is UTF-8 everywhere. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)umask(077);
	return command_main(&program, argc, argv);
}

static struct acme_settings settings;

static const struct program server = {
    .name = "attest-acmed",
    .usage = usage,
    .help_more = help_more,
    .schema = acme_settings_schema,
    .settings_size = sizeof settings,
    .settings = &settings.service,
    .front = acme_front_run,
    .keeper = acme_keeper_run,
    .check_files = acme_keeper_check,
    .administer = administer,
};

static void
help(FILE *out)
{
	program_help(&server, out);
}

int
main(int argc, char **argv)
{
	return program_main(&server, argc, argv);
}
