/* Checks of a device that need no store. */
#ifndef STORE_INVENTORY_DEVICE_CHECK_H
#define STORE_INVENTORY_DEVICE_CHECK_H

struct error;
struct store_device;

/*
 * Checks names, tags and note by the rules of store_device_enroll, except those
 * about other devices. MALFORMED or CONFLICT.
 */
int store_device_check(const struct store_device *device, struct error *err);

#endif
