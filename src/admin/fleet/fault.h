/* The faults of a file, by line: the first of them, and their number. */
#ifndef ADMIN_FLEET_FAULT_H
#define ADMIN_FLEET_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define FAULTS_MAX 10

struct fault {
	uint64_t line;
	char    *text;
};

/* {0} is empty. Faults may be added in any order and are sorted by line. */
struct faults {
	struct fault first[FAULTS_MAX];
	uint64_t     count; /* of all */
};

void faults_add(struct faults *faults, uint64_t line, const char *text);
void faults_clear(struct faults *faults);

/* Prints them to standard error, a line each: "line 17: …", and the number of others. */
void faults_print(const struct faults *faults);

/* [{"line": 17, "fault": "…"}, …] of the first faults. */
json_t *faults_json(const struct faults *faults);

#endif
