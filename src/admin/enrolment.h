/* What enroll and approve have in common: what a device is called, and how that is said. */
#ifndef ADMIN_ENROLMENT_H
#define ADMIN_ENROLMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "command/call.h"
#include "store/inventory/device.h"
#include "store/store.h"

/* --name, --tag and --note of a call; the texts are the call's. */
struct enrolment {
	const char *names[STORE_DEVICE_NAMES_MAX + 1];
	const char *tags[STORE_DEVICE_TAGS_MAX + 1];
};

/*
 * Fills *device in for an EK; it borrows from call and *enrolment and is not to be
 * cleared. It may be more than a device can have: the store refuses that.
 */
void enrolment_fill(const struct admin_call *call, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct enrolment *enrolment, struct store_device *device);

/* Says for people what was done ("enrolled", "approved") with the device. */
void enrolment_print(const char *done, const struct store_device *device);

#endif
