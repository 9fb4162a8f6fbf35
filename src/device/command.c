/* The table of commands. */
#include "config.h"

#include "device/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/tpm/tpm.h"

static const struct command commands[] = {
    {"ek", "show this machine's endorsement keys", COMMAND_OPTION_HASH | COMMAND_OPTION_EK,
        command_ek_check, command_ek},
    {"attest", "have an attestation key certified",
        COMMAND_OPTION_ATTESTATION | COMMAND_OPTION_EK | COMMAND_OPTION_AK,
        command_attest_check, command_attest},
    {"certificate", "make a key in the TPM and have it certified by an ACME server",
        COMMAND_OPTION_ATTESTATION | COMMAND_OPTION_EK | COMMAND_OPTION_AK |
            COMMAND_OPTION_CERTIFICATE | COMMAND_OPTION_FILES | COMMAND_OPTION_OWNER,
        command_certificate_check, command_certificate},
    {"enroll", "the same, as device.conf says; waits until the machine is approved",
        COMMAND_OPTION_FILES | COMMAND_OPTION_OWNER | COMMAND_OPTION_WAIT, command_enroll_check,
        command_enroll},
    {"renew", "renew what has passed two thirds of its life",
        COMMAND_OPTION_FILES | COMMAND_OPTION_OWNER | COMMAND_OPTION_EXEC, NULL, command_renew},
    {"status", "show TPM, keys and certificates, and when they are renewed", COMMAND_OPTION_FILES,
        NULL, command_status},
};

const struct command *
command_at(size_t index)
{
	return index < sizeof commands / sizeof commands[0] ? &commands[index] : NULL;
}

const struct command *
command_find(const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

int
command_tpm_open(struct device_tpm **tpm, const struct command_settings *settings,
    struct error *err)
{
	if (device_tpm_open(command_tcti(settings), tpm, err) != 0)
		return -1;
	return settings->owner_auth_file == NULL
	    ? 0
	    : device_tpm_owner_auth(*tpm, settings->owner_auth_file, err);
}

void
command_progress(const struct command_settings *settings, const char *fmt, ...)
{
	va_list args;

	if (!settings->verbose && isatty(STDERR_FILENO) == 0)
		return;
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
}

const char *
command_tcti(const struct command_settings *settings)
{
	const char *environment = getenv("TPM2TOOLS_TCTI");

	if (settings->tcti != NULL)
		return settings->tcti;
	return environment != NULL && environment[0] != '\0' ? environment : "device:/dev/tpmrm0";
}
