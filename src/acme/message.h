/*
 * The messages between front and keeper of the ACME server: CBOR arrays, every
 * field bounded, no octets left over. Both sides decode as if the other were
 * hostile. Views point into the decoded message; text is UTF-8 without a
 * terminating NUL, and an empty view means "not given".
 *
 * The front has authenticated the client (JWS, nonce, URL) and names its
 * account in `account`; the keeper itself checks that the account is valid and
 * that the object belongs to it.
 */
#ifndef ACME_MESSAGE_H
#define ACME_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/greeting.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/status.h"

#define ACME_TEXT_MAX         512U /* octets of a text of a client's or of the configuration */
#define ACME_ID_SIZE          22U /* octets of an id: base64url of 128 random bits */
#define ACME_CONTACTS_MAX     8U
#define ACME_IDENTIFIERS_MAX  16U /* of one order */
#define ACME_CHAIN_MAX        8U  /* most certificates of an x5c */
#define ACME_ORDERS_MAX       100U /* of one page of an orders list */

/* The questions: name, and the fields of struct acme_question that are sent. */
#define ACME_QUESTIONS(X)                                                              \
	/* newAccount, §7.3: ACCOUNT, `created` or not; only_existing may be refused */ \
	X(ACCOUNT_NEW, JWK | THUMBPRINT | CONTACTS | FLAGS)                            \
	/* The account of a kid, whatever its status, for its jwk: ACCOUNT */          \
	X(ACCOUNT_GET, ACCOUNT)                                                        \
	/* §7.3.2, §7.3.6; see ACME_FLAG_*: ACCOUNT */                                  \
	X(ACCOUNT_UPDATE, ACCOUNT | CONTACTS | FLAGS)                                  \
	/* §7.3.5, to another key: ACCOUNT; CONFLICT with `object` when in use */       \
	X(ACCOUNT_KEY_CHANGE, ACCOUNT | JWK | THUMBPRINT | OLD_THUMBPRINT)             \
	/* §7.1.2.1, a page that begins at `cursor`: ORDERS */                          \
	X(ACCOUNT_ORDERS, ACCOUNT | CURSOR)                                            \
	/* §7.4: ORDER */                                                              \
	X(ORDER_NEW, ACCOUNT | IDENTIFIERS | VALIDITY)                                 \
	X(ORDER_GET, ACCOUNT | OBJECT)                                                 \
	/* §7.4 finalize: ORDER */                                                     \
	X(ORDER_FINALIZE, ACCOUNT | OBJECT | CSR)                                      \
	/* The authorization and its only challenge, which has the same id: AUTHORIZATION */ \
	X(AUTHORIZATION_GET, ACCOUNT | OBJECT)                                         \
	/* §7.5.2: AUTHORIZATION */                                                    \
	X(AUTHORIZATION_DEACTIVATE, ACCOUNT | OBJECT)                                  \
	/* device-attest-01: AUTHORIZATION, decided, also when it is now invalid */     \
	X(CHALLENGE_ANSWER, ACCOUNT | OBJECT | STATEMENT)                              \
	/* attObj could not be decoded, or the client gave up: the challenge becomes     \
	 * invalid with this reason: AUTHORIZATION */                                  \
	X(CHALLENGE_FAIL, ACCOUNT | OBJECT | PROBLEM)                                  \
	/* §7.4.2: CERTIFICATE */                                                      \
	X(CERTIFICATE_GET, ACCOUNT | OBJECT)                                           \
	/* §7.6 by an account (`account`) or by the certificate's key (`spki`): DONE */ \
	X(CERTIFICATE_REVOKE, ACCOUNT | CERTIFICATE | REASON | SPKI)

enum acme_question_kind {
#define X(name, fields) ACME_##name,
	ACME_QUESTIONS(X)
#undef X
	ACME_QUESTION_COUNT
};

/* Bits of acme_question.flags. */
enum acme_flag {
	ACME_FLAG_TERMS_AGREED = 1,  /* ACCOUNT_NEW, ACCOUNT_UPDATE */
	ACME_FLAG_ONLY_EXISTING = 2, /* ACCOUNT_NEW: onlyReturnExisting */
	ACME_FLAG_CONTACTS = 4,      /* ACCOUNT_UPDATE: replace the contacts, by none too */
	ACME_FLAG_DEACTIVATE = 8,    /* ACCOUNT_UPDATE */
};

struct acme_identifier {
	struct view type; /* as in the request; the keeper decides what is supported */
	struct view value;
};

/* The members of an attestation object of any format; those that a format lacks are empty. */
struct acme_statement {
	struct view format; /* "tpm" */
	int64_t     alg;    /* COSE */
	struct view chain[ACME_CHAIN_MAX]; /* x5c */
	size_t      chain_count;
	struct view signature; /* sig: TPMT_SIGNATURE */
	struct view cert_info; /* certInfo: TPMS_ATTEST */
	struct view pub_area;  /* pubArea: TPMT_PUBLIC */
};

