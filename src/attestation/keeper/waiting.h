/*
 * What becomes of an EK that passed every rule and is not enrolled: it is put on the
 * waiting list for an administrator, and refused.
 */
#ifndef ATTESTATION_KEEPER_WAITING_H
#define ATTESTATION_KEEPER_WAITING_H

#include <stdbool.h>

#include "store/inventory/evidence.h"
#include "tpm/ek.h"

struct asker;
struct attestation_worker;
struct keeper_question;

/* Who asked in vain; {0} is nobody. */
struct applicant {
	bool                  present;
	struct ek_hash        ek;
	struct store_evidence evidence;
	bool                  name_taken; /* the name that it would enrol itself under is another EK's */
};

/*
 * Answers `question` with the refusal, which says whether the EK waits, was denied or is
 * only not enrolled, now or once the list is on disk. Nothing is written for an EK that was
 * denied, while the list is off, or more often than throttle.h allows.
 */
void attestation_wait(struct attestation_worker *worker, const struct applicant *applicant,
    const struct asker *asker, struct keeper_question *question);

#endif
