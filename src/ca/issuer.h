/*
 * The issuing CAs of a state directory: the one that signs, and earlier ones whose
 * certificates are still in use. A certificate's key is found by its key
 * identifier and compared, so that they match even after a crash.
 */
#ifndef CA_ISSUER_H
#define CA_ISSUER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pki/ca.h"
#include "util/bytes.h"

struct error;
struct folder;
struct key_access;
struct store;

/* Largest key identifier in octets, and the size of its hexadecimal form with a NUL. */
#define ISSUER_KEY_ID_MAX 64
#define ISSUER_ID_SIZE    (2 * ISSUER_KEY_ID_MAX + 1)

/* The files of an issuing CA. Emptied by issuer_files_clear; {0} is empty. */
struct issuer_files {
	char         id[ISSUER_ID_SIZE]; /* subjectKeyIdentifier, hexadecimal */
	struct ca    ca;
	struct bytes pem;      /* its certificate and intermediates */
};

/* Writes the subjectKeyIdentifier of a certificate. INTERNAL when it has none that is usable. */
int issuer_files_id(const X509 *certificate, char id[ISSUER_ID_SIZE], struct error *err);

/*
 * Loads the CA that signs: issuing.pem, and its key from issuers/, issuing.uri or
 * issuing.key, whichever matches; no key if `access` is NULL. INTERNAL when none
 * matches; else as certificate_load and key_open. The caller checks expiry.
 */
int issuer_files_load(const struct folder *state, const struct key_access *access,
    struct issuer_files *out, struct error *err);

/* The same; INTERNAL also when the certificate has expired at `now`. */
int issuer_files_load_valid(const struct folder *state, const struct key_access *access, int64_t now,
    struct issuer_files *out, struct error *err);

/* The same as issuer_files_load for the earlier CA `id`, from issuers/. */
int issuer_files_load_earlier(const struct folder *state, const char *id,
    const struct key_access *access, struct issuer_files *out, struct error *err);

void issuer_files_clear(struct issuer_files *files);

/*
 * The identifiers of the earlier CAs that issuers/ has a certificate of, in order, each
 * ISSUER_ID_SIZE octets; the one that signs is not among them. The caller frees *ids.
 */
int issuer_files_list(const struct folder *state, char (**ids)[ISSUER_ID_SIZE], size_t *count,
    struct error *err);

/* Returns "issuers/ID.suffix", which the caller frees. */
char *issuer_files_name(const char *id, const char *suffix);

/* The service manager's credential that unlocks issuing keys. */
#define ISSUER_CREDENTIAL "issuing-passphrase"

/*
 * Whether the PKCS #11 module of the settings could be read, also when no key needs it now; NULL and
 * a bare name, which the loader looks up, pass. INTERNAL.
 */
int issuer_module_check(const char *pkcs11_module, struct error *err);

/*
 * Fills the secret for a daemon's issuing keys: the credential, or else the first line of
 * `passphrase_file`, which may be NULL. The caller clears *secret, which *access borrows.
 */
int issuer_files_access(const char *passphrase_file, const char *pkcs11_module,
    struct bytes *secret, struct key_access *access, struct error *err);

/*
 * Records in the inventory that this certificate's key signs: store_issuer_use with its key
 * identifier and DER. INTERNAL.
 */
int issuer_record(struct store *store, const X509 *certificate, int64_t now, int64_t *issuer,
    struct error *err);

/* Removes the files of an earlier CA, its certificate last. INTERNAL. */
int issuer_files_remove(const struct folder *state, const char *id, struct error *err);

/* Reads a file with a URI in its first line, which the caller frees. */
int issuer_files_read_uri(const struct folder *state, const char *name, char **uri,
    struct error *err);

#endif
