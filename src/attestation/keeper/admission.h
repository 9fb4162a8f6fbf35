/*
 * Whether an EK may have an AK certified: its device, its certificate, and the rules for
 * both. Verifies and decides; writes nothing.
 */
#ifndef ATTESTATION_KEEPER_ADMISSION_H
#define ATTESTATION_KEEPER_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "attestation/keeper/ek_judge.h"
#include "attestation/keeper/waiting.h"
#include "util/ek_hash.h"
#include "util/identifier.h"

struct attestation_challenge;
struct call;
struct challenge;
struct error;
struct store;
struct tpm_ek;

/* The facts about an EK, and what they lead to. {0} before admission_decide. */
struct admission {
	struct ek_hash      ek;
	struct ek_judgement judgement;
	bool                known;    /* it is enrolled, perhaps disabled */
	int64_t             revision; /* revision of its device; 0: it is not enrolled */
	uint32_t            row;      /* of its device, unless it has more than 32 bits; 0: none */
	char                enroll_name[IDENTIFIER_MAX + 1]; /* name for self-enrolment, or "" */
	struct waiting      waiting; /* acceptable, except that it is not enrolled */
};

/* The largest question that is kept until its EK is proven: genuine ones have some 8 KiB. */
#define ADMISSION_QUESTION_MAX ((size_t)16 * 1024)

/*
 * Decides on the question `asked` of this EK. Returns 0 when it is enrolled, or may enroll
 * itself, and its certificate satisfies the policy; 1 when it is acceptable except that it
 * is not enrolled: waiting_look follows; -1 with the refusal.
 *
 * Unless the EK was `proven` by an activated credential, no signature by a slow key is verified
 * for it, if a credential costs less: it returns 0, and judgement.postponed tells that the
 * decision is still to come.
 */
int admission_decide(struct admission *admission, const struct call *call, struct store *store,
    const struct attestation_challenge *asked, const struct tpm_ek *ek, bool proven,
    struct error *err);

/* Puts what was decided into the challenge, with the number of the rules it was decided by. */
void admission_grant(const struct admission *admission, const struct call *call,
    struct challenge *challenge);

#endif
