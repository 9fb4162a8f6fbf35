/*
 * The bare work of an attestation with an RSA-2048 EK and AK: the AK and the EK made from the numbers
 * that a request brings, a signature verified, a seed encrypted, a certificate signed.
 */
#ifndef TESTS_BENCH_ATTEST_BARE_H
#define TESTS_BENCH_ATTEST_BARE_H

#include <stdbool.h>
#include <sys/types.h>

struct machine;

/*
 * Starts a server (bench.h) that does nothing else for the two exchanges, with two signatures more by
 * keys that are there where `chain` is set: those of an EK certificate. Borrows the machine.
 */
pid_t attest_bare_start(const struct machine *machine, bool chain, int *port);
void  attest_bare_stop(pid_t bare);

/* Microseconds of CPU of each operation, the keys made with it; between start and stop. */
void attest_bare_operations(double *verify, double *encrypt, double *sign);

#endif
