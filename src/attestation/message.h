/*
 * The messages between front and keeper of the attestation CA: CBOR arrays,
 * every field bounded, no octets left over. Both sides decode as if the other
 * were hostile. Views point into the message they were decoded from.
 */
#ifndef ATTESTATION_MESSAGE_H
#define ATTESTATION_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/*
 * The questions of a front: X(KIND, name, number on the wire). Each has a member of its name
 * in struct attestation_question, and an operation in the keeper.
 */
#define ATTESTATION_QUESTIONS(X) \
	X(CHALLENGE, challenge, 1) \
	X(CERTIFY, certify, 2)

enum attestation_kind {
#define X(kind, name, number) ATTESTATION_##kind = (number),
	ATTESTATION_QUESTIONS(X)
#undef X
};

/*
 * Most EK certificates of a challenge, and the largest, in octets. Real ones have
 * 0.8 to 1.7 KiB; a TPM has up to four EKs, and Intel's a chain of three in NV
 * beside them.
 */
#define ATTESTATION_CERTIFICATES_MAX 8U
#define ATTESTATION_CERTIFICATE_MAX ((size_t)8 * 1024)

/* "Make a credential": evidence, and unproven claims. */
struct attestation_challenge {
	struct view manufacturer; /* text claimed by the client; these three may be empty */
	struct view model;
	struct view firmware;
	struct view wish;      /* a name claimed by the client, or empty */
	struct view ek;        /* SubjectPublicKeyInfo */
	struct view ek_public; /* TPMT_PUBLIC, or empty */
	struct view ak_public; /* TPMT_PUBLIC */
	struct view certificates[ATTESTATION_CERTIFICATES_MAX]; /* X.509, untrusted, in any order */
	size_t      certificate_count;
};

/* "Certify the key whose credential held this." */
struct attestation_certify {
	struct view secret;
};

/* A question: the request's number in the front's log, the peer, and one of the two. */
struct attestation_question {
	uint64_t          request;
	struct view       peer; /* "192.0.2.1:51442", from the front */
	enum attestation_kind kind;
	union {
		struct attestation_challenge challenge;
		struct attestation_certify   certify;
	};
};

void attestation_question_encode(const struct attestation_question *question, struct bytes *out);

/* MALFORMED when it is not exactly one question. */
int attestation_question_decode(struct view body, struct attestation_question *question, struct error *err);

/* Most certificates above an AK's: the issuing one and its intermediates. */
#define ATTESTATION_CHAIN_MAX ((size_t)8)

/* A list of certificates as one octet string. INTERNAL when they are too many. */
int attestation_chain_encode(const struct view *certificates, size_t count, struct bytes *out,
    struct error *err);

/* MALFORMED when it is not such a list, or is too long. */
int attestation_chain_decode(struct view octets, struct view certificates[ATTESTATION_CHAIN_MAX],
    size_t *count, struct error *err);

/*
 * The answer to either question: two octet strings (credential and encrypted
 * secret; AK certificate and the chain of its issuer), or the error that refused it.
 */
struct attestation_answer {
	struct view first;
	struct view second;
};

void attestation_answer_encode(const struct attestation_answer *answer, struct bytes *out);
void attestation_refusal_encode(const struct error *refusal, struct bytes *out);

/* Returns 0 with *answer; or -1 with the refusal in *err, or MALFORMED. */
int attestation_answer_decode(struct view body, struct attestation_answer *answer, struct error *err);

#endif