/* A failure stored with an object or reported; none if `detail` is empty. */
struct acme_problem {
	enum error_kind kind;
	struct view     detail;
};

struct acme_question {
	uint64_t                request; /* of the front's log */
	enum acme_question_kind kind;

	struct view peer;       /* who asks, "192.0.2.1:51442" */
	struct view account;    /* id of the requesting account */
	struct view object;     /* id of what it acts on */
	struct view jwk;        /* canonical JSON of the public key (RFC 7638 members only) */
	struct view thumbprint; /* its SHA-256, base64url: 43 characters */
	struct view old_thumbprint; /* of oldKey, which must still be the account's */
	struct view contacts[ACME_CONTACTS_MAX];
	size_t      contact_count;
	uint64_t    flags;
	struct view cursor; /* what the page before gave, or empty */
	struct acme_identifier identifiers[ACME_IDENTIFIERS_MAX];
	size_t      identifier_count;
	int64_t     not_before; /* seconds since 1970; 0 is "not given" */
	int64_t     not_after;
	struct acme_statement statement;
	struct acme_problem   problem;
	struct view csr;         /* DER */
	struct view certificate; /* DER */
	uint64_t    reason;      /* CRLReason; 0 when not given */
	struct view spki;        /* DER, of the JWK that signed */
};

void acme_question_encode(const struct acme_question *question, struct bytes *out);

/* MALFORMED when it is not exactly one question. *question is big: give it a place. */
int acme_question_decode(struct view body, struct acme_question *question, struct error *err);

#define ACME_ANSWERS(X) X(REFUSAL) X(ACCOUNT) X(ORDERS) X(ORDER) X(AUTHORIZATION) X(CERTIFICATE) \
	X(DONE)

enum acme_answer_kind {
#define X(name) ACME_ANSWER_##name,
	ACME_ANSWERS(X)
#undef X
	ACME_ANSWER_COUNT
};

struct acme_subproblem {
	struct acme_problem    problem;
	struct acme_identifier identifier;
};

struct acme_refusal {
	struct acme_problem    problem;
	struct view            object;      /* id of the conflicting account (key change), or empty */
	uint64_t               retry_after; /* seconds, 0 for none */
	struct acme_subproblem subproblems[ACME_IDENTIFIERS_MAX];
	size_t                 subproblem_count;
};

struct acme_account {
	struct view id;
	enum status status; /* valid, deactivated, revoked */
	struct view jwk;
	struct view thumbprint;
	struct view contacts[ACME_CONTACTS_MAX];
	size_t      contact_count;
	bool        terms_agreed;
	bool        created; /* by this question: 201 */
};

struct acme_orders {
	struct view ids[ACME_ORDERS_MAX];
	size_t      count;
	struct view next; /* cursor of the next page, empty at the end */
};

struct acme_order {
	struct view id;
	enum status status;
	int64_t     expires;
	int64_t     not_before; /* 0: not given */
	int64_t     not_after;
	struct acme_identifier identifiers[ACME_IDENTIFIERS_MAX];
	size_t      identifier_count;
	struct view authorizations[ACME_IDENTIFIERS_MAX]; /* ids, one per identifier */
	size_t      authorization_count;
	struct view certificate; /* id; empty until it is valid */
	struct acme_problem error;
};

/* The authorization and its only challenge, device-attest-01. */
struct acme_authorization {
	struct view id;
	enum status status;
	int64_t     expires;
	struct acme_identifier identifier;
	enum status challenge_status;
	struct view token;
	int64_t     validated; /* 0: not */
	struct acme_problem error; /* token of the challenge */
};

struct acme_answer {
	enum acme_answer_kind kind;
	union {
		struct acme_refusal       refusal;
		struct acme_account       account;
		struct acme_orders        orders;
		struct acme_order         order;
		struct acme_authorization authorization;
		struct view               certificate; /* PEM chain, leaf first, without the root */
	};
};

void acme_answer_encode(const struct acme_answer *answer, struct bytes *out);

/* MALFORMED when it is not exactly one answer. */
int acme_answer_decode(struct view body, struct acme_answer *answer, struct error *err);

/* The greeting of a front: the common one, and what its answers name. */
struct acme_greeting {
	struct service_greeting service;
	struct view             base;    /* URL without a trailing "/": "https://ca.example:8443" */
	struct view             terms;   /* URL of the terms of service, or empty */
	struct view             website; /* URL, or empty */
};

void acme_greeting_encode(const struct acme_greeting *greeting, struct bytes *out);
int  acme_greeting_decode(struct view body, struct acme_greeting *greeting, struct error *err);

#endif
