/* The table of attest-ca's commands. */
#include "config.h"

#include "admin/commands.h"
#include "ca/files.h"

static const struct command_option options[] = {
    {OPTION(TEXT, "state-dir", "DIR", struct command_call, state_dir, "where the CA lives"),
        .letter = 's', .value = STATE_DIR_DEFAULT, .filled = true},
    {OPTION(TEXT, "store", "PLACE", struct command_call, store,
         "where the inventory is, if not there"),
        .filled = true},
    {OPTION(FLAG, "json", NULL, struct command_call, json, "answer in JSON")},
    COMMAND_OPTION_HELP,
    COMMAND_OPTION_VERSION,
    {0},
};

static const struct command *const commands[] = {
#define X(name) &admin_##name##_command,
    ADMIN_COMMANDS(X)
#undef X
    NULL,
};

const struct command_program attest_ca_program = {
    .name = "attest-ca",
    .about = "Administers an attestation CA: makes it, and keeps the inventory of the\n"
             "devices that attestd certifies. Works on the state directory itself,\n"
             "whether attestd runs or not.\n",
    .options = options,
    .commands = commands,
    .takes_owner = true,
};
