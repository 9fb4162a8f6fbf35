/*
 * The device's key and certificate for other programs: two files that belong together.
 *
 * A renewal keeps the key as a rule and replaces device.pem only, by a rename: device.key is then
 * not written, and its modification time says when the key was made. A change of the key puts the
 * old pair aside first, as former-ID.key and former-ID.pem (the key before the chain: a
 * former-ID.key alone counts for nothing), then writes device.key.new and device.pem.new, and
 * renames the key and then the chain. In between, device.pem.new is the chain of device.key. ID is
 * the first 16 hexadecimal digits of the SHA-256 of the old key's SubjectPublicKeyInfo.
 *
 * A former pair is for programs that still have the old certificate in hand: it must be found by
 * its certificate or its key's id and sign, but not be offered. A pair with the key of device.key
 * is not a former one, whatever its name (a crash can leave it). It is removed at the next change
 * or renewal after its certificate has ended, and when FORMER_MAX (former.h) newer ones are there.
 */
#ifndef DEVICE_CERTIFICATE_FILES_H
#define DEVICE_CERTIFICATE_FILES_H

#include <stdint.h>
#include <sys/types.h>

#include <openssl/x509.h>

#include "util/bytes.h"

struct device_key;
struct error;

/*
 * Replaces both files in `directory`, which is made if missing. After a crash and
 * certificate_files_recover, both are old or both new. The old pair becomes a former one.
 * The group may read the keys. INTERNAL.
 */
int certificate_files_replace(const char *directory, gid_t group, struct view key,
    struct view chain, struct error *err);

/* Replaces the chain of the key in place, which stays as it is. INTERNAL. */
int certificate_files_chain_replace(const char *directory, struct view chain, struct error *err);

/*
 * Gives the keys that are there, former ones too, to the group. Where there are none, nothing is
 * to be done; a file that holds no key stays as it is. INTERNAL.
 */
int certificate_files_share(const char *directory, gid_t group, struct error *err);

/* Completes or rolls back a replacement that a crash interrupted. Call it before any other use of
 * the directory. INTERNAL. */
int certificate_files_recover(const char *directory, struct error *err);

/* Reads the certificate. NOT_FOUND, MALFORMED or INTERNAL. The caller frees. */
int certificate_files_load(const char *directory, X509 **certificate, struct error *err);

/* Reads the key. NOT_FOUND, MALFORMED or INTERNAL. */
int certificate_files_key_load(const char *directory, struct device_key *key, struct error *err);

/* When the key was made; seconds since 1970. NOT_FOUND or INTERNAL. */
int certificate_files_key_made(const char *directory, int64_t *made, struct error *err);

#endif
