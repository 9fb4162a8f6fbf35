/* Checks the fingerprint of CVE-2017-15361; does not factor. */
#include "config.h"

#include "tpm/roca.h"

#include <stddef.h>

#include <openssl/bn.h>

#define GENERATOR 65537

/* The primes of M for the shortest keys; M for longer keys has these and more. 2 is left out: it
 * tells nothing. */
static const unsigned primes[] = {
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
};

/* True when some power of the generator is `residue` modulo `prime`. */
static bool
roca_generated(unsigned residue, unsigned prime)
{
	unsigned power = 1;

	do {
		if (power == residue)
			return true;
		power = power * (GENERATOR % prime) % prime;
	} while (power != 1);
	return false;
}

bool
tpm_roca_weak(const BIGNUM *modulus)
{
	for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
		BN_ULONG residue = BN_mod_word(modulus, primes[i]);

		if (!roca_generated((unsigned)residue, primes[i]))
			return false;
	}
	return true;
}
