/* The two files of a pair of key and certificate: their names, and who may read the key. */
#ifndef DEVICE_PAIR_H
#define DEVICE_PAIR_H

#include <sys/types.h>

#include "util/bytes.h"

struct error;
struct folder;

/* PEM, TSS2 PRIVATE KEY, mode 0600, or 0640 where a group may read it. */
#define PAIR_KEY "device.key"
/* PEM, the certificate and those above it. */
#define PAIR_CHAIN "device.pem"
/* Octets of either at most. */
#define PAIR_FILE_MAX ((size_t)64 * 1024)

/* No group: the key is its owner's alone. */
#define PAIR_NO_GROUP ((gid_t)-1)

/* Replaces the key file: of the group, or of the owner alone. INTERNAL. */
int pair_key_write(const struct folder *directory, const char *name, gid_t group, struct view key,
    struct error *err);

/*
 * Gives the key file to the group. One that is not there, or holds no key, stays as it is.
 * INTERNAL, also when it was replaced meanwhile.
 */
int pair_key_share(const struct folder *directory, const char *name, gid_t group, struct error *err);

#endif
