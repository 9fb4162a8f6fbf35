/* Which devices a command means that has no operand for it. */
#ifndef ADMIN_FILTER_H
#define ADMIN_FILTER_H

#include "command/call.h"
#include "store/inventory/device.h"

/* The options of such a command, as rows of its table. */
#define FILTER_OPTIONS                                                               \
	{"tag", 0, "TAG", "those with this tag", false},                             \
	{"name", 0, "PATTERN", "those with a name like this: *, ?, [a-z]", false},   \
	{"unseen", 0, "DAYS",                                                        \
	    "those that got no AK certificate for so many days, or 12h, 2w, ...", false}

/* Reads them; *filter borrows from the call. ADMIN_USAGE when one means nothing. */
int filter_read(const struct admin_call *call, struct store_filter *filter, struct error *err);

#endif
