/*
 * Who gets a certificate, and which: facts and configuration in, verdict out.
 * No I/O, no clock; a policy of zeroes refuses everything.
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

/* Strings are owned by the settings that this is part of. */
struct acme_policy {
	struct config_list allow;     /* globs; an identifier must match one */
	struct config_list deny;      /* … and none of these */
	struct config_list key_types; /* "ecc-p256", "ecc-p384", "ecc-p521", "rsa-2048", … */
	struct config_list dns_names; /* templates: "{identifier}.home.example" */
	int64_t lifetime; /* seconds, when the order does not say */
	int64_t lifetime_min;
	int64_t lifetime_max;
	int64_t orders_per_hour;   /* of one account */
	int64_t accounts_per_hour; /* of all clients */
	bool    server_auth;       /* EKU serverAuth beside clientAuth */
};

/* MALFORMED for what can be no policy: a key type or template that is none, least above most. */
int policy_check(const struct acme_policy *policy, struct error *err);

/*
 * UNSUPPORTED_IDENTIFIER for another type; MALFORMED when the value is no
 * identifier; REJECTED_IDENTIFIER when the policy does not want it.
 */
int policy_check_identifier(const struct acme_policy *policy, struct view type, struct view value,
    struct error *err);

/*
 * Makes of a contact what is kept of it, which the caller frees: a mailto: URL with one
 * address; a bare address becomes one. UNSUPPORTED_CONTACT when it is another URL or no
 * address; INVALID_CONTACT when the mailto: is none, or longer than an address can be
 * (RFC 8555 §7.3).
 */
int policy_contact(struct view contact, char **out, struct error *err);

/*
 * Looks at the notBefore and notAfter that a new order asks for (0: not).
 * MALFORMED when notBefore lies further ahead than certificates are backdated, or
 * when the life from now on would be shorter or longer than allowed.
 */
int policy_check_validity(const struct acme_policy *policy, int64_t not_before, int64_t not_after,
    int64_t now, struct error *err);

/*
 * Fills in the validity of a certificate that is made now; it begins at `begin` when the order
 * asks for nothing else. MALFORMED when the notAfter
 * asked for has passed, or when either lies further ahead than a new order may ask for.
 */
int policy_validity(const struct acme_policy *policy, int64_t begin, int64_t asked_not_before,
    int64_t asked_not_after, int64_t now, int64_t *not_before, int64_t *not_after,
    struct error *err);

/* BAD_PUBLIC_KEY when no certificate is made for keys of its type. */
int policy_check_key(const struct acme_policy *policy, const EVP_PKEY *key, struct error *err);

/* The DNS names that go with an identifier; the caller frees each. At most POLICY_DNS_MAX. */
size_t policy_dns_names(const struct acme_policy *policy, const char *identifier,
    char *names[POLICY_DNS_MAX]);

/*
 * Compares a CSR with what the order and the profile give: the key that was attested
 * (`spki`), the identifier and its CN, its DNS names, the purposes. Asked for more, the
 * certificate would fail its user: BAD_CSR with a sentence for each. Usages of the key
 * (`left_out`) are no reason: a TPM's signing key has but one.
 */
int policy_check_csr(const struct acme_policy *policy, const struct csr *csr,
    const char *identifier, struct view spki, struct error *err);

#endif
