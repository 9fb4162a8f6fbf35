/* Devices and certificates as JSON and as text. */
#ifndef ADMIN_DESCRIBE_H
#define ADMIN_DESCRIBE_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "store/inventory/certificate.h"
#include "store/inventory/device.h"

/*
 * {ek_hash, names, identifiers, tags, note, enabled, enrolled, seen}: identifiers are
 * those in AK certificates, the names or else the hash; seen is the time of the last
 * certificate, or null. The caller frees.
 */
json_t *describe_device_json(const struct store_device *device);

/*
 * {serial, ak_name, not_before, not_after, revoked, reason}: the last two are a time and the
 * word for the reason, or null. The caller frees.
 */
json_t *describe_certificate_json(const struct store_certificate *certificate);

/* Octets in hexadecimal. The caller frees. */
json_t *describe_octets(const uint8_t *data, size_t size);

/* The names, the tags with ", " between them, "" when there are none; the caller frees. */
char *describe_names(const struct store_device *device);
char *describe_tags(const struct store_device *device);

/*
 * Formats names from audit entries and records of removed devices, one per line, as "a, b"
 * or, when more did not fit, "a, b, ..."; and who acted, "uid 995" with the user's name where
 * it is known. The caller frees.
 */
char *describe_recorded_names(const char *names);
char *describe_actor(const char *actor);

/* Prints "EK HASH (NAMES)", and a device's properties, a line each. */
void describe_device_line(FILE *out, const struct store_device *device);
void describe_device(FILE *out, const struct store_device *device);

/* Warns on standard error about names that are too long for a CN, and prints the CN. */
void describe_long_names(const struct store_device *device);

/* Prints "2 AK certificates revoked"; and, if there are any, how the CRL gets signed. */
void describe_revoked(FILE *out, size_t revoked);
void describe_crl_hint(FILE *out, size_t revoked);

/*
 * Says what the CA cannot revoke: device certificates that an ACME server issued, and the commands
 * that do it at attest-acmed, for the EK and, where `names` are given, for each of these names
 * alone.
 */
void describe_acme_hint(FILE *out, const uint8_t ek_hash[STORE_HASH_SIZE], char *const *names,
    size_t count);

/* One such command; `name` may be NULL. */
void describe_acme_command(FILE *out, const uint8_t ek_hash[STORE_HASH_SIZE], const char *name);

#endif
