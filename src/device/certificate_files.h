/* The device's key and certificate where others read them: two files that belong together. */
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
 * Puts both in place of the old ones in `directory`, which is made when missing. A
 * crash leaves both old or both new, after certificate_files_recover. INTERNAL.
 */
int certificate_files_replace(const char *directory, struct view key, struct view chain,
    struct error *err);

/* Ends or undoes what a crash left half done. Called before anything else is done there. INTERNAL. */
int certificate_files_recover(const char *directory, struct error *err);

/* Reads the certificate. NOT_FOUND, MALFORMED or INTERNAL. The caller frees. */
int certificate_files_load(const char *directory, X509 **certificate, struct error *err);

/* Reads the key. NOT_FOUND, MALFORMED or INTERNAL. */
int certificate_files_key_load(const char *directory, struct device_key *key, struct error *err);

#endif
