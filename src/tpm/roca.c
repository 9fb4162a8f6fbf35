/* Checks the fingerprint of CVE-2017-15361; does not factor. */
#include "config.h"

#include "tpm/roca.h"

#include <stddef.h>
#include <stdint.h>

#define GENERATOR 65537

/*
 * The primes of M for the shortest keys; M for longer keys has these and more. 2 is left out: it
 * tells nothing. First those of whose residues the generator makes the fewest: modulo 37 three of
 * 36, so that most sound moduli end there.
 */
static const unsigned primes[] = {
    37, 11, 13, 17, 3, 5, 7, 19, 23, 29, 31, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
};

/* Divides once for four octets. */
static unsigned
octets_modulo(struct view octets, unsigned prime)
{
	uint64_t rest = 0;

	for (size_t i = 0; i < octets.size; i++) {
		rest = rest << 8 | octets.data[i];
		if ((octets.size - i) % 4 == 1)
			rest %= prime;
	}
	return (unsigned)rest;
}

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
tpm_roca_weak(struct view modulus)
{
	for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
		if (!roca_generated(octets_modulo(modulus, primes[i]), primes[i]))
			return false;
	}
	return true;
}
