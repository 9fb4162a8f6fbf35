/* The files that a front serves, as its keeper told them: replaced when their last piece has come. */
#ifndef ATTESTATION_FRONT_FILES_H
#define ATTESTATION_FRONT_FILES_H

#include <stddef.h>

#include "attestation/message.h"

struct error;
struct http_file;

/* {0} has none. */
struct front_files {
	struct front_file *files;
	size_t             count;
};

/* Takes a piece; a file of no octets is gone. MALFORMED when it is out of order, or one too many. */
int  front_files_take(struct front_files *files, const struct attestation_file *piece,
    struct error *err);
void front_files_clear(struct front_files *files);

/* The file, borrowed until the next piece; NULL when there is none. */
struct http_file *front_files_find(const struct front_files *files, enum attestation_file_name name);

/* The CRL of the issuer with this identifier, whether it signs or is an earlier one. */
struct http_file *front_files_find_crl(const struct front_files *files, const char *issuer);

#endif
