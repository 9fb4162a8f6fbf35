/* Passphrases and PINs, read from files and descriptors: arguments and the environment are visible
 * to others. */
#ifndef UTIL_SECRET_H
#define UTIL_SECRET_H

#include <stdbool.h>

#include "util/bytes.h"

struct error;

/* Largest size of a secret, in octets. */
#define SECRET_MAX 1023

/*
 * Each appends the first line, without its end, of 1 to SECRET_MAX octets without a
 * NUL; the secret is in no message. The caller clears *secret, which cleanses it.
 */

/* From an open descriptor, which is read to its end. INTERNAL, MALFORMED or TOO_LARGE. */
int secret_read_fd(int fd, struct bytes *secret, struct error *err);

/*
 * From a file that only its owner may read or write: INTERNAL with the remedy when
 * others may; NOT_FOUND when there is no file; MALFORMED or TOO_LARGE.
 */
int secret_read_file(const char *path, struct bytes *secret, struct error *err);

/*
 * From the credential `name` of the service manager: the file of that name in the
 * directory $CREDENTIALS_DIRECTORY; its permissions are the manager's affair.
 * Sets *found; without such a file nothing is appended.
 */
int secret_read_credential(const char *name, bool *found, struct bytes *secret,
    struct error *err);

#endif
