/* What opens the keys that a command uses: options, credentials, never arguments. */
#ifndef ADMIN_ACCESS_H
#define ADMIN_ACCESS_H

#include "command/option.h"
#include "pki/key_uri.h"
#include "util/bytes.h"

struct error;

/* The credential of the service manager that opens the root's key; issuing keys have ISSUER_CREDENTIAL. */
#define ACCESS_ROOT_CREDENTIAL "root-passphrase"

/* The options of every command that opens keys, and the struct that they fill. */
struct access_options {
	int         passphrase_fd; /* -1: none */
	const char *pkcs11_module;
};

extern const struct command_option access_rows[];

/* Emptied by access_clear; {0} opens what is not locked. */
struct access {
	struct bytes      secret;
	struct key_access key;
};

/*
 * Reads the secret of the issuing key: from --passphrase-fd, or from the credential.
 * MALFORMED (the caller answers COMMAND_USAGE) when the descriptor cannot be read.
 */
int access_read(const struct access_options *options, struct access *access, struct error *err);

/*
 * The same for the root's key: from --root-passphrase-fd, which is `descriptor`, its
 * credential, or else what opens the issuing key.
 */
int access_read_root(const struct access_options *options, int descriptor,
    const struct access *issuing, struct access *access, struct error *err);

/* What a command returns that could not read its secrets: COMMAND_USAGE when it was given them wrongly. */
int access_status(const struct error *err);

void access_clear(struct access *access);

#endif
