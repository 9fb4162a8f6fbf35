/* The device's key and certificate for other programs: two files that belong together. */
#ifndef DEVICE_CERTIFICATE_FILES_H
#define DEVICE_CERTIFICATE_FILES_H

#include <openssl/x509.h>

#include "util/bytes.h"

struct device_key;
struct error;

/* PEM, TSS2 PRIVATE KEY, mode 0600. */
#define CERTIFICATE_FILES_KEY "device.key"
/* PEM, the certificate and those above it. */
#define CERTIFICATE_FILES_CHAIN "device.pem"

/*
 * Replaces both files in `directory`, which is made if missing. After a crash and
 * certificate_files_recover, both are old or both new. INTERNAL.
 */
int certificate_files_replace(const char *directory, struct view key, struct view chain,
    struct error *err);

/* Completes or rolls back a replacement that a crash interrupted. Call it before any other use of
 * the directory. INTERNAL. */
int certificate_files_recover(const char *directory, struct error *err);

/* Reads the certificate. NOT_FOUND, MALFORMED or INTERNAL. The caller frees. */
int certificate_files_load(const char *directory, X509 **certificate, struct error *err);

/* Reads the key. NOT_FOUND, MALFORMED or INTERNAL. */
int certificate_files_key_load(const char *directory, struct device_key *key, struct error *err);

#endif
