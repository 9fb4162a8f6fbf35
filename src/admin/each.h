/* For commands that apply one change to all given devices or to none. */
#ifndef ADMIN_EACH_H
#define ADMIN_EACH_H

#include <stdbool.h>
#include <stddef.h>

#include "command/command.h"

struct error;
struct store;
struct store_device;

/* The change for each device. */
struct each_act {
	const char *done;    /* "removed": the beginning of the answer */
	bool        acme;    /* tells how to revoke the device certificates */
	const char *nothing; /* "nothing was removed": after a failure among several */
	/*
	 * Changes one device in a transaction, and *device, which is printed afterwards. Sets
	 * *revoked to the number of its certificates revoked; `revoked` is never NULL.
	 */
	int (*change)(struct store *store, const struct command_call *call, struct store_device *device,
	    size_t *revoked, struct error *err);
};

/*
 * Finds the operands' devices, changes them in one transaction, and prints the result:
 * a line each, or with --json an array of objects with certificates_revoked.
 */
int each_run(const struct command_call *call, const struct each_act *act, struct error *err);

#endif
