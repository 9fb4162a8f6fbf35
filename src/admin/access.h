/* What opens the keys that a command uses: options, credentials, never arguments. */
#ifndef ADMIN_ACCESS_H
#define ADMIN_ACCESS_H

#include "pki/key_uri.h"
#include "util/bytes.h"

struct admin_call;
struct error;

/* The credential of the service manager that opens the root's key; issuing keys have ISSUER_CREDENTIAL. */
#define ACCESS_ROOT_CREDENTIAL "root-passphrase"

/* The options of every command that opens keys: rows of its struct admin_option table. */
#define ACCESS_OPTIONS                                                                          \
	{"passphrase-fd", 0, "N", "read the key's passphrase or PIN from this open descriptor", false}, \
	{"pkcs11-module", 0, "FILE", "for \"pkcs11:\" URIs that name no module-path", false}

/* Emptied by access_clear; {0} opens what is not locked. */
struct access {
	struct bytes      secret;
	struct key_access key;
};

/*
 * Reads the secret of the issuing key: from --passphrase-fd, or from the credential.
 * MALFORMED (the caller answers ADMIN_USAGE) when the option is no number.
 */
int access_read(const struct admin_call *call, struct access *access, struct error *err);

/* The same for the root's key: --root-passphrase-fd, its credential, or else what opens the issuing key. */
int access_read_root(const struct admin_call *call, const struct access *issuing,
    struct access *access, struct error *err);

/* What a command returns that could not read its secrets: ADMIN_USAGE when it was given them wrongly. */
int access_status(const struct error *err);

void access_clear(struct access *access);

#endif
