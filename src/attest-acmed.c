/*
 * attest-acmed, the ACME server for devices: its options, and where its parts are.
 * What each does stands in daemon/ and acme/, its administration in acme_admin/.
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
#include "daemon/program.h"

static const char usage[] =
    "usage: attest-acmed [run] [options]\n"
    "       attest-acmed [--state-dir DIR] [--json] COMMAND [ARGUMENT]...\n"
    "\n"
    "An ACME server that gives certificates for keys in TPMs, vouched for by an\n"
    "attestation CA. Runs in the foreground; SIGTERM ends it.\n"
    "\n"
    "  -s, --state-dir DIR     where its keys and orders lie (/var/lib/attest-acmed)\n"
    "  -l, --listen ADDR:PORT  where to listen, may be given again (127.0.0.1:8443)\n"
    "  -u, --url URL           where clients reach it (https://NAME:PORT, by its first\n"
    "                          DNS name and the port that it listens on)\n"
    "  -w, --workers N         event loops, each with a keeper thread (one per processor)\n"
    "  -c, --config FILE       configuration; options here go before what it says\n"
    "      --attestation-crl FILE  refuse AK certificates on this CRL; may be given again\n"
    "      --log-level LEVEL   error, warning, info or debug (info)\n"
    "      --no-fork           front and keeper in one process, for a debugger\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n"
    "\n";

static const char usage_end[] =
    "\n\"attest-acmed help COMMAND\" or \"attest-acmed COMMAND --help\" says more of each.\n"
    "See attest-acmed(8).\n";

static const struct program_option options[] = {
    {"url", 'u', "url"},
    {"attestation-crl", '\0', "attestation_crls"},
    {0},
};

static void
help(FILE *out)
{
	(void)fputs(usage, out);
	command_help_commands(out, &acme_admin_program);
	(void)fputs(usage_end, out);
}

static int
complete(void *settings, const char *path, struct error *err)
{
	return acme_settings_complete(settings, path, err);
}

static void
clear(void *settings)
{
	acme_settings_clear(settings);
}

static bool
serves_tls(const void *settings)
{
	(void)settings;
	return true;
}

static int
keep(const void *settings, int control, bool signals, const char *listening, struct error *err)
{
	return acme_keeper_run(settings, control, signals, listening, err);
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

int
main(int argc, char **argv)
{
	struct acme_settings settings = {0};
	struct program       program = {
	          .name = "attest-acmed",
	          .help = help,
	          .options = options,
	          .settings = &settings,
	          .complete = complete,
	          .clear = clear,
	          .serves_tls = serves_tls,
	          .front = acme_front_run,
	          .keeper = keep,
	          .administer = administer,
        };

	program.rows = acme_settings_rows(&program.row_count);
	return program_main(&program, argc, argv);
}
