/* The administration commands of attest-acmed. They work on its state directory, whether the server
 * runs or not. */
#ifndef ACME_ADMIN_COMMANDS_H
#define ACME_ADMIN_COMMANDS_H

#include "command/command.h"

/* In the order of the help; each record stands at the top of its own file. */
#define ACME_ADMIN_COMMANDS(X) \
	X(init) \
	X(certificates) \
	X(show) \
	X(revoke) \
	X(crl) \
	X(seen) \
	X(orders) \
	X(accounts)

#define X(name) extern const struct command acme_admin_##name##_command;
ACME_ADMIN_COMMANDS(X)
#undef X

extern const struct command_program acme_admin_program;

#endif
