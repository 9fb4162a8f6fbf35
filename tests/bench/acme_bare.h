/*
 * The bare work of an issuance: TLS, the signatures of six requests and of an AK, the chain of an AK
 * certificate, a CSR, a signature.
 */
#ifndef TESTS_BENCH_ACME_BARE_H
#define TESTS_BENCH_ACME_BARE_H

#include <sys/types.h>

#include <openssl/types.h>

struct acme_device;
struct ca;

/*
 * Starts an HTTPS server (bench.h) that does nothing else for the exchanges, with a certificate by the
 * attestation CA below that root. Borrows the device.
 */
pid_t acme_bare_start(const struct acme_device *device, const struct ca *attestation, X509 *root, int *port);
void  acme_bare_stop(pid_t bare);

/* Notes the microseconds of CPU of each operation; between start and stop. */
void acme_bare_report(void);

#endif
