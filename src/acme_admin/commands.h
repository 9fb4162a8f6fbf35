/* The administration of attest-acmed: works on its state directory, whether it runs or not. */
#ifndef ACME_ADMIN_COMMANDS_H
#define ACME_ADMIN_COMMANDS_H

#include "command/command.h"

/* In the order in which help lists them; each record stands on top of its own file. */
#define ACME_ADMIN_COMMANDS(X) \
	X(init) \
	X(certificates) \
	X(show) \
	X(revoke) \
	X(crl) \
	X(orders) \
	X(accounts)

#define X(name) extern const struct command acme_admin_##name##_command;
ACME_ADMIN_COMMANDS(X)
#undef X

extern const struct command_program acme_admin_program;

#endif
