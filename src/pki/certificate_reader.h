/* Reads certificates from files and NV areas: several in a row, with text, headers and padding
 * around them. */
#ifndef PKI_CERTIFICATE_READER_H
#define PKI_CERTIFICATE_READER_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/*
 * {.rest = content}; the content must outlive it. With .bags it reads PKCS #7 and OpenSSL's
 * TRUSTED CERTIFICATE, too, and must be cleared with certificate_reader_clear.
 */
struct certificate_reader {
	struct view  rest; /* not read yet */
	bool         pem;  /* PEM was found: any text may stand between blocks */
	bool         bags;
	struct bytes block;  /* PKCS #7 from PEM */
	struct view  inside; /* certificates of PKCS #7 not read yet, in `block` or in the content */
};

/*
 * Reads the next certificate: PEM (other blocks and text are passed over), or DER with
 * or without the header of NV areas of TPM 1.2 and PC Client before it, and behind it
 * padding known from real TPMs, or another one. With .bags:
 * - each certificate of PKCS #7, PEM or DER without octets left over; its signatures are not
 *   checked;
 * - PEM of a TRUSTED CERTIFICATE; its trusted uses are ignored, but one with a rejected use
 *   is MALFORMED.
 *
 * Returns 1 and *out, which the caller frees; 0 at the end; -1 with MALFORMED when
 * something cannot be read: after bad PEM the next call continues behind it, after bad
 * DER nothing follows.
 */
int certificate_reader_next(struct certificate_reader *reader, X509 **out, struct error *err);

/* Frees the memory of a reader with .bags. */
void certificate_reader_clear(struct certificate_reader *reader);

/* True when `rest`, which follows a certificate in a TPM's NV index, is empty NV only. */
bool certificate_is_padding(struct view rest);

#endif
