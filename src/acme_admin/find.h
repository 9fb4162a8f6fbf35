/* Looks up certificates by serial number or name, and formats them. */
#ifndef ACME_ADMIN_FIND_H
#define ACME_ADMIN_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "store/acme/acme.h"
#include "util/ek_hash.h"

struct error;

/*
 * Calls `each` for the certificate with this serial number (hexadecimal, colons
 * allowed), or for all that have this name. NOT_FOUND when there is none.
 */
int find_issued(struct store *store, const char *text, store_issued_cb *each, void *arg,
    struct error *err);

/*
 * The EK of the machine that attested the certificate's key: the one that the AK certificate
 * on record names, or `wanted` if it names several; NULL: the first. False when there is none.
 */
bool find_ek(const struct store_issued *issued, const struct ek_hash *wanted, struct ek_hash *ek);

/* The serial number in digits. */
#define FIND_SERIAL_SIZE (2 * STORE_SERIAL_MAX + 1)
void find_serial(const struct store_issued *issued, char text[FIND_SERIAL_SIZE]);

/* The whole record as JSON; the caller frees. */
json_t *find_json(const struct store_issued *issued, int64_t now);

#endif
