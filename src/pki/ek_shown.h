/* The certificates that a machine sends for its EK: finds the EK's own, and verifies one. */
#ifndef PKI_EK_SHOWN_H
#define PKI_EK_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/ek_trust.h"
#include "util/bytes.h"

struct ek_trust;

/* Most certificates of one EK that are tried: a genuine TPM has one. */
#define EK_SHOWN_OWN_MAX 2

/* Largest serial number kept, in octets; RFC 5280 §4.1.2.2 allows 20. */
#define EK_SERIAL_MAX 32

/* The result. Zero: no certificate was the EK's. */
struct ek_finding {
	bool              own;        /* one of them is the EK's … */
	size_t            index;      /* … this: the one that was verified, else the first */
	struct ek_verdict verdict;    /* on it; `signatures` are those of all */
	uint8_t           serial[EK_SERIAL_MAX]; /* serial, no leading zeros; empty if negative or too
                                              * long */
	size_t            serial_size;
	bool              remembered; /* the verdict came from the cache */
	bool              postponed;  /* not verified: with no_slow, a signature was not tried */
};

/*
 * Finds the EK's among the certificates (DER, the first 16), and verifies one as
 * ek_trust_verify does, with the others to help: one search for them all, its bounds for
 * all together. Two of the EK's own are tried, those before others whose key is written as
 * we write it. Verdicts are cached in the set: a verified one by EK and certificate,
 * others by everything that was sent, so that no machine is refused because of another's
 * request.
 *
 * If no imported CA has a name that leads to the certificates, only one of them is decoded and
 * no signature is verified; one that a signature refutes is not decoded. With `no_slow` no
 * signature by a key as slow as P-384 is verified, either, and the search ends where one is
 * needed: that is no verdict, and not cached.
 */
void ek_shown_judge(const struct ek_trust *trust, const struct view *certificates, size_t count,
    EVP_PKEY *ek, int64_t now, bool no_slow, struct ek_finding *finding);

#endif
