/*
 * Rule for self-enrolment: which machines may enroll themselves, and under what
 * name, by manufacturer and serial number of a verified EK certificate. Pure: facts
 * and rule in, verdict out.
 */
#ifndef ATTESTATION_KEEPER_ENROLL_RULE_H
#define ATTESTATION_KEEPER_ENROLL_RULE_H

#include <stdbool.h>

#include "store/inventory/evidence.h"
#include "util/config_file.h"
#include "util/identifier.h"

struct ek_hash;
struct error;

struct enroll_rule {
	const struct config_list *vendors; /* normalized by ek_policy_vendors_normalize */
	const struct config_list *roots;   /* SHA-256, lower-case hexadecimal; none: any root */
	const char               *name;    /* template */
};

/* The facts about one EK, all from its certificate, none from the client's claims. */
struct enroll_facts {
	const struct store_evidence *evidence;
	const char                  *serial; /* of the certificate */
	bool                         listed; /* the administrator's list has its serial number */
	const struct ek_hash        *ek;
	const char                  *list_fault; /* why the list cannot be read; NULL when it was read */
};

enum enroll_verdict { ENROLL_DENY = 0, ENROLL_ALLOW };

#define ENROLL_REASON_SIZE 384 /* why a file cannot be read is part of it */

/*
 * Allows, and writes the name from the template; or denies, and writes the reason.
 * Permission does not prove that the sender of the certificate possesses the EK.
 */
enum enroll_verdict enroll_rule_decide(const struct enroll_rule *rule,
    const struct enroll_facts *facts, char name[IDENTIFIER_MAX + 1],
    char reason[ENROLL_REASON_SIZE]);

/*
 * Checks a template: an identifier in which {serial}, {manufacturer} (its code at the TCG),
 * {model}, {version}, {hash} and {hash8} stand for those; at least one of {serial}, {hash}
 * and {hash8} is required, because otherwise all machines would get the same name.
 * MALFORMED.
 */
int enroll_rule_name_check(const char *template, struct error *err);

/* Normalizes the fingerprints for comparison. MALFORMED when one is not valid. */
int enroll_rule_roots_normalize(struct config_list *roots, struct error *err);

#endif
