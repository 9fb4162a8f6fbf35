/* Certificates in files, directory trees and archives, found by what they are. */
#ifndef ADMIN_TRUST_SCAN_H
#define ADMIN_TRUST_SCAN_H

#include <stddef.h>

#include <openssl/types.h>

#include "admin/trust/archive.h"

struct error;

/* Who is told of what is found. `source` is for people, and may hold anything. */
struct trust_scan {
	/* A certificate, which is theirs from now on. */
	void (*certificate)(X509 *certificate, const char *source, void *arg);
	/* Something that should be one, or hold some, and cannot be read. */
	void (*unreadable)(const char *source, const char *reason, void *arg);
	/* Once for each file, and each member of an archive. */
	void               (*step)(void *arg);
	void                *arg;
	struct trust_budget  budget;
	size_t               others; /* files of other kinds */
	size_t               links;  /* symbolic links in directories, which are not followed */
};

#define TRUST_SCAN_BUDGET {.octets = (size_t)512 << 20, .entries = 200000, .certificates = 50000}

/*
 * Looks through a file (DER or PEM, of one or several, or an archive of such, in which may
 * be archives again) or a directory and those in it, in the order of names.
 *
 * -1 when something cannot be looked through to its end: NOT_FOUND, INTERNAL, MALFORMED
 * for an archive, TOO_LARGE; the detail names it.
 */
int trust_scan_path(struct trust_scan *scan, const char *path, struct error *err);

/* The same of octets that are called `source`. */
int trust_scan_content(struct trust_scan *scan, struct view content, const char *source,
    struct error *err);

#endif
