/*
 * What attest-acmed runs with between two reloads: the settings, the issuing CA, and what is read
 * from the files that the settings and the state directory name. It never changes, but for the
 * roots, which are read again by themselves (service/keeper/keeper.h).
 */
#ifndef ACME_KEEPER_REVISION_H
#define ACME_KEEPER_REVISION_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "acme/settings.h"
#include "ca/issuer.h"
#include "util/bytes.h"
#include "util/config_file.h"

struct error;
struct folder;
struct key_needs;
struct roots;
struct store;

/* An issuing CA that was replaced: the chain of the certificates that it has signed. */
struct acme_earlier {
	X509        *certificate;
	struct bytes pem;
};

/* Most of them, the newest first. */
#define ACME_EARLIER_MAX 8U

struct acme_revision {
	struct acme_settings settings;
	struct issuer_files  issuing;
	struct acme_earlier  earlier[ACME_EARLIER_MAX];
	size_t               earlier_count;
	struct bytes         root_pem;
	struct config_list   dns_names;
	char                *base;       /* URL for clients; NULL when nothing is served */
	char                *crl_url;    /* NULL: none in certificates */
	struct roots        *roots; /* has a lock of its own */
};

/* What it is made of. */
struct acme_revision_plan {
	const struct acme_settings *settings;  /* copied */
	const char                 *listening; /* URLs; NULL: nothing is served */
	const struct folder        *state;     /* the state directory; it must outlive the revision */
	struct store               *store;     /* the main thread's, for the CRLs' marks */
	const struct acme_revision *before;    /* what it is to replace; NULL: none */
	struct key_needs *needs; /* notes what the key takes; may be NULL */
	bool only_check; /* the store is not written to: roots_refresh does that later */
};

/* Reads and checks everything. NOT_FOUND, MALFORMED, CONFLICT or INTERNAL, naming the file. */
int  acme_revision_new(const struct acme_revision_plan *plan, struct acme_revision **out,
     struct error *err);
void acme_revision_free(void *revision); /* takes NULL too; any thread */

/*
 * The chain (PEM) of a certificate (DER) that this server has issued: that of its own issuer, also
 * when that was replaced since the server's start.
 */
struct view acme_revision_chain(const struct acme_revision *revision, struct view certificate);

#endif
