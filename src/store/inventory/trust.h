/* The certificates of TPM vendors that an administrator imported. */
#ifndef STORE_INVENTORY_TRUST_H
#define STORE_INVENTORY_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct error;

#define STORE_FINGERPRINT_SIZE 32 /* SHA-256 of the DER */

struct store_trusted {
	uint8_t        fingerprint[STORE_FINGERPRINT_SIZE];
	bool           root; /* self-signed; otherwise an intermediate */
	const uint8_t *certificate; /* DER */
	size_t         certificate_size;
	const char    *source; /* the file it was read from, for people */
	int64_t        added;
};

/* Adds one; *added is false when it was there. The caller's transaction holds all of an import. */
int store_trust_add(struct store *store, const struct store_trusted *trusted, bool *added,
    struct error *err);

/* Removes one, on record. NOT_FOUND when it is not there. */
int store_trust_remove(struct store *store, const uint8_t fingerprint[STORE_FINGERPRINT_SIZE],
    int64_t now, struct error *err);

/* Lists all of them, roots first. What points into the row is valid during the callback. */
typedef bool store_trust_cb(const struct store_trusted *trusted, void *arg);
int store_trust_list(struct store *store, store_trust_cb *each, void *arg, struct error *err);

/* A number that grows with every change of the trusted certificates: when to load them again. */
int store_trust_revision(struct store *store, int64_t *revision, struct error *err);

#endif
