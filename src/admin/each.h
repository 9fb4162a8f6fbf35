/* Commands that do the same to all devices that they are given, or to none of them. */
#ifndef ADMIN_EACH_H
#define ADMIN_EACH_H

#include <stddef.h>

#include "command/command.h"

struct error;
struct store;
struct store_device;

/* What is done to each. */
struct each_act {
	const char *done;    /* "removed": how the answer begins */
	const char *nothing; /* "nothing was removed": when one of several cannot be */
	/*
	 * Changes one device, in a transaction, and *device with it, which is shown; says how many
	 * of its certificates that revoked. NULL for *revoked is never passed.
	 */
	int (*change)(struct store *store, const struct command_call *call, struct store_device *device,
	    size_t *revoked, struct error *err);
};

/*
 * Finds the operands' devices, changes them in one transaction, and says what was done:
 * a line each, or with --json an array in which each has certificates_revoked.
 */
int each_run(const struct command_call *call, const struct each_act *act, struct error *err);

#endif
