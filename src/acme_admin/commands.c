/* The table of attest-acmed's commands, serving excepted. */
#include "config.h"

#include "acme_admin/commands.h"

#include "ca/files.h"

static const struct command_option options[] = {
    {OPTION(TEXT, "state-dir", "DIR", struct command_call, state_dir,
         "where the server's state lives"),
        .letter = 's', .value = ACME_STATE_DIR_DEFAULT, .filled = true},
    {OPTION(TEXT, "store", "PLACE", struct command_call, store,
         "where its database is, if not there"),
        .filled = true},
    {OPTION(FLAG, "json", NULL, struct command_call, json, "answer in JSON")},
    COMMAND_OPTION_HELP,
    COMMAND_OPTION_VERSION,
    {0},
};

static const struct command *const commands[] = {
#define X(name) &acme_admin_##name##_command,
    ACME_ADMIN_COMMANDS(X)
#undef X
    NULL,
};

const struct command_program acme_admin_program = {
    .name = "attest-acmed",
    .about = "Administers an ACME server for devices: makes its state, shows and revokes\n"
             "what it issued. Works on the state directory itself, whether it runs or not.\n",
    .options = options,
    .commands = commands,
    .takes_owner = true,
};
