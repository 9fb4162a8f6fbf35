/*
 * Attestation statements judged: WIRE.md §6, draft-ietf-acme-device-attest. The table of
 * formats is made from webauthn/format.h; each has a file, statement_NAME.c.
 */
#ifndef ACME_KEEPER_STATEMENT_H
#define ACME_KEEPER_STATEMENT_H

#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"
#include "webauthn/format.h"

struct acme_policy;
struct acme_statement;
struct error;
struct roots_snapshot;

/* The context of a verification. */
struct statement_facts {
	const struct roots_snapshot *roots;
	const struct acme_policy    *policy;
	const char                  *identifier;        /* the ordered identifier */
	struct view                  key_authorization; /* RFC 8555 §8.1, from our own store */
	int64_t                      now;
};

/* The facts proven. */
struct statement_verdict {
	const char  *format;  /* of the statement, as statement_check_chain takes it; never freed */
	struct bytes key;     /* SubjectPublicKeyInfo of the attested key, in our own encoding */
	struct bytes chain;   /* the attestation's certificates, in the format's encoding */
	char        *witness; /* description of the attestation, for display */
};

/*
 * Verifies a statement. Returns 0 and fills *verdict, which
 * statement_verdict_clear empties; or -1 with BAD_ATTESTATION_STATEMENT and the
 * rule that failed, or INTERNAL when it could not be verified.
 */
int statement_verify(const struct acme_statement *statement, const struct statement_facts *facts,
    struct statement_verdict *verdict, struct error *err);

/*
 * Verifies the attestation of a key again, from `format` and `chain` of its verdict,
 * because a certificate may have been revoked or its root removed since. Ignores
 * key_authorization. Appends to `ak_serial` the serial number of the AK certificate, whose
 * revocation counts later too; nothing where the format has no AK certificate.
 * BAD_ATTESTATION_STATEMENT also when there is none (`format` is NULL).
 */
int statement_check_chain(const char *format, struct view chain,
    const struct statement_facts *facts, struct bytes *ak_serial, struct error *err);

void statement_verdict_clear(struct statement_verdict *verdict);

/*
 * The functions of a format for the two above. Failures may be of any kind: all but INTERNAL
 * become BAD_ATTESTATION_STATEMENT.
 */
#define STATEMENT_FORMAT(name, text)                                                          \
	int statement_##name##_verify(const struct acme_statement *statement,                     \
	    const struct statement_facts *facts, struct statement_verdict *verdict,               \
	    struct error *err);                                                                   \
	int statement_##name##_check_chain(struct view chain, const struct statement_facts *facts, \
	    struct bytes *ak_serial, struct error *err);
WEBAUTHN_FORMATS(STATEMENT_FORMAT)
#undef STATEMENT_FORMAT

#endif
