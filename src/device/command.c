/* The table of commands. */
#include "config.h"

#include "device/command.h"

#include <stdlib.h>
#include <string.h>

static const struct command commands[] = {
    {"ek", "show this machine's endorsement keys", COMMAND_OPTION_HASH | COMMAND_OPTION_EK,
        command_ek_check, command_ek},
    {"attest", "have an attestation key certified",
        COMMAND_OPTION_ATTESTATION | COMMAND_OPTION_EK | COMMAND_OPTION_AK,
        command_attest_check, command_attest},
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

const char *
command_tcti(const struct command_settings *settings)
{
	const char *environment = getenv("TPM2TOOLS_TCTI");

	if (settings->tcti != NULL)
		return settings->tcti;
	return environment != NULL && environment[0] != '\0' ? environment : "device:/dev/tpmrm0";
}
