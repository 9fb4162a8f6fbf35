/*
 * attestd, the attestation CA: its options, and where its parts are. What each
 * does stands in daemon/ and attestation/.
 */
#include "config.h"

#include <stdio.h>

#include "attestation/front/front.h"
#include "attestation/keeper/keeper.h"
#include "attestation/settings.h"
#include "daemon/program.h"

static const char usage[] =
    "usage: attestd [options]\n"
    "\n"
    "The attestation CA: certifies attestation keys of enrolled TPM 2.0 machines.\n"
    "Runs in the foreground; SIGTERM ends it. State is made by \"attest-ca init\".\n"
    "\n"
    "  -s, --state-dir DIR     where its keys and inventory lie (/var/lib/attest-ca)\n"
    "  -l, --listen ADDR:PORT  where to listen, may be given again (127.0.0.1:8075)\n"
    "  -w, --workers N         event loops, each with a keeper thread (one per processor)\n"
    "  -c, --config FILE       configuration; options here go before what it says\n"
    "      --tls-cert FILE     serve HTTPS with this PEM chain, leaf first …\n"
    "      --tls-key FILE      … and this PEM key\n"
    "      --log-level LEVEL   error, warning, info or debug (info)\n"
    "      --no-fork           front and keeper in one process, for a debugger\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n"
    "\n"
    "See attestd(8).\n";

static const struct program_option options[] = {
    {"tls-cert", '\0', "tls_cert"},
    {"tls-key", '\0', "tls_key"},
    {0},
};

static void
help(FILE *out)
{
	(void)fputs(usage, out);
}

static int
complete(void *settings, const char *path, struct error *err)
{
	return attestation_settings_complete(settings, path, err);
}

static void
clear(void *settings)
{
	attestation_settings_clear(settings);
}

static bool
serves_tls(const void *settings)
{
	return ((const struct attestation_settings *)settings)->tls_cert != NULL;
}

static int
keep(const void *settings, int control, bool signals, const char *listening, struct error *err)
{
	return attestation_keeper_run(settings, control, signals, listening, err);
}

int
main(int argc, char **argv)
{
	struct attestation_settings settings = {0};
	struct program  program = {
	     .name = "attestd",
	     .help = help,
	     .options = options,
	     .settings = &settings,
	     .complete = complete,
	     .clear = clear,
	     .serves_tls = serves_tls,
	     .front = attestation_front_run,
	     .keeper = keep,
        };

	program.rows = attestation_settings_rows(&program.row_count);
	return program_main(&program, argc, argv);
}
