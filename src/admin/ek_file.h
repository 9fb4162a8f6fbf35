/* EKs in files of common tools. */
#ifndef ADMIN_EK_FILE_H
#define ADMIN_EK_FILE_H

#include "tpm/ek.h"

struct error;

/*
 * Hashes the EK in the file: a public key or a certificate, PEM (the first block that
 * is one of them) or DER. NOT_FOUND, TOO_LARGE or INTERNAL when the file cannot be
 * read; MALFORMED when it holds neither; BAD_ATTESTATION when attestd would never
 * accept such a key as an EK. A certificate's issuer and dates are not checked.
 */
int ek_file_hash(const char *path, struct ek_hash *hash, struct error *err);

#endif
