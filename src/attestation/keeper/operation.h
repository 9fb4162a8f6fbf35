/*
 * What the keeper of the attestation CA does for each kind of question; how a question
 * goes its way is service/keeper/call.h.
 */
#ifndef ATTESTATION_KEEPER_OPERATION_H
#define ATTESTATION_KEEPER_OPERATION_H

#include <stdint.h>

#include "attestation/message.h"
#include "service/keeper/call.h"

struct attestation_keeper;
struct store_device;

/*
 * An operation for each kind of question.
 *
 * ATTESTATION_CHALLENGE: proves the AK's public area and the EK, and answers with a
 * credential for the AK's Name that is then open (WIRE.md §2, §3). An EK that nothing
 * speaks against but that it is not enrolled is put on the waiting list, and refused.
 *
 * ATTESTATION_CERTIFY: takes the challenge of the secret, signs the AK certificate, and
 * answers with it when it is on record (WIRE.md §5).
 */
#define X(kind, name, number) extern const struct call_operation attestation_operation_##name;
ATTESTATION_QUESTIONS(X)
#undef X

/* What the questions of the attestation CA, and its other changes, have in common. */
extern const struct call_service attestation_operation_service;

/* What is asked, and of which keeper. */
const struct attestation_question *attestation_operation_asked(const struct call *call);
struct attestation_keeper         *attestation_operation_keeper(const struct call *call);

/*
 * Finds the device of an EK hash for a new certificate. NOT_ENROLLED and
 * DEVICE_DISABLED name the hash and the remedy. The caller clears *device.
 */
int attestation_operation_device(struct store *store, const uint8_t ek_hash[32],
    struct store_device *device, struct error *err);

#endif
