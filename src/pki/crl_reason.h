/* Reasons of revocation: RFC 5280 §5.3.1. */
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

/* The word of a reason; NULL for any other number. */
const char *crl_reason_word(int reason);

/* Reads the word; MALFORMED, listing all words, for any other. */
int crl_reason_parse(const char *word, int *reason, struct error *err);

#endif
