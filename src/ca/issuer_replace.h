/* Replaces the issuing CA atomically, also across a crash. */
#ifndef CA_ISSUER_REPLACE_H
#define CA_ISSUER_REPLACE_H

#include <stdbool.h>

#include "util/bytes.h"

struct error;
struct folder;
struct issuer_files;

/* The next CA. Exactly one of key, uri and waiting gives its key. */
struct issuer_next {
	const char *id;       /* of its certificate: issuer_files_id */
	struct view pem;      /* the certificate and its intermediates */
	struct view root_pem; /* empty: root.pem is unchanged */
	struct view key;      /* PEM */
	const char *uri;
	bool        waiting;  /* in STATE_NEXT_KEY or STATE_NEXT_URI, or under its identifier already */
};

/*
 * Keeps certificate and key of `old`, the one that signs now, in issuers/, puts those
 * of `next` there, and then replaces issuing.pem: before that the old CA signs, after
 * it the new one, whose key moves to issuing.key or issuing.uri at last. When both have
 * the same key, only the certificate is replaced. The files are the directory owner's.
 * For one process at a time: in a transaction of the store. INTERNAL.
 */
int issuer_replace(const struct folder *state, const struct issuer_files *old,
    const struct issuer_next *next, struct error *err);

/*
 * Completes a replacement after a crash: moves the key of the CA that signs from
 * issuers/ to its usual place. In a transaction of the store, as above. INTERNAL.
 */
int issuer_settle(const struct folder *state, struct error *err);

/* True when issuer_settle has work for the CA of this identifier, or nobody can tell. */
bool issuer_is_unsettled(const struct folder *state, const char *id);

#endif
