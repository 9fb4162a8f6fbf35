/*
 * Attestation statements judged: WIRE.md §6, draft-ietf-acme-device-attest. One
 * table of formats; a format is one function and its file.
 */
#ifndef ACME_KEEPER_STATEMENT_H
#define ACME_KEEPER_STATEMENT_H

#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct acme_policy;
struct acme_statement;
struct error;
struct roots_snapshot;

/* What a statement is judged by. */
struct statement_facts {
	const struct roots_snapshot *roots;
	const struct acme_policy    *policy;
	const char                  *identifier;        /* that was ordered */
	struct view                  key_authorization; /* RFC 8555 §8.1, from our own store */
	int64_t                      now;
};

/* What it proves. */
struct statement_verdict {
	struct bytes key;     /* SubjectPublicKeyInfo of the attested key, in our own encoding */
	struct bytes chain;   /* what vouches for it: certificates (DER) one after the other */
	char        *witness; /* for people: what vouches for it */
};

/*
 * Judges a statement. Returns 0 and fills *verdict, which statement_verdict_clear
 * empties; or -1 with BAD_ATTESTATION_STATEMENT and the rule that failed, or
 * INTERNAL when it could not be judged.
 */
int statement_verify(const struct acme_statement *statement, const struct statement_facts *facts,
    struct statement_verdict *verdict, struct error *err);

/*
 * Judges again what vouched for a key: a certificate may be revoked, or its root no longer
 * trusted, since. key_authorization is not looked at. BAD_ATTESTATION_STATEMENT also when
 * there is none.
 */
int statement_check_chain(struct view chain, const struct statement_facts *facts,
    struct error *err);

void statement_verdict_clear(struct statement_verdict *verdict);

/* The formats; their failures may be of any kind, which statement_verify makes one. */
int statement_tpm_verify(const struct acme_statement *statement,
    const struct statement_facts *facts, struct statement_verdict *verdict, struct error *err);
int statement_tpm_check_chain(struct view chain, const struct statement_facts *facts,
    struct error *err);

#endif
