/* Requests that strangers make to cost attestd as much as they can, for attest_bench. */
#ifndef TESTS_BENCH_HOSTILE_H
#define TESTS_BENCH_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "util/bytes.h"

/* A kind of them. */
struct hostile {
	const char *name;
	const char *vendor; /* key of the imported CA in whose name its certificates are */
	size_t      own;    /* certificates for the EK */
	size_t      cas;    /* CAs beside them, of one name; 0: the vendor has "issued" the EK's */
	int         ek;     /* bits of an RSA key, or the curve's */
	bool        answers; /* the challenge, if there is one: its EK is the caller's */
};

/* All of them; the last has no name. */
extern const struct hostile hostiles[];

/* Writes the vendors' certificates, VENDOR.der, into the directory. */
void hostile_vendors_write(const char *directory);

/*
 * Replaces *body by a request that was never sent before, with the AK of `honest` (JSON), and
 * with that EK, or one of its own for NULL.
 */
void hostile_make(const struct hostile *hostile, const char *honest, EVP_PKEY *ek, struct bytes *body);

#endif
