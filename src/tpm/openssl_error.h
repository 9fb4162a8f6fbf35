/* Errors of libcrypto as our errors. */
#ifndef TPM_OPENSSL_ERROR_H
#define TPM_OPENSSL_ERROR_H

#include "util/error.h"

/*
 * error_set that appends ": " and the first reason of this thread's OpenSSL queue
 * to the detail; empties the queue. When memory was short, nothing is known of what was
 * examined: then the kind is INTERNAL. Returns -1.
 */
int error_set_openssl(struct error *err, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same without a reason, for what is not what was looked for, which OpenSSL says. When memory was
 * short the kind is INTERNAL; and, with UNLIKE_SILENT, when it says nothing: PEM_read_bio(3) does so
 * without memory, and where a block is empty. Returns -1.
 */
#define UNLIKE_SILENT ", or no memory to read it"
int error_set_unlike(struct error *err, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
