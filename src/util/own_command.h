/* The beginning of the command lines that messages tell a person to run. */
#ifndef UTIL_OWN_COMMAND_H
#define UTIL_OWN_COMMAND_H

/* The most octets of a command's beginning, with its NUL. */
#define OWN_COMMAND_SIZE 128

/*
 * Says where the state of `program` is in this process: `state_dir`, and its store at the
 * place `store` unless that is NULL or the same. A relative directory is made absolute when
 * it is there. A directory equal to `usual` needs no option.
 * Called once, before there are other threads.
 */
void own_command_set(const char *program, const char *state_dir, const char *usual,
    const char *store);

/*
 * The words before the subcommand: "attest-ca", or "attest-ca --state-dir DIR" with DIR as a
 * word of a shell when own_command_set named another directory than the usual one for this
 * program. Options too long for a message stand as placeholders: "--state-dir DIR". Printable
 * ASCII. Lives as long as the process.
 */
const char *own_command(const char *program);

#endif
