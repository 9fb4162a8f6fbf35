/* Why a certificate is revoked: RFC 5280 §5.3.1. */
#ifndef PKI_CRL_REASON_H
#define PKI_CRL_REASON_H

struct error;

/* The reasons that an administrator, or a change of the inventory, may give. */
#define CRL_REASONS(X)                                        \
	X(UNSPECIFIED, 0, "unspecified")                      \
	X(KEY_COMPROMISE, 1, "keyCompromise")                 \
	X(AFFILIATION_CHANGED, 3, "affiliationChanged")       \
	X(SUPERSEDED, 4, "superseded")                        \
	X(CESSATION_OF_OPERATION, 5, "cessationOfOperation")  \
	X(PRIVILEGE_WITHDRAWN, 9, "privilegeWithdrawn")

enum crl_reason {
#define X(name, code, word) REASON_##name = code,
	CRL_REASONS(X)
#undef X
};

/* The word of a reason; NULL when it is none of these. */
const char *crl_reason_word(int reason);

/* MALFORMED, with all the words there are, when it is none. */
int crl_reason_parse(const char *word, int *reason, struct error *err);

#endif
