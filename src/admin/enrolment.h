/* Shared by enroll and approve: the options for a device's names, tags and note, and the output. */
#ifndef ADMIN_ENROLMENT_H
#define ADMIN_ENROLMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "command/command.h"
#include "store/inventory/device.h"
#include "store/store.h"

/* The options that describe a device. */
struct enrolment {
	struct option_list names;
	struct option_list tags;
#define X(name, ...) const char *name;
	DEVICE_TEXTS(X)
#undef X
};

extern const struct command_option enrolment_rows[];

/*
 * Fills *device for an EK; it borrows from *enrolment and must not be cleared. The store
 * refuses it if it exceeds a device's limits.
 */
void enrolment_fill(const struct enrolment *enrolment, const uint8_t ek_hash[STORE_HASH_SIZE],
    int64_t now, struct store_device *device);

/* Prints the result ("enrolled", "approved") as text. */
void enrolment_print(const char *done, const struct store_device *device);

#endif
