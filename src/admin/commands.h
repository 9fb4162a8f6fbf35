/* The commands of attest-ca, each a record at the top of its own file. */
#ifndef ADMIN_COMMANDS_H
#define ADMIN_COMMANDS_H

#include "command/command.h"

/* In the order of the help. */
#define ADMIN_COMMANDS(X) \
	X(init) \
	X(enroll) \
	X(pending) \
	X(approve) \
	X(deny) \
	X(import) \
	X(export) \
	X(list) \
	X(show) \
	X(remove) \
	X(set) \
	X(disable) \
	X(enable) \
	X(replace) \
	X(seen) \
	X(revoke) \
	X(crl) \
	X(audit) \
	X(check) \
	X(backup) \
	X(restore) \
	X(issuing_renew) \
	X(issuing_csr) \
	X(issuing_install) \
	X(trust_import) \
	X(trust_list) \
	X(trust_remove) \
	X(trust_verify)

#define X(name) extern const struct command admin_##name##_command;
ADMIN_COMMANDS(X)
#undef X

extern const struct command_program attest_ca_program;

#endif
