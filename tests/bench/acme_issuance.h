/*
 * A device that obtains certificates from an ACME server by device-attest-01, for bench_clients_run
 * (bench.h). It plays TPM and device in software.
 */
#ifndef TESTS_BENCH_ACME_ISSUANCE_H
#define TESTS_BENCH_ACME_ISSUANCE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "bench.h"
#include "forge.h"
#include "util/bytes.h"

#define ACME_DEVICE    "bench" /* its name */
#define ACME_EXCHANGES 7       /* a nonce and six signed requests */

/* What the server believes, and what the device asks for. */
struct acme_device {
	enum forge_ak_kind kind; /* FORGE_AK_P256 or FORGE_AK_RSASSA */
	struct forge_ak    ak;
	struct bytes       ak_certificate; /* DER, as its issuer's */
	struct bytes       issuing;
	struct bytes       csr;
	SSL_CTX           *tls; /* trusts any server */
};

/* The exchanges of an issuance, for the clients of a server that answers nothing of use. */
struct acme_record {
	struct {
		char  *request;
		size_t length;
		char  *answer;
	} exchanges[ACME_EXCHANGES];
	size_t count;
};

enum acme_reuse {
	ACME_ALL_NEW,         /* a connection and an account for each issuance */
	ACME_ACCOUNT_KEPT,    /* a connection for each */
	ACME_CONNECTION_KEPT, /* and the account */
};

/* Before which server, and how. */
struct acme_plan {
	const struct acme_device *device;
	const char               *base; /* of the server's URLs: https://localhost:PORT/acme */
	int                       port; /* where to connect */
	enum acme_reuse           reuse;
	struct acme_record       *record; /* taken down here; NULL: no */
	const struct acme_record *replay; /* sent again, and its answers used; NULL: no */
};

/* The callbacks of struct bench_clients; `arg` is the plan. */
void  *acme_issuance_open(void *arg);
double acme_issuance_once(void *issuance);
void   acme_issuance_close(void *issuance);

/* So many clients for that long. */
struct bench_outcome acme_clients_run(const struct acme_plan *plan, size_t clients, double seconds);

void acme_record_clear(struct acme_record *record);

#endif
