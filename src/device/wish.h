/* The name that a device asks the administrator for. */
#ifndef DEVICE_WISH_H
#define DEVICE_WISH_H

#include "util/identifier.h"

struct device_settings;

/*
 * The wish of the settings, else their name, else that of the certificate which the machine has in
 * `directory`, also of before its mainboard was replaced, else the host's name: in `text` or borrowed
 * from the settings. NULL when the settings want none, or the host's name is none of its own.
 */
const char *device_wish(const struct device_settings *settings, const char *directory,
    char text[IDENTIFIER_MAX + 1]);

#endif
