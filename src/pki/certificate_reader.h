/* Certificates as people and TPMs keep them: several in a file, with all that stands around them. */
#ifndef PKI_CERTIFICATE_READER_H
#define PKI_CERTIFICATE_READER_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* {.rest = content}; the content must outlive it. */
struct certificate_reader {
	struct view rest; /* what was not read yet */
	bool        pem;  /* PEM was read: anything may stand between */
};

/*
 * Reads the next certificate: PEM (other blocks and text are passed over), or DER with
 * or without the header of NV areas of TPM 1.2 and PC Client before it, and behind it
 * padding known from real TPMs, or another one.
 *
 * Returns 1 and *out, which the caller frees; 0 when there is none any more; -1 with
 * MALFORMED when something is there that cannot be read: of PEM, the next call goes on
 * behind it, and of DER nothing follows.
 */
int certificate_reader_next(struct certificate_reader *reader, X509 **out, struct error *err);

/* True when `rest`, behind a certificate in a TPM's NV index, is nothing but empty NV. */
bool certificate_is_padding(struct view rest);

#endif
