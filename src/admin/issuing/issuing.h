/* What the commands "issuing …" share. */
#ifndef ADMIN_ISSUING_ISSUING_H
#define ADMIN_ISSUING_ISSUING_H

#include <openssl/x509.h>

#include "ca/issuer.h"
#include "command/option.h"

struct command_call;
struct error;
struct ca;
struct issuer_next;
struct key_access;

/* The options that name or make the next key, and the struct that they fill. */
struct issuing_options {
	const char *key_type; /* NULL: as the present one */
	const char *key;      /* NULL: one is made */
};

extern const struct command_option issuing_rows[];

/*
 * Says what the next CA with this key is called: as the present one when it has the
 * same key, else the next of that name. RFC 5280 knows an issuer by its name: what
 * is signed with another key is another issuer's.
 */
int issuing_name(const struct issuer_files *old, EVP_PKEY *key, char *name, struct error *err);

/* Says what is wrong with --key and --key-type: MALFORMED. */
int issuing_check_options(const struct issuing_options *options, struct error *err);

/* A new key of --key-type, or of the present CA's type, or of p256. */
int issuing_make_key(const struct issuing_options *options, const struct issuer_files *old,
    EVP_PKEY **key, struct error *err);

/* Loads the key that waits for a certificate. NOT_FOUND when none does. */
int issuing_load_waiting(const char *state_dir, const struct key_access *access, EVP_PKEY **key,
    struct error *err);

/* Loads the key that lies in issuers/ under an identifier. NOT_FOUND when none does. */
int issuing_load_placed(const char *state_dir, const char *id, const struct key_access *access,
    EVP_PKEY **key, struct error *err);

/*
 * Puts the next CA, which is `ca`, in place of `old` and both on record, in one
 * transaction, and publishes its first CRL. CONFLICT when `old` is not the present one
 * any more.
 */
int issuing_put(const struct command_call *call, const struct issuer_files *old,
    const struct issuer_next *next, const struct ca *ca, struct error *err);

/* Says what was put there and what is to be done now. `what` is "renewed" or "installed". */
void issuing_say(const struct command_call *call, const char *what, const struct issuer_files *old,
    const X509 *certificate, bool root_changed);

#endif
