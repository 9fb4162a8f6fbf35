/* Why a program of this user cannot use the key: which file or device is closed to them, and to whom not. */
#ifndef DEVICE_USE_ACCESS_H
#define DEVICE_USE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

struct use_facts;

/*
 * True when this user may not read the key file, or not open the TPM, where that is a device or a
 * socket with a path, or there is none at the path. `why` then says which, and which group to join.
 */
bool use_access_is_missing(const struct use_facts *facts, char *why, size_t size);

#endif
