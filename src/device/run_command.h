/* Running a command that the administrator gave. */
#ifndef DEVICE_RUN_COMMAND_H
#define DEVICE_RUN_COMMAND_H

struct error;

/*
 * Runs `command` with /bin/sh, with ATTEST_DEVICE_CHANGED=`changed` and ATTEST_DEVICE_KEY=`key`
 * (NULL: empty) in its environment, and waits for its end. INTERNAL when it cannot be run or does not exit with 0.
 */
int run_command(const char *command, const char *changed, const char *key, struct error *err);

#endif
