/* What enroll and approve have in common: what a device is called, and how that is said. */
#ifndef ADMIN_ENROLMENT_H
#define ADMIN_ENROLMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "command/command.h"
#include "store/inventory/device.h"
#include "store/store.h"

/* What a device is called, and the options that say it. */
struct enrolment {
	struct option_list names;
	struct option_list tags;
	const char        *note;
};

extern const struct command_option enrolment_rows[];

/*
 * Fills *device in for an EK; it borrows from *enrolment and is not to be cleared. It may be
 * more than a device can have: the store refuses that.
 */
void enrolment_fill(const struct enrolment *enrolment, const uint8_t ek_hash[STORE_HASH_SIZE],
    int64_t now, struct store_device *device);

/* Says for people what was done ("enrolled", "approved") with the device. */
void enrolment_print(const char *done, const struct store_device *device);

#endif
