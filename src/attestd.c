/*
 * attestd, the attestation CA: where its parts are. What each does stands in
 * service/ and attestation/, its options with its settings.
 */
#include "config.h"

#include "attestation/front/front.h"
#include "attestation/keeper/keeper.h"
#include "attestation/settings.h"
#include "service/program.h"

static const char usage[] =
    "usage: attestd [options]\n"
    "\n"
    "The attestation CA: certifies attestation keys of enrolled TPM 2.0 machines.\n"
    "Runs in the foreground; SIGTERM ends it. State is made by \"attest-ca init\".\n";

static struct attestation_settings settings;

static const struct program server = {
    .name = "attestd",
    .usage = usage,
    .schema = attestation_settings_schema,
    .settings_size = sizeof settings,
    .settings = &settings.service,
    .tls_setting = "tls_cert",
    .front = attestation_front_run,
    .keeper = attestation_keeper_run,
    .check_files = attestation_keeper_check,
};

int
main(int argc, char **argv)
{
	return program_main(&server, argc, argv);
}
