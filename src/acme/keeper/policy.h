/*
 * The issuance policy: facts and configuration in, verdict out. No I/O, no
 * clock; a zeroed policy refuses everything.
 */
#ifndef ACME_KEEPER_POLICY_H
#define ACME_KEEPER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"
#include "util/config_file.h"

struct csr;
struct error;

#define POLICY_IDENTIFIER "permanent-identifier"
#define POLICY_DNS_MAX    16

/* The settings that contain this own the strings. */
struct acme_policy {
	struct config_list allow;     /* globs; an identifier must match one */
	struct config_list deny;      /* … and match none of these */
	struct config_list key_types; /* "ecc-p256", "ecc-p384", "ecc-p521", "rsa-2048", … */
	struct config_list dns_names; /* templates: "{identifier}.home.example" */
	int64_t lifetime; /* seconds, if the order requests none */
	int64_t lifetime_min;
	int64_t lifetime_max;
	int64_t orders_per_hour;   /* per account */
	int64_t accounts_per_hour; /* all clients together */
	int64_t unattested_orders; /* all clients together */
	bool    server_auth;       /* EKU serverAuth beside clientAuth */
};

/* MALFORMED for an invalid policy: an unknown key type, a bad template, a minimum above the
 * maximum. */
int policy_check(const struct acme_policy *policy, struct error *err);

/*
 * UNSUPPORTED_IDENTIFIER for another type; MALFORMED when the value is not an
 * identifier; REJECTED_IDENTIFIER when the policy refuses it.
 */
int policy_check_identifier(const struct acme_policy *policy, struct view type, struct view value,
    struct error *err);

/*
 * Normalizes a contact to a mailto: URL with one address, which the caller frees; also
 * from a bare address. UNSUPPORTED_CONTACT when it is another URL or no address;
 * INVALID_CONTACT when the mailto: URL is not valid or too long for an address (RFC
 * 8555 §7.3).
 */
int policy_contact(struct view contact, char **out, struct error *err);

/*
 * Checks the notBefore and notAfter that a new order requests (0: not requested).
 * MALFORMED when notBefore lies further ahead than certificates are backdated, or
 * when the life from now on would be shorter or longer than allowed.
 */
int policy_check_validity(const struct acme_policy *policy, int64_t not_before, int64_t not_after,
    int64_t now, struct error *err);

/*
 * Fills the validity of a certificate that is made now; it begins at `begin` unless the order
 * requests another time. MALFORMED when the requested notAfter has passed, or either lies
 * further ahead than a new order may request.
 */
int policy_validity(const struct acme_policy *policy, int64_t begin, int64_t asked_not_before,
    int64_t asked_not_after, int64_t now, int64_t *not_before, int64_t *not_after,
    struct error *err);

/* BAD_PUBLIC_KEY when the policy does not allow its type. */
int policy_check_key(const struct acme_policy *policy, const EVP_PKEY *key, struct error *err);

/* The DNS names for an identifier, at most POLICY_DNS_MAX; the caller frees each. */
size_t policy_dns_names(const struct acme_policy *policy, const char *identifier,
    char *names[POLICY_DNS_MAX]);

/*
 * Compares a CSR with what the order and the profile grant: the attested key (`spki`),
 * the identifier and its CN, its DNS names, the purposes. If the CSR asks for more, the
 * certificate would disappoint its user: BAD_CSR with the reason. Extra key usages
 * (`left_out`) are ignored: a TPM's signing key has only one.
 */
int policy_check_csr(const struct acme_policy *policy, const struct csr *csr,
    const char *identifier, struct view spki, struct error *err);

#endif
