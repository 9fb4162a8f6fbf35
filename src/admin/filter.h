/* Which devices a command means that has no operand for it. */
#ifndef ADMIN_FILTER_H
#define ADMIN_FILTER_H

#include "command/command.h"
#include "store/inventory/device.h"

/* The options of such a command, and the struct that they fill. */
struct filter_options {
	const char *tag;
	const char *name;
	const char *unseen;
};

extern const struct command_option filter_rows[];

/* Makes *filter of them, which borrows from them. COMMAND_USAGE when one means nothing. */
int filter_read(const struct filter_options *options, int64_t now, struct store_filter *filter,
    struct error *err);

#endif
