/*
 * The operations of the attestation CA's keeper, one for each kind of question;
 * service/keeper/call.h runs them.
 */
#ifndef ATTESTATION_KEEPER_OPERATION_H
#define ATTESTATION_KEEPER_OPERATION_H

#include <stdint.h>

#include "attestation/message.h"
#include "service/keeper/call.h"

struct attestation_keeper;
struct attestation_revision;
struct ek_hash;
struct store_device;

/*
 * An operation for each kind of question.
 *
 * ATTESTATION_CHALLENGE: proves the AK's public area and the EK, and answers with a
 * credential for the AK's Name; the challenge is then open (WIRE.md §2, §3). An EK that
 * is acceptable except that it is not enrolled is put on the waiting list, and refused.
 *
 * ATTESTATION_CERTIFY: takes the challenge of the secret, signs the AK certificate, and
 * answers with it once it is recorded (WIRE.md §5).
 */
#define X(kind, name, number) extern const struct call_operation attestation_operation_##name;
ATTESTATION_QUESTIONS(X)
#undef X

/* The common steps of the attestation CA's questions and other changes. */
extern const struct call_service attestation_operation_service;

/* A question, and its keeper. */
const struct attestation_question *attestation_operation_asked(const struct call *call);
struct attestation_keeper         *attestation_operation_keeper(const struct call *call);

/* What it is processed with, from its turn to its answer, whatever is reloaded meanwhile. */
const struct attestation_revision *attestation_operation_revision(const struct call *call);

/*
 * Finds the device of an EK hash for a new certificate, with `lists` (device.h). NOT_ENROLLED and
 * DEVICE_DISABLED name the hash and the remedy. The caller clears *device.
 */
int attestation_operation_device(struct store *store, const struct ek_hash *ek, unsigned lists,
    struct store_device *device, struct error *err);

/* DEVICE_DISABLED, in the same words, unless the device is enabled. */
int attestation_operation_enabled(const struct store_device *device, struct error *err);

#endif
