/*
 * Self-enrolment by rule: the rule, its list of serial numbers, which is read again
 * when its file changes, and the checks against the store.
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
 * Reads the list of the settings. *out is NULL when self-enrolment is not
 * configured. NOT_FOUND, MALFORMED or INTERNAL, naming the file.
 */
int  auto_enroll_new(const struct attestation_settings *settings, struct auto_enroll **out, struct error *err);
void auto_enroll_free(struct auto_enroll *enroll);

/*
 * Reads the list again when its file changed, or always with `force`; one thread only.
 * While it cannot be read, no machine enrolls itself: -1 says why, once, and every refusal
 * until then gives the same reason.
 */
int auto_enroll_refresh(struct auto_enroll *enroll, bool force, struct error *err);

/* By the rule and the list as they are now (`listed` and `list_fault` are filled in here); any
 * thread. */
enum enroll_verdict auto_enroll_decide(struct auto_enroll *enroll, struct enroll_facts *facts,
    char name[IDENTIFIER_MAX + 1], char reason[ENROLL_REASON_SIZE]);

/* The refusal for a machine whose name belongs to another EK; it may be the same machine with a new
 * mainboard. */
#define AUTO_ENROLL_NAME_TAKEN                                                            \
	"is not enrolled, and the name that it would get is in use; if this machine has a" \
	" new mainboard, ask the administrator to run:"

/*
 * Checks the store: NOT_ENROLLED when the name is in use (*taken; only the log names the EK that
 * has it) or looks like one, unless the settings allow that, when the EK was denied, or when the audit trail has any act on it besides waiting: then
 * an administrator once enrolled and removed it, and only an administrator may enroll it again.
 */
int auto_enroll_check_store(const struct auto_enroll *enroll, struct store *store,
    const struct ek_hash *ek, const char *name, bool *taken, struct error *err);

/*
 * Enrolls the EK in the open transaction, under the conditions of
 * auto_enroll_check_store, and sets the revision of the device; CONFLICT when it was
 * enrolled meanwhile. Only for an EK whose key was proven by ActivateCredential: anyone
 * can present its certificate.
 */
int auto_enroll_run(const struct auto_enroll *enroll, struct store *store, const struct ek_hash *ek,
    const char *name, int64_t now, int64_t *revision, struct error *err);

#endif
