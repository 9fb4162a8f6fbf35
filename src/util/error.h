/* One vocabulary of failures for the whole program. */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

/*
 * kind, HTTP status, problem type (the last part of its URN), title. The only
 * place that maps a failure to a status.
 */
#define ERROR_KINDS(X)                                                                     \
	X(INTERNAL,           500, "serverInternal",   "the server failed")                \
	X(MALFORMED,          400, "malformed",        "the request cannot be decoded")    \
	X(BAD_ATTESTATION,    400, "badAttestation",   "the attestation does not prove the key") \
	X(NOT_ENROLLED,       403, "notEnrolled",      "this EK is not enrolled")          \
	X(ENROLMENT_WAITS,    403, "notEnrolled",      "this EK waits to be enrolled")     \
	X(ENROLMENT_DENIED,   403, "notEnrolled",      "an administrator denied this EK")  \
	X(DEVICE_DISABLED,    403, "deviceDisabled",   "this device is disabled")      \
	X(EK_UNTRUSTED,       403, "ekUntrusted",      "no trusted vendor certified this EK") \
	X(UNKNOWN_SECRET,     403, "unknownSecret",    "no open challenge has this secret") \
	X(NOT_FOUND,          404, "notFound",         "there is nothing here")            \
	X(METHOD_NOT_ALLOWED, 405, "methodNotAllowed", "the resource does not take this method") \
	X(CONFLICT,           409, "conflict",         "it is there already")              \
	X(TIMEOUT,            408, "timeout",          "the request took too long")        \
	X(TOO_LARGE,          413, "tooLarge",         "the request is too large")         \
	X(RATE_LIMITED,       429, "rateLimited",      "too many requests of this device") \
	X(OVERLOADED,         503, "overloaded",       "the server is at its limit")       \
	/* problem types of RFC 8555 §6.7 and draft-ietf-acme-device-attest */                     \
	X(ACCOUNT_DOES_NOT_EXIST, 400, "accountDoesNotExist", "there is no such account")  \
	X(ACCOUNT_DEACTIVATED, 401, "unauthorized",    "this account is deactivated")      \
	X(UNAUTHORIZED,       403, "unauthorized",     "the client may not do this")       \
	X(ALREADY_REVOKED,    400, "alreadyRevoked",   "the certificate is revoked already") \
	X(BAD_ATTESTATION_STATEMENT, 400, "badAttestationStatement",                       \
	    "the attestation statement does not prove the key")                            \
	X(BAD_CSR,            400, "badCSR",           "the CSR asks for what the order does not allow") \
	X(BAD_NONCE,          400, "badNonce",         "this nonce cannot be used")        \
	X(BAD_PUBLIC_KEY,     400, "badPublicKey",     "this public key is not supported") \
	X(BAD_REVOCATION_REASON, 400, "badRevocationReason", "this revocation reason is not allowed") \
	X(BAD_SIGNATURE_ALGORITHM, 400, "badSignatureAlgorithm",                           \
	    "this signature algorithm is not supported")                                   \
	X(INVALID_CONTACT,    400, "invalidContact",   "this contact cannot be used")      \
	X(ORDER_NOT_READY,    403, "orderNotReady",    "the order is not ready to be finalized") \
	X(REJECTED_IDENTIFIER, 400, "rejectedIdentifier", "no certificate is issued for this identifier") \
	X(UNSUPPORTED_CONTACT, 400, "unsupportedContact", "this kind of contact is not supported") \
	X(UNSUPPORTED_IDENTIFIER, 400, "unsupportedIdentifier", "this kind of identifier is not supported") \
	X(USER_ACTION_REQUIRED, 403, "userActionRequired", "the terms of service must be agreed to") \
	X(UNSUPPORTED_MEDIA_TYPE, 415, "malformed",    "the body is of a type that is not taken")

enum error_kind {
#define X(kind, status, type, title) ERROR_##kind,
	ERROR_KINDS(X)
#undef X
	ERROR_KIND_COUNT
};

/* A failure: its kind, and in words for people what went wrong and the remedy. */
struct error {
	enum error_kind kind;
	char            detail[512];
};

/* Fills *err and returns -1, so that callers write: return error_set(err, …). */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* error_set that appends ": " and strerror(errno) to the detail. */
int error_set_errno(struct error *err, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Prepends "doing something: " to the detail and keeps the kind. Returns -1. */
int error_wrap(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The HTTP status, the problem type and the title of a kind. */
int         error_status(enum error_kind kind);
const char *error_type(enum error_kind kind);
const char *error_title(enum error_kind kind);

/*
 * The state of an EK that is not enrolled, for kinds that tell it: the problem type does
 * not, so that problem documents have it as an extension member (RFC 9457 §3.2) of this
 * name. NULL of the other kinds.
 */
#define ERROR_ENROLMENT_MEMBER "enrolment"
const char *error_enrolment(enum error_kind kind);

#endif
