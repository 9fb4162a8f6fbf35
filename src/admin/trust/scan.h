/* Finds certificates in files, directory trees and archives by their content. */
#ifndef ADMIN_TRUST_SCAN_H
#define ADMIN_TRUST_SCAN_H

#include <stddef.h>

#include <openssl/types.h>

#include "admin/trust/archive.h"

struct error;

/* Callbacks for what is found. `source` is untrusted text for display. */
struct trust_scan {
	/* A certificate, which the callee owns. */
	void (*certificate)(X509 *certificate, const char *source, void *arg);
	/* An item that should be or contain a certificate, and cannot be read. */
	void (*unreadable)(const char *source, const char *reason, void *arg);
	/* Called for each file and each member of an archive. */
	void               (*step)(void *arg);
	void                *arg;
	struct trust_budget  budget;
	size_t               others; /* files without certificates */
	size_t               links;  /* symbolic links in directories, which are not followed */
};

#define TRUST_SCAN_BUDGET {.octets = (size_t)512 << 20, .entries = 200000, .certificates = 50000}

/*
 * Scans a file (DER or PEM with one or more certificates, PKCS #7, or an archive of such files,
 * also nested) or a directory tree, in the order of names.
 *
 * -1 when something cannot be scanned completely: NOT_FOUND, INTERNAL, MALFORMED for an
 * archive, TOO_LARGE; the detail names it.
 */
int trust_scan_path(struct trust_scan *scan, const char *path, struct error *err);

/* The same for octets; `source` names them. Public for tests. */
int trust_scan_content(struct trust_scan *scan, struct view content, const char *source,
    struct error *err);

#endif
