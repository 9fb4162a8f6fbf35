/* What reading PEM files of several objects needs beside OpenSSL. */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* The octets as a BIO, which the caller frees before them; NULL without memory. */
BIO *pem_open(const struct bytes *pem);

/* A pem_password_cb that knows none: PEM may claim to be encrypted, and there is nobody to ask. */
int pem_no_passphrase_cb(char *buffer, int size, int writing, void *data);

/* Appends DER as PEM with this name ("CERTIFICATE"), without decoding it. INTERNAL. */
int pem_wrap(const char *name, struct view der, struct bytes *pem, struct error *err);

/*
 * True when the last PEM_read_bio_… failed because no further object begins, which
 * is how a file ends; false when one begins and cannot be read. Empties OpenSSL's
 * queue when true.
 */
bool pem_is_at_end(void);

#endif
