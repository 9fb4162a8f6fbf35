/*
 * Which machines may enrol themselves, and under what name: by manufacturer and
 * serial number of a verified EK certificate. Pure: facts and rule in, verdict out.
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
	const struct config_list *vendors; /* as ek_policy_vendors_normalize leaves them */
	const struct config_list *roots;   /* SHA-256 in lower-case hexadecimal; none: any that is imported */
	const char               *name;    /* template */
};

/* What is known of one EK: all of it by its certificate, nothing by the client's word. */
struct enroll_facts {
	const struct store_evidence *evidence;
	const char                  *serial; /* of the certificate */
	bool                         listed; /* its serial number is on the administrator's list */
	const struct ek_hash        *ek;
	const char                  *list_fault; /* why the list cannot be read; NULL when it was read */
};

enum enroll_verdict { ENROLL_DENY = 0, ENROLL_ALLOW };

#define ENROLL_REASON_SIZE 384 /* why a file cannot be read is part of it */

/*
 * Allows, and writes the name that the template gives; or denies, and writes why.
 * That an EK may be enrolled does not mean that whoever showed its certificate has it.
 */
enum enroll_verdict enroll_rule_decide(const struct enroll_rule *rule,
    const struct enroll_facts *facts, char name[IDENTIFIER_MAX + 1],
    char reason[ENROLL_REASON_SIZE]);

/*
 * Checks a template: an identifier in which {serial}, {manufacturer} (its code at the TCG),
 * {model}, {version}, {hash} and {hash8} stand for those, with at least one of {serial},
 * {hash} and {hash8}, without which it would be one machine's name only. MALFORMED.
 */
int enroll_rule_name_check(const char *template, struct error *err);

/* Writes the fingerprints in the one form that is compared. MALFORMED when one is none. */
int enroll_rule_roots_normalize(struct config_list *roots, struct error *err);

#endif
