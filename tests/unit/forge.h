/*
 * Software that claims to be a TPM: keys, attestations and the opening of
 * credentials, valid in all but the one flaw that is asked for. Every failure
 * aborts: this is for tests.
 */
#ifndef TESTS_UNIT_FORGE_H
#define TESTS_UNIT_FORGE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>
#include <tss2/tss2_tpm2_types.h>

#include "forge_flaws.h"
#include "tpm/name.h"
#include "util/bytes.h"
#include "util/error.h"

/* ---- keys ---- */

enum forge_key {
	FORGE_RSA1024,
	FORGE_RSA2048,
	FORGE_RSA2048_E3,   /* exponent 3 */
	FORGE_RSA2048_ROCA, /* made as CVE-2017-15361 makes them */
	FORGE_RSA3072,
	FORGE_RSA4096,
	FORGE_P224,
	FORGE_P256,
	FORGE_P384,
	FORGE_P521,
	FORGE_KEY_COUNT
};

/*
 * A private key of the kind, always the same in one process and for one `index`
 * (0 to 3). Borrowed. Call it before Check forks, and every case has it. An RSA key is the same in
 * all processes for which FORGE_KEYS names a directory: there it is kept.
 */
EVP_PKEY *forge_key(enum forge_key kind, size_t index);

/*
 * From now on forge_key reads keys from files in this directory, and writes there those that it
 * makes: a program that runs again has the same ones, at once. Borrowed.
 */
void forge_keys_keep(const char *directory);

/*
 * With forge_keys_keep: RSA keys, which take long to make, are those that bear this name in the
 * directory FORGE_KEYS, if there is one. Who takes another name has other keys. Borrowed.
 */
void forge_keys_share(const char *name);

/* Removes those that are kept: the next ones are others. */
void forge_keys_drop(void);

/* Appends the SubjectPublicKeyInfo as OpenSSL encodes it. */
void forge_spki(EVP_PKEY *key, struct bytes *der);

/* Fills type, parameters and unique of a public area; every other field is left. */
void forge_public_key(EVP_PKEY *key, TPMT_PUBLIC *area);

/* Append the structure as it goes over the wire, without a size prefix. */
void forge_marshal_public(const TPMT_PUBLIC *area, struct bytes *out);
void forge_marshal_attest(const TPMS_ATTEST *attest, struct bytes *out);

/* The Name of a public area, computed without the code under test. */
struct tpm_name forge_name(struct view area);

/* Appends a TPMT_SIGNATURE over `message`; `salt` is RSAPSS's, -1 for the digest's size. */
void forge_sign(EVP_PKEY *key, TPMI_ALG_SIG_SCHEME scheme, TPMI_ALG_HASH hash, int salt,
    struct view message, struct bytes *out);

/* ---- attestation keys ---- */

enum forge_ak_kind {
	FORGE_AK_RSASSA, /* RSA-2048, SHA-256, as all the others where nothing is said */
	FORGE_AK_RSAPSS,
	FORGE_AK_RSASSA_3072, /* SHA-384 */
	FORGE_AK_P256,
	FORGE_AK_P384, /* SHA-384 */
	FORGE_AK_P521, /* SHA-512 */
	FORGE_AK_COUNT
};

/* What keys of a kind are, and how they sign; the hash is nameAlg too. */
enum forge_key      forge_ak_key(enum forge_ak_kind kind);
TPMI_ALG_SIG_SCHEME forge_ak_scheme(enum forge_ak_kind kind);
TPMI_ALG_HASH       forge_ak_hash(enum forge_ak_kind kind);

/* A row of the table. */
struct forge_flaw_row {
	const char        *name;
	enum forge_ak_kind ak;
	enum forge_judge   judge;
	enum error_kind    kind;
	const char        *detail;
};
const struct forge_flaw_row *forge_flaw_row(enum forge_flaw flaw);

/* The `params` of WIRE.md §1; clear with forge_ak_clear. */
struct forge_ak {
	EVP_PKEY       *key; /* borrowed */
	struct tpm_name name;
	struct bytes    public;
	struct bytes    create_data;
	struct bytes    attestation;
	struct bytes    signature;
};

/* Makes an AK and its evidence with that flaw, which wants the kind of its row. */
void forge_ak_make(enum forge_ak_kind kind, enum forge_flaw flaw, struct forge_ak *ak);
void forge_ak_clear(struct forge_ak *ak);

/* ---- endorsement keys ---- */

/* An EK by the TCG's template for its kind; clear with forge_ek_clear. */
struct forge_ek {
	EVP_PKEY    *key; /* borrowed */
	TPMT_PUBLIC  area;
	struct bytes spki;
	struct bytes public; /* the area */
};

/* kind is RSA-2048, -3072, -4096, P-256, P-384 or P-521. */
void forge_ek_make(enum forge_key kind, struct forge_ek *ek);

/* The same of a key of the caller's, which is of that kind and is borrowed. */
void forge_ek_make_of(enum forge_key kind, EVP_PKEY *key, struct forge_ek *ek);
void forge_ek_clear(struct forge_ek *ek);

/*
 * What TPM2_ActivateCredential does, written anew from Part 1, annexes B and C:
 * opens a credential for the object of that Name, both parts with their size
 * prefix, and appends the secret. False when the TPM would refuse.
 */
bool forge_activate(const struct forge_ek *ek, const struct tpm_name *name,
    struct view credential, struct view encrypted_secret, struct bytes *secret);

/* ---- certified keys ---- */

struct forge_certify_row {
	const char     *name;
	enum error_kind kind;
	const char     *detail;
};
const struct forge_certify_row *forge_certify_row(enum forge_certify_flaw flaw);

/* TPM2_Certify's evidence; clear with forge_certify_clear. */
struct forge_certify {
	EVP_PKEY       *key; /* the certified one, borrowed */
	struct tpm_name name;
	struct bytes    area; /* pubArea */
	struct bytes    info; /* certInfo */
	struct bytes    sig;
};

/*
 * Certifies a signing key of kind `key` with the AK's key, extraData being the
 * hash of the key authorization by the AK's hash.
 */
void forge_certify_make(const struct forge_ak *ak, enum forge_ak_kind ak_kind,
    enum forge_key key, struct view key_authorization, enum forge_certify_flaw flaw,
    struct forge_certify *certify);
void forge_certify_clear(struct forge_certify *certify);

/* The same of a key of the caller's, without a flaw. */
void forge_certify_make_of(const struct forge_ak *ak, enum forge_ak_kind ak_kind, EVP_PKEY *key,
    struct view key_authorization, struct forge_certify *certify);

#endif
