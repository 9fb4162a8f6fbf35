/*
 * Machines that enrol themselves by rule: the rule, its list of serial numbers, which
 * is read again when its file changes, and what stands against it in the store.
 */
#ifndef ATTESTATION_KEEPER_AUTO_ENROLL_H
#define ATTESTATION_KEEPER_AUTO_ENROLL_H

#include <stdbool.h>
#include <stdint.h>

#include "attestation/keeper/enroll_rule.h"

struct auto_enroll;
struct error;
struct attestation_settings;
struct store;

/*
 * Reads the list that the settings name. *out is NULL when they name none: nobody
 * enrols himself. NOT_FOUND, MALFORMED or INTERNAL, naming the file.
 */
int  auto_enroll_new(const struct attestation_settings *settings, struct auto_enroll **out, struct error *err);
void auto_enroll_free(struct auto_enroll *enroll);

/*
 * Reads the list again when its file changed, or always with `force`; one thread only.
 * When it cannot be read, nobody enrols himself until it can, and -1 says why, once; the
 * same is the reason of every refusal until then.
 */
int auto_enroll_refresh(struct auto_enroll *enroll, bool force, struct error *err);

/* By the rule and the list as they are now (`listed` and `list_fault` are filled in here); any thread. */
enum enroll_verdict auto_enroll_decide(struct auto_enroll *enroll, struct enroll_facts *facts,
    char name[IDENTIFIER_MAX + 1], char reason[ENROLL_REASON_SIZE]);

/* What a machine is told whose name another EK has; it may be the same machine, with a new mainboard. */
#define AUTO_ENROLL_NAME_TAKEN                                                            \
	"is not enrolled, and the name that it would get is in use; if this machine has a" \
	" new mainboard, ask the administrator to run:"

/*
 * Whether the store has nothing against it: NOT_ENROLLED when the name is in use (*taken;
 * whose it is, only the log says), when the EK was denied, or when anything else than its waiting is on record of it, because then
 * an administrator has known it and taken it away: only he brings it back.
 */
int auto_enroll_check_store(struct store *store, const struct ek_hash *ek, const char *name,
    bool *taken, struct error *err);

/*
 * Enrols the EK in the transaction that is open, under the conditions of
 * auto_enroll_check_store, and fills in the revision of the device; CONFLICT when it is
 * enrolled meanwhile. For one whose key was proven by ActivateCredential, and for no
 * other: anybody can show its certificate.
 */
int auto_enroll_run(struct store *store, const struct ek_hash *ek, const char *name,
    int64_t now, int64_t *revision, struct error *err);

#endif
