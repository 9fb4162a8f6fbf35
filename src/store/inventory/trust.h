/* The imported certificates of TPM vendors. */
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
	const char    *source; /* the file that it was read from, for display */
	int64_t        added;
};

/* Adds one; *added is false when it exists already. The caller's transaction contains the whole
 * import. */
int store_trust_add(struct store *store, const struct store_trusted *trusted, bool *added,
    struct error *err);

/* Removes one, with an audit entry. NOT_FOUND when there is no such certificate. */
int store_trust_remove(struct store *store, const uint8_t fingerprint[STORE_FINGERPRINT_SIZE],
    int64_t now, struct error *err);

/* Lists all of them, roots first. Pointers into the row are valid during the callback. */
typedef bool store_trust_cb(const struct store_trusted *trusted, void *arg);
int store_trust_list(struct store *store, store_trust_cb *each, void *arg, struct error *err);

/* A counter that increases with every change of the trusted certificates: then load them again. */
int store_trust_revision(struct store *store, int64_t *revision, struct error *err);

#endif
