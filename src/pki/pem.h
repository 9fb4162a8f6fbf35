/* Helpers for reading PEM files of several objects with OpenSSL. */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* A read-only BIO over the octets, which the caller frees before them; NULL when memory is
 * short. */
BIO *pem_open(const struct bytes *pem);

/* A pem_password_cb that supplies no passphrase, so that encrypted PEM fails instead of
 * prompting. */
int pem_no_passphrase_cb(char *buffer, int size, int writing, void *data);

/* Appends DER as PEM with this name ("CERTIFICATE"), without decoding it. INTERNAL. */
int pem_wrap(const char *name, struct view der, struct bytes *pem, struct error *err);

/*
 * True when the last PEM_read_bio_… failed because the file has no further object;
 * false when an object begins and cannot be read. Empties OpenSSL's queue when
 * true.
 */
bool pem_is_at_end(void);

#endif
