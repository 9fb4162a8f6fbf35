/* The commands of attest-device, each a record at the top of its own file. */
#ifndef DEVICE_COMMANDS_H
#define DEVICE_COMMANDS_H

#include "command/command.h"

/* In the order of the help. */
#define DEVICE_COMMANDS(X) \
	X(ek)              \
	X(attest)          \
	X(certificate)     \
	X(enroll)          \
	X(renew)           \
	X(status)          \
	X(use)

#define X(name) extern const struct command device_##name##_command;
DEVICE_COMMANDS(X)
#undef X

extern const struct command_program attest_device_program;

#endif
