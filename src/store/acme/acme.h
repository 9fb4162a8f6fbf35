/*
 * The ACME server's store: accounts, orders with their authorizations, and issued certificates. The
 * handle is a struct store of a separate database: store_begin, store_commit, store_mark and the
 * writer work with it too. Text is UTF-8 without control characters; the keeper checks that.
 */
#ifndef STORE_ACME_ACME_H
#define STORE_ACME_ACME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/status.h"

#define STORE_ID_SIZE         23 /* base64url of 128 bits, and a NUL */
#define STORE_THUMBPRINT_SIZE 44 /* base64url of SHA-256, and a NUL */
#define STORE_CONTACTS_MAX    8
#define STORE_IDENTIFIERS_MAX 16
#define STORE_KEY_HASH_SIZE   32

struct store_account {
	char        id[STORE_ID_SIZE];
	enum status status; /* valid, deactivated, revoked */
	char       *jwk;
	char        thumbprint[STORE_THUMBPRINT_SIZE];
	char       *contacts[STORE_CONTACTS_MAX];
	size_t      contact_count;
	bool        terms_agreed;
	int64_t     created;
};

/* Why an object is invalid; detail is NULL if it is not. */
struct store_problem {
	enum error_kind kind;
	char           *detail;
};

/* An authorization and its only challenge. */
struct store_authorization {
	char        id[STORE_ID_SIZE];
	char        account[STORE_ID_SIZE]; /* these two: its account and its order */
	char        order[STORE_ID_SIZE];
	char       *type; /* type of the identifier */
	char       *value;
	enum status status;
	enum status challenge;
	char        token[STORE_ID_SIZE];
	int64_t     expires;
	int64_t     validated; /* 0: not */
	struct store_problem problem; /* token of the challenge */
	struct bytes         key;     /* attested SubjectPublicKeyInfo; empty until valid */
	char                *format;  /* of the statement that attested it; NULL until valid */
	struct bytes         chain;   /* what attested it, in the encoding of the format */
	char                *witness; /* of the attestation, for display; NULL until valid */
};

struct store_order {
	char        id[STORE_ID_SIZE];
	char        account[STORE_ID_SIZE];
	enum status status;
	int64_t     created;
	int64_t     expires;
	int64_t     not_before; /* as requested; 0: not requested */
	int64_t     not_after;
	struct store_problem problem;
	char        certificate[STORE_ID_SIZE]; /* empty until valid */
	struct store_authorization authorizations[STORE_IDENTIFIERS_MAX];
	size_t      authorization_count;
};

/* A certificate. */
struct store_issued {
	char         id[STORE_ID_SIZE];
	char         account[STORE_ID_SIZE];
	char         order[STORE_ID_SIZE];
	uint8_t      serial[STORE_SERIAL_MAX];
	size_t       serial_size;
	char        *names;   /* its identifiers, a line each */
	char        *witness; /* description of the attestation, for display */
	uint8_t      key_hash[STORE_KEY_HASH_SIZE]; /* SHA-256 of its SubjectPublicKeyInfo */
	struct bytes der;
	int64_t      not_before;
	int64_t      not_after;
	int64_t      revoked; /* time of revocation; 0: not revoked */
	int          reason;  /* CRLReason */
	struct bytes chain;     /* what attested its key: certificates (DER) one after the other … */
	struct bytes ak_serial; /* … and the first one's serial number; empty in records of older versions */
};

/* As store_create and store_open. */
int store_acme_create(const char *place, struct error *err);
int store_acme_open(const char *place, struct store **out, struct error *err);

/* Draws 128 random bits, so that ids and tokens cannot be guessed. */
int store_id_draw(char id[STORE_ID_SIZE], struct error *err);

/* Free the members and make the struct {0}. */
void store_account_clear(struct store_account *account);
void store_authorization_clear(struct store_authorization *authorization);
void store_order_clear(struct store_order *order);
void store_issued_clear(struct store_issued *issued);

/* Replaces a problem. */
void store_problem_set(struct store_problem *problem, const struct error *err);

/* CONFLICT when its key belongs to another account. */
int store_account_add(struct store *store, const struct store_account *account, struct error *err);

/* By id, and by the thumbprint of the key. ACCOUNT_DOES_NOT_EXIST. */
int store_account_find(struct store *store, const char *id, struct store_account *out,
    struct error *err);
int store_account_find_key(struct store *store, const char *thumbprint, struct store_account *out,
    struct error *err);

/* Writes all but id and created, if the status is still `from`; otherwise, or when the key belongs
 * to another account, CONFLICT. */
int store_account_update(struct store *store, const struct store_account *account,
    enum status from, struct error *err);

/* The account has attested: it is kept for longer. */
int store_account_prove(struct store *store, const char *id, struct error *err);

/* Removes an account with its orders, unless it has attested or is gone. */
int store_account_displace(struct store *store, const char *id, struct error *err);

/* Counts the accounts made after `since` and not after `until`. */
int store_account_count(struct store *store, int64_t since, int64_t until, uint64_t *count, struct error *err);

/* Calls `each` for every account, oldest first, until it returns false; it may not change the
 * store. */
typedef bool store_account_cb(const struct store_account *account, void *arg);
int store_account_list(struct store *store, store_account_cb *each, void *arg, struct error *err);

/* Adds an order with its authorizations. */
int store_order_add(struct store *store, const struct store_order *order, struct error *err);

/* NOT_FOUND. */
int store_order_find(struct store *store, const char *id, struct store_order *out,
    struct error *err);

