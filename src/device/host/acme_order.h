/* One certificate from an ACME server by device-attest-01: RFC 8555 §7.4,
 * draft-ietf-acme-device-attest. */
#ifndef DEVICE_HOST_ACME_ORDER_H
#define DEVICE_HOST_ACME_ORDER_H

#include "util/bytes.h"

struct acme_client;
struct error;

/* The device's part of an order; each returns 0 or -1. */
struct acme_applicant {
	/* Appends an attestation object (CBOR) over this key authorization. */
	int (*attest)(void *arg, const char *key_authorization, struct bytes *object,
	    struct error *err);
	/* Appends a CSR (DER) of the attested key. */
	int (*request)(void *arg, struct bytes *csr, struct error *err);
	/* Reports progress. */
	void (*progress)(void *arg, const char *what);
	void *arg;
};

/*
 * Orders a certificate for the permanent identifier `name`, answers the challenge,
 * finalizes, and appends the chain as sent by the server (PEM, leaf first). When
 * the server refuses, fails with its kind and detail.
 */
int acme_order_run(struct acme_client *client, const char *name,
    const struct acme_applicant *applicant, struct bytes *pem, struct error *err);

#endif
