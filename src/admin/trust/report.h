/* The findings of trust import: each certificate with its fate. */
#ifndef ADMIN_TRUST_REPORT_H
#define ADMIN_TRUST_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/inventory/trust.h"
#include "util/bytes.h"

#define TRUST_SOURCE_SIZE  256
#define TRUST_SUBJECT_SIZE 160

enum trust_fate { TRUST_ADDED, TRUST_DUPLICATE, TRUST_REFUSED, TRUST_UNREADABLE };

/* A certificate, or an item that cannot be read as one. */
struct trust_found {
	enum trust_fate fate;
	bool            root;
	bool            expired;
	bool            rootless; /* an intermediate that leads to no root */
	uint8_t         fingerprint[STORE_FINGERPRINT_SIZE];
	struct bytes    der; /* empty if it cannot be read */
	int64_t         not_after;
	char            source[TRUST_SOURCE_SIZE];
	char            subject[TRUST_SUBJECT_SIZE];
	char            reason[TRUST_SUBJECT_SIZE]; /* why it was refused or cannot be read */
};

struct trust_report {
	struct trust_found *found;
	size_t              count;
	size_t              capacity;
	size_t              roots; /* added */
	size_t              intermediates;
};

/* Adds an item as UNREADABLE; the pointer is valid until the next call. */
struct trust_found *trust_report_add(struct trust_report *report, const char *source);

void trust_report_print(const struct trust_report *report);
void trust_report_print_json(const struct trust_report *report);
void trust_report_clear(struct trust_report *report);

#endif
