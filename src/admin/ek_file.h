/* EKs in files, as tools write them. */
#ifndef ADMIN_EK_FILE_H
#define ADMIN_EK_FILE_H

#include "util/ek_hash.h"

struct error;

/*
 * Hashes the EK in the file, in any of the forms that ek_content_hash takes. NOT_FOUND,
 * TOO_LARGE or INTERNAL when the file cannot be read; or what ek_content_hash fails with.
 */
int ek_file_hash(const char *path, struct ek_hash *hash, struct error *err);

#endif
