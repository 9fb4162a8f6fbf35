/* The secrets that unlock a command's keys: from descriptors and credentials, never from
 * arguments. */
#ifndef ADMIN_ACCESS_H
#define ADMIN_ACCESS_H

#include "command/option.h"
#include "pki/key_uri.h"
#include "util/bytes.h"

struct error;

/* The service manager's credential that unlocks the root's key; issuing keys have
 * ISSUER_CREDENTIAL. */
#define ACCESS_ROOT_CREDENTIAL "root-passphrase"

/* The options of every command that opens keys, and the struct that they fill. */
struct access_options {
	int         passphrase_fd; /* -1: none */
	const char *pkcs11_module;
};

extern const struct command_option access_rows[];

/* Emptied by access_clear; {0} is for keys that are not locked. */
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
 * The same for the root's key: from --root-passphrase-fd, which is `descriptor`, or
 * its credential, or else the issuing key's secret.
 */
int access_read_root(const struct access_options *options, int descriptor,
    const struct access *issuing, struct access *access, struct error *err);

/* The return value of a command that could not read its secrets: COMMAND_USAGE for a usage
 * error. */
int access_status(const struct error *err);

void access_clear(struct access *access);

#endif
