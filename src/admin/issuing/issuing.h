/* Shared by the commands "issuing …". */
#ifndef ADMIN_ISSUING_ISSUING_H
#define ADMIN_ISSUING_ISSUING_H

#include <openssl/x509.h>

#include "ca/issuer.h"
#include "command/option.h"

struct command_call;
struct error;
struct folder;
struct ca;
struct issuer_next;
struct key_access;

/* The options that name or make the next key, and the struct that they fill. */
struct issuing_options {
	const char *key_type; /* NULL: the type of the present one */
	const char *key;      /* NULL: make one */
};

extern const struct command_option issuing_rows[];

/*
 * The name of the next CA with this key: the present name for the same key, else
 * its successor. RFC 5280 identifies an issuer by its name, so another key needs
 * another name.
 */
int issuing_name(const struct issuer_files *old, EVP_PKEY *key, char *name, struct error *err);

/* Checks --key and --key-type: MALFORMED. */
int issuing_check_options(const struct issuing_options *options, struct error *err);

/* Makes a key of --key-type, or else of the present CA's type, or else p256. */
int issuing_make_key(const struct issuing_options *options, const struct issuer_files *old,
    EVP_PKEY **key, struct error *err);

/* Loads the pending key. NOT_FOUND when there is none. */
int issuing_load_waiting(const struct folder *state, const struct key_access *access, EVP_PKEY **key,
    struct error *err);

/* Loads the key in issuers/ under an identifier. NOT_FOUND when there is none. */
int issuing_load_placed(const struct folder *state, const char *id, const struct key_access *access,
    EVP_PKEY **key, struct error *err);

/*
 * Replaces `old` by the next CA, which is `ca`, and records both, in one transaction;
 * then publishes its first CRL. CONFLICT when `old` is no longer the present one.
 */
int issuing_put(const struct command_call *call, const struct issuer_files *old,
    const struct issuer_next *next, const struct ca *ca, struct error *err);

/* Prints the result and the next steps. `what` is "renewed" or "installed". */
void issuing_say(const struct command_call *call, const char *what, const struct issuer_files *old,
    const X509 *certificate, bool root_changed);

#endif
