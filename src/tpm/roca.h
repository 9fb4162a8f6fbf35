/* The fingerprint of weak RSA moduli: CVE-2017-15361, "ROCA". */
#ifndef TPM_ROCA_H
#define TPM_ROCA_H

#include <stdbool.h>

#include "util/bytes.h"

/*
 * True when a big-endian modulus looks made by Infineon's faulty library, whose primes are
 * k * M + (65537^a mod M), M a primorial: modulo every small prime such a modulus
 * lies in the subgroup that 65537 generates. A sound modulus does so by chance
 * about once in 2^28.
 */
bool tpm_roca_weak(struct view modulus);

#endif
