/* The table of attest-device's commands. */
#include "config.h"

#include "device/commands.h"
#include "device/options.h"

static const struct command_option options[] = {
    {OPTION(FLAG, "json", NULL, struct command_call, json, "print one JSON object, also on failure")},
    COMMAND_OPTION_HELP,
    COMMAND_OPTION_VERSION,
    {0},
};

static const struct command *const commands[] = {
#define X(name) &device_##name##_command,
    DEVICE_COMMANDS(X)
#undef X
    NULL,
};

const struct command_program attest_device_program = {
    .name = "attest-device",
    .about = "The device's side of TPM attestation: shows this machine's endorsement keys,\n"
             "has an attestation key certified, and obtains certificates for keys in the TPM.\n",
    .options = options,
    .early = device_common_rows,
    .commands = commands,
    .last_counts = true,
    .answers = true,
};
