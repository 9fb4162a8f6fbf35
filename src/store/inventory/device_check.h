/* What can be said of a device before the store is asked. */
#ifndef STORE_INVENTORY_DEVICE_CHECK_H
#define STORE_INVENTORY_DEVICE_CHECK_H

struct error;
struct store_device;

/*
 * Checks names, tags and note as store_device_enroll says, but for what other
 * devices have. MALFORMED or CONFLICT.
 */
int store_device_check(const struct store_device *device, struct error *err);

#endif
