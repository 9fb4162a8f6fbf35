/* Selection of devices by options, for commands without operands. */
#ifndef ADMIN_FILTER_H
#define ADMIN_FILTER_H

#include "command/command.h"
#include "store/inventory/device.h"

/* The options, and the struct that they fill. */
struct filter_options {
	const char *tag;
	const char *name;
	const char *unseen;
	bool        never_seen;
};

extern const struct command_option filter_rows[];

/* Makes *filter from them; it borrows from them. COMMAND_USAGE when one is not valid. */
int filter_read(const struct filter_options *options, int64_t now, struct store_filter *filter,
    struct error *err);

#endif
