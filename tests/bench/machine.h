/* Machines in software with what they send to attestd, for the benchmarks. Every failure ends the program. */
#ifndef TESTS_BENCH_MACHINE_H
#define TESTS_BENCH_MACHINE_H

#include <stddef.h>

#include "forge.h"
#include "util/bytes.h"
#include "util/ek_hash.h"

/* A machine; clear with machine_clear. */
struct machine {
	struct forge_ek ek;
	struct forge_ak ak;
	EVP_PKEY       *own; /* the EK, where it is not the forge's */
	char            hash[EK_HASH_TEXT_SIZE];
	char           *body;       /* of POST /attest */
	char           *credential; /* an answer to it, as attestd makes them */
};

/* A machine with the forge's EK of that kind, the same for each one, and an AK with that flaw. */
void machine_make(struct machine *machine, enum forge_key ek, enum forge_ak_kind ak, enum forge_flaw flaw);

/* So many machines with an RSA-2048 EK each and one RSA-2048 AK; the first has the forge's EK. */
struct machine *machines_make(size_t count);
void            machines_free(struct machine *machines, size_t count);

/*
 * Makes an RSA-2048 root and CA of a vendor, root.pem and ca.pem in the directory, and shows in each
 * request an EK certificate of theirs.
 */
void machine_certify(struct machine *machine, const char *directory);

/* Opens the credential of an answer; writes the body of POST /secret. */
void machine_activate(const struct machine *machine, const char *answer, char *body, size_t size);
/* The same of a credential for another EK with the machine's AK. */
void machine_activate_with(const struct machine *machine, const struct forge_ek *ek, const char *answer,
    char *body, size_t size);

void machine_clear(struct machine *machine);

#endif