/* Writes status, problem and certificate, if its status is still `from`; else CONFLICT. */
int store_order_update(struct store *store, const struct store_order *order, enum status from,
    struct error *err);

/* Counts the orders of an account made after `since` and not after `until`; *oldest is the time of
 * the first (0: none). */
int store_order_count(struct store *store, const char *account, int64_t since, int64_t until, uint64_t *count,
    int64_t *oldest, struct error *err);

/*
 * Calls `each` for every order whose machine has not attested, those that are invalid among them,
 * oldest first. `account` is the id of its account.
 */
typedef void store_unattested_cb(const char *id, const char *account, int64_t created, void *arg);
int store_order_unattested(struct store *store, store_unattested_cb *each, void *arg,
    struct error *err);

/* Removes an order, unless its machine has attested or it is gone. */
int store_order_displace(struct store *store, const char *id, struct error *err);

/*
 * Calls `each` for the orders of an account, or of all when `account` is NULL,
 * oldest first, starting after the order `after` (NULL: at the first), until it
 * returns false.
 */
typedef bool store_order_cb(const struct store_order *order, void *arg);
int store_order_list(struct store *store, const char *account, const char *after,
    store_order_cb *each, void *arg, struct error *err);

/* NOT_FOUND. */
int store_authorization_find(struct store *store, const char *id, struct store_authorization *out,
    struct error *err);

/* Writes everything that can change, if the status is still `from`; else CONFLICT. */
int store_authorization_update(struct store *store, const struct store_authorization *authorization,
    enum status from, struct error *err);

/* Of the account's authorizations for the identifier `value` that are valid at `now` the last. NOT_FOUND. */
int store_authorization_held(struct store *store, const char *account, const char *value,
    int64_t now, struct store_authorization *out, struct error *err);

int store_issued_add(struct store *store, const struct store_issued *issued, struct error *err);

/* By id, and by serial number. NOT_FOUND. */
int store_issued_find(struct store *store, const char *id, struct store_issued *out,
    struct error *err);
int store_issued_find_serial(struct store *store, struct view serial, struct store_issued *out,
    struct error *err);

/* ALREADY_REVOKED when it is revoked already. */
int store_issued_revoke(struct store *store, const char *id, int64_t when, int reason,
    struct error *err);

/*
 * Calls `each`, oldest first, for every certificate; for every one whose validity began at
 * `since` or later; for each name of an account's
 * certificates, once; for those that are revoked and not past notAfter.
 */
typedef bool store_name_cb(const char *name, void *arg);
typedef bool store_issued_cb(const struct store_issued *issued, void *arg);
int store_issued_list(struct store *store, store_issued_cb *each, void *arg, struct error *err);
int store_issued_list_since(struct store *store, int64_t since, store_issued_cb *each, void *arg,
    struct error *err);
int store_issued_list_names(struct store *store, const char *account, store_name_cb *each,
    void *arg, struct error *err);
int store_issued_list_revoked(struct store *store, int64_t now, store_issued_cb *each, void *arg,
    struct error *err);

/*
 * Calls `each` for the certificates that are good at `now` and whose attesting certificate is on
 * record, in the order of their rows from behind the row `after`, until it returns false.
 */
typedef bool store_attested_cb(int64_t row, const char *id, struct view ak_serial, void *arg);
int store_issued_list_attested(struct store *store, int64_t now, int64_t after,
    store_attested_cb *each, void *arg, struct error *err);

/* Draws the number of the next CRL: greater than any before, and at least `least`. */
int store_acme_crl_number_next(struct store *store, int64_t least, int64_t *number,
    struct error *err);

/*
 * The last number drawn. If none was drawn, the time at which the store was made or upgraded:
 * older versions used the time as the number of a CRL.
 */
int store_acme_crl_number_last(struct store *store, int64_t *number, struct error *err);

/* A counter that changes exactly when certificates are revoked. */
int store_acme_revocations(struct store *store, int64_t *revocations, struct error *err);

#define STORE_CRL_NUMBER_SIZE 20

/* A watermark: the newest CRL seen of an attestation CA. */
struct store_crl_mark {
	uint8_t      issuer[STORE_HASH_SIZE]; /* SHA-256 of its name and key identifier */
	char        *name;                    /* for people */
	uint8_t      number[STORE_CRL_NUMBER_SIZE]; /* big-endian, padded with zeros */
	bool         has_number;
	int64_t      this_update;
	uint8_t      digest[STORE_HASH_SIZE]; /* SHA-256 of the CRL */
	struct bytes certificate;             /* certificate (DER) whose key signed it */
};

/* Finds the mark of an issuer: NOT_FOUND when none was seen. store_crl_mark_clear empties it. */
int  store_crl_mark_find(struct store *store, const uint8_t issuer[STORE_HASH_SIZE],
     struct store_crl_mark *out, struct error *err);
void store_crl_mark_clear(struct store_crl_mark *mark);

/* Replaces the issuer's mark. */
int store_crl_mark_put(struct store *store, const struct store_crl_mark *mark, struct error *err);

/* The objects to sweep, by age. */
struct store_sweep {
	int64_t orders;       /* expired before */
	int64_t certificates; /* notAfter before */
	int64_t accounts;     /* made before, without orders and certificates */
	int64_t newcomers;    /* the same, of accounts that never attested */
};

/* Removes at most `limit` of each, and sets the numbers removed. Repeat until they are 0. */
int store_acme_sweep(struct store *store, const struct store_sweep *sweep, unsigned limit,
    uint64_t *removed, struct error *err);

#endif
