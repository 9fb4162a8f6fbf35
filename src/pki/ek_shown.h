/* The certificates that a machine shows for its EK: which are the EK's, and who vouches for one. */
#ifndef PKI_EK_SHOWN_H
#define PKI_EK_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/ek_trust.h"
#include "util/bytes.h"

struct ek_trust;

/* Certificates of one EK that are tried: a TPM has one, and whoever shows more has made them. */
#define EK_SHOWN_OWN_MAX 2

/* Octets of a serial number that are kept; RFC 5280 §4.1.2.2 allows 20. */
#define EK_SERIAL_MAX 32

/* What was found out. Zero: none was the EK's. */
struct ek_finding {
	bool              own;        /* one of them is the EK's … */
	size_t            index;      /* … this: the one that was verified, else the first */
	struct ek_verdict verdict;    /* on it; `signatures` are those of all */
	uint8_t           serial[EK_SERIAL_MAX]; /* of it, without leading zeros; not to be believed
	                                            unless it was verified. Negative or too long: none */
	size_t            serial_size;
	bool              remembered; /* the verdict was reached before */
};

/*
 * Finds the EK's among the certificates (DER, the first 16), and verifies one as
 * ek_trust_verify does, with the others to help: one search for them all, its bounds for
 * all together. Two of the EK's own are tried, those before others whose key is written as
 * we write it. Verdicts are remembered in the set, by EK and certificate where it is
 * verified, and by all that was shown where not: nobody is refused for what others showed.
 * Where no imported CA bears a name that leads to them, one certificate is decoded and
 * nothing verified.
 */
void ek_shown_judge(const struct ek_trust *trust, const struct view *certificates, size_t count,
    EVP_PKEY *ek, int64_t now, struct ek_finding *finding);

#endif
