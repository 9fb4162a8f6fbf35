/* The statuses of ACME's objects: RFC 8555 §7.1.6. acme/keeper/transition.h has the allowed
 * transitions. */
#ifndef UTIL_STATUS_H
#define UTIL_STATUS_H

#include <stdbool.h>

/* name, as the RFC and the database spell it. */
#define STATUSES(X)                  \
	X(PENDING, "pending")        \
	X(READY, "ready")            \
	X(PROCESSING, "processing")  \
	X(VALID, "valid")            \
	X(INVALID, "invalid")        \
	X(DEACTIVATED, "deactivated") \
	X(EXPIRED, "expired")        \
	X(REVOKED, "revoked")

enum status {
#define X(name, text) STATUS_##name,
	STATUSES(X)
#undef X
	STATUS_COUNT
};

/* The RFC's word for it. */
const char *status_name(enum status status);

/* Reads that word; false for any other text. */
bool status_parse(const char *text, enum status *status);

#endif
