/* step-ca, the peer of attest-acmed, with an ACME provisioner for device-attest-01. */
#ifndef TESTS_BENCH_ACME_PEER_H
#define TESTS_BENCH_ACME_PEER_H

#include <sys/types.h>

/*
 * Sets up step-ca below `directory`, by the programs step and step-ca in `programs`, and starts it on
 * *port, believing the attestation root in that file. Its URLs begin with
 * https://localhost:PORT/acme/acme.
 */
pid_t acme_peer_start(const char *programs, const char *directory, const char *root, int *port);

#endif
