/* attest-ca pending: prints the waiting list. Changes nothing. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "store/inventory/similar.h"
#include "store/inventory/waiting.h"
#include "tpm/vendor.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/own_command.h"

struct pending {
	bool denied;
	bool all;
};

static const struct command_option pending_rows[] = {
    {OPTION(FLAG, "denied", NULL, struct pending, denied,
        "show those that were denied instead")},
    {OPTION(FLAG, "long", NULL, struct pending, all, "show all that is known of each")},
    {0},
};

static command_run admin_pending;

const struct command admin_pending_command = {
    .name = "pending",
    .summary = "show the machines that wait to be approved",
    .size = sizeof(struct pending),
    .options = {{pending_rows, 0}},
    .run = admin_pending,
};

/* Digits of the hash in the command printed at the end: enough to be unique. */
#define PENDING_DIGITS 16

struct pending_answer {
	bool          json;
	bool          all;
	struct store *store; /* another connection: the first is in the middle of the list */
	struct error *err;
	int           rc;
	size_t        count;
	char          last[STORE_HASH_TEXT_SIZE]; /* of the last that is new; "" */
	char          back[STORE_HASH_TEXT_SIZE]; /* of the last that was removed */
	char          taken[STORE_HASH_TEXT_SIZE]; /* of the last new one that wants another's name */
};

/* What the inventory has of the name that a machine asks for. */
enum pending_wish { WISH_NONE, WISH_FREE, WISH_SIMILAR, WISH_TAKEN };

/* A waiting EK, with its record in the inventory. */
struct pending_machine {
	const struct store_waiting *entry;
	bool                        removed; /* its device was taken out of the inventory */
	struct store_removed        was;
	enum pending_wish           wish;
	struct store_similar        other; /* the device that has the name, or one that looks like it */
};

/* {names, time, actor, reason} of a device that was removed. */
static json_t *
pending_describe_removed(const struct store_removed *was)
{
	AUTO_FREE char *names = describe_recorded_names(was->names);
	AUTO_FREE char *actor = describe_actor(was->actor);

	return json_pack("{s:o, s:o, s:o, s:o}",
	    "names", print_json_text(names),
	    "time", print_json_time(was->at),
	    "actor", print_json_text(actor),
	    "reason", print_json_text(was->reason));
}

/* {name, taken_by, looks_like}: the claim of a machine, and the device that it concerns. */
static json_t *
pending_describe_wish(const struct pending_machine *machine)
{
	const struct store_similar *other = &machine->other;

	return json_pack("{s:o, s:o, s:o}",
	    "name", print_json_text(machine->entry->wish),
	    "taken_by", machine->wish == WISH_TAKEN
	        ? describe_octets(other->ek_hash, STORE_HASH_SIZE)
	        : json_null(),
	    "looks_like", machine->wish == WISH_SIMILAR
	        ? json_pack("{s:o, s:o}", "name", print_json_text(other->name), "ek_hash",
	              describe_octets(other->ek_hash, STORE_HASH_SIZE))
	        : json_null());
}

static json_t *
pending_describe(const struct pending_machine *machine)
{
	const struct store_waiting  *entry = machine->entry;
	const struct store_evidence *evidence = &entry->evidence;
	bool                         verified = evidence->verdict == STORE_VERDICT_VERIFIED;

	return json_pack("{s:o, s:b, s:{s:s, s:o, s:o}, s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o, s:I, s:o, s:o}",
	    "ek_hash", describe_octets(entry->ek_hash, STORE_HASH_SIZE),
	    "denied", entry->denied,
	    "ek_certificate",
	    "verdict", store_verdict_word(evidence->verdict),
	    "reason", evidence->reason[0] != '\0' ? print_json_text(evidence->reason) : json_null(),
	    "root", verified ? describe_octets(evidence->root, sizeof evidence->root) : json_null(),
	    "tpm",
	    "manufacturer", print_json_text(evidence->manufacturer),
	    "vendor", print_json_text(tpm_vendor_name(evidence->manufacturer)),
	    "model", print_json_text(evidence->model),
	    "version", print_json_text(evidence->version),
	    "peer", print_json_text(entry->peer),
	    "first_seen", print_json_time(entry->first_seen),
	    "last_seen", print_json_time(entry->last_seen),
	    "times", (json_int_t)entry->times,
	    "removed", machine->removed ? pending_describe_removed(&machine->was) : json_null(),
	    "wish", machine->wish != WISH_NONE ? pending_describe_wish(machine) : json_null());
}

static void
pending_print_tpm(const struct store_evidence *evidence)
{
	const char *vendor = tpm_vendor_name(evidence->manufacturer);

	(void)printf("TPM          ");
	print_text(stdout, vendor[0] != '\0' ? vendor : "unknown vendor");
	(void)printf(" (");
	print_text(stdout, evidence->manufacturer);
	(void)printf("), model ");
	print_text(stdout, evidence->model[0] != '\0' ? evidence->model : "unknown");
	(void)printf(", firmware ");
	print_text(stdout, evidence->version);
	(void)putchar('\n');
}

static void
pending_print_certificate(const struct store_evidence *evidence)
{
	(void)printf("certificate  %s", store_verdict_word(evidence->verdict));
	if (evidence->reason[0] != '\0') {
		(void)printf(": ");
		print_text(stdout, evidence->reason);
	}
	(void)printf("%s\n", evidence->verdict == STORE_VERDICT_VERIFIED
	        ? ": the vendor vouches for this TPM"
	        : "; the TPM is what the machine claims");
}

static void
pending_print(const struct store_waiting *entry, bool first)
{
	char hash[STORE_HASH_TEXT_SIZE];
	char since[CLOCK_TEXT_SIZE];
	char last[CLOCK_TEXT_SIZE];

	store_hash_format(entry->ek_hash, hash);
	clock_format(entry->first_seen, since);
	clock_format(entry->last_seen, last);
	(void)printf("%sEK hash      %s\n", first ? "" : "\n", hash);
	pending_print_tpm(&entry->evidence);
	pending_print_certificate(&entry->evidence);
	(void)printf("asked        from ");
	print_text(stdout, entry->peer);
	(void)printf(", %lld time%s\nseen         first %s, last %s\n", (long long)entry->times,
	    entry->times == 1 ? "" : "s", since, last);
}

/* Prints a machine on one line: its last request, the verdict on its EK certificate, the TPM's
 * vendor. */
static void
pending_print_row(const struct store_waiting *entry, bool first)
{
	const char *vendor = tpm_vendor_name(entry->evidence.manufacturer);
	int         digits = print_is_narrow() ? PENDING_DIGITS : STORE_HASH_TEXT_SIZE - 1;
	char        hash[STORE_HASH_TEXT_SIZE];
	char        last[CLOCK_TEXT_SIZE];

	if (first)
		(void)printf("%-*s  %-20s  %-8s  TPM\n", digits, "EK HASH", "LAST REQUEST", "EK CERT");
	store_hash_format(entry->ek_hash, hash);
	clock_format(entry->last_seen, last);
	(void)printf("%.*s  %-20s  %-8s  ", digits, hash, last,
	    store_verdict_word(entry->evidence.verdict));
	print_text(stdout, vendor[0] != '\0' ? vendor : "unknown vendor");
	(void)fputs(entry->evidence.verdict == STORE_VERDICT_VERIFIED || vendor[0] == '\0'
	        ? "\n"
	        : " (claimed)\n", stdout);
}

/* "was cleo, removed 2026-11-29T20:55:00Z by uid 0 (root)", behind the machine's own line. */
static void
pending_print_removed(const struct store_removed *was)
{
	AUTO_FREE char   *names = describe_recorded_names(was->names);
	AUTO_FREE char   *actor = describe_actor(was->actor);
	struct print_fold fold = {
	    .out = stdout, .columns = print_columns(), .column = 2, .indent = 2};
	char              when[CLOCK_TEXT_SIZE];

	clock_format(was->at, when);
	(void)printf("  ");
	print_folded(&fold, "was ");
	print_folded(&fold, *names != '\0' ? names : "a device without a name");
	print_folded(&fold, ", ");
	print_folded(&fold, was->reason);
	print_folded(&fold, " ");
	print_folded(&fold, when);
	print_folded(&fold, *actor != '\0' ? " by " : "");
	print_folded(&fold, actor);
	(void)putchar('\n');
}

/* In double quotes, which no claim can close: one inside is escaped. */
static void
pending_print_name(struct print_fold *fold, const char *name)
{
	AUTO_FREE char *copy = memory_strdup(name);
	char           *rest = copy;
	char           *part;

	print_folded(fold, "\"");
	while ((part = strsep(&rest, "\"")) != NULL) {
		print_text(fold->out, part);
		fold->column += print_width(part);
		if (rest != NULL)
			fold->column += (size_t)fprintf(fold->out, "\\x22");
	}
	print_folded(fold, "\"");
}

/* "asks for the name "bob" (its own claim), which EK 2ea8… has; if this is that machine …" and the command. */
static void
pending_print_wish(const struct pending_machine *machine)
{
	struct print_fold fold = {
	    .out = stdout, .columns = print_columns(), .column = 2, .indent = 2};
	char              owner[STORE_HASH_TEXT_SIZE];
	char              own[STORE_HASH_TEXT_SIZE];

	store_hash_format(machine->other.ek_hash, owner);
	store_hash_format(machine->entry->ek_hash, own);
	if (print_is_narrow())
		owner[PENDING_DIGITS] = '\0';
	(void)printf("  ");
	print_folded(&fold, "asks for the name ");
	pending_print_name(&fold, machine->entry->wish);
	print_folded(&fold, " (its own claim)");
	if (machine->wish == WISH_SIMILAR) {
		print_folded(&fold, ", which looks like ");
		pending_print_name(&fold, machine->other.name);
		print_folded(&fold, " of EK ");
		print_folded(&fold, owner);
	} else if (machine->wish == WISH_TAKEN) {
		print_folded(&fold, ", which EK ");
		print_folded(&fold, owner);
		print_folded(&fold, machine->entry->evidence.verdict == STORE_VERDICT_VERIFIED
		        ? " has; if this is that machine with a new mainboard, run:"
		        : " has; no vendor vouches for this TPM, so compare its EK hash with what "
		          "attest-device ek says there; if this is that machine with a new mainboard, run:");
	}
	(void)putchar('\n');
	if (machine->wish == WISH_TAKEN && !machine->removed)
		(void)printf("  %s replace %.*s %.*s\n", own_command("attest-ca"), PENDING_DIGITS, owner,
		    PENDING_DIGITS, own);
}

/* Compares the name that the machine asks for with those of the inventory. */
static int
pending_look_wish(struct pending_answer *answer, struct pending_machine *machine)
{
	const struct store_waiting *entry = machine->entry;
	struct error               *err = answer->err;

	if (entry->wish[0] == '\0')
		return 0;
	machine->wish = WISH_TAKEN;
	if (store_device_named(answer->store, entry->wish, machine->other.ek_hash, err) == 0)
		return 0;
	if (err->kind != ERROR_NOT_FOUND)
		return -1;
	machine->wish = WISH_SIMILAR;
	if (store_similar_find(answer->store, entry->wish, entry->ek_hash, &machine->other, err) == 0)
		return 0;
	machine->wish = WISH_FREE;
	return err->kind == ERROR_NOT_FOUND || err->kind == ERROR_MALFORMED ? 0 : -1;
}

static int
pending_look(struct pending_answer *answer, struct pending_machine *machine)
{
	int rc = store_removed_find(answer->store, machine->entry->ek_hash, &machine->was, answer->err);

	machine->removed = rc == 0;
	return rc == 0 || answer->err->kind == ERROR_NOT_FOUND ? pending_look_wish(answer, machine) : -1;
}

static bool
pending_cb(const struct store_waiting *entry, void *arg)
{
	struct pending_answer *answer = arg;
	struct pending_machine machine = {.entry = entry};

	if ((answer->rc = pending_look(answer, &machine)) != 0)
		return false;
	if (answer->json)
		print_json_item(pending_describe(&machine), answer->count == 0);
	else if (answer->all)
		pending_print(entry, answer->count == 0);
	else
		pending_print_row(entry, answer->count == 0);
	if (!answer->json && machine.removed)
		pending_print_removed(&machine.was);
	if (!answer->json && machine.wish != WISH_NONE)
		pending_print_wish(&machine);
	store_hash_format(entry->ek_hash, machine.removed  ? answer->back
	        : machine.wish == WISH_TAKEN ? answer->taken
	                                     : answer->last);
	answer->count++;
	return ferror(stdout) == 0;
}

/* The commands for the last machines: a new one, one that wants another's name, a removed one. */
static void
pending_print_commands(const struct pending_answer *answer, bool denied)
{
	if (answer->last[0] != '\0')
		(void)printf("%s\n%s approve %.*s --name NAME\n",
		    answer->count == 1 ? "To approve it:" : "To approve one, here the last in the list:",
		    own_command("attest-ca"), PENDING_DIGITS, answer->last);
	if (answer->taken[0] != '\0')
		(void)printf("%s\n%s approve %.*s --name NAME\n",
		    "To approve one that asks for another device's name, under a name of its own:",
		    own_command("attest-ca"), PENDING_DIGITS, answer->taken);
	if (answer->back[0] != '\0')
		(void)printf("%s\n%s approve %.*s --again --name NAME\n",
		    "To approve one that was removed:", own_command("attest-ca"), PENDING_DIGITS, answer->back);
	if (!denied)
		(void)printf("To deny %s, so that it is listed no more:\n%s deny %.*s\n",
		    answer->count == 1 ? "it" : "one",
		    own_command("attest-ca"), PENDING_DIGITS, answer->last[0] != '\0' ? answer->last
		        : answer->taken[0] != '\0'          ? answer->taken
		                                            : answer->back);
}

static void
pending_print_end(const struct pending_answer *answer, bool denied)
{
	if (answer->count == 0) {
		(void)fprintf(stderr, denied ? "no machine was denied\n" : "no machine is waiting\n");
		return;
	}
	if (answer->count == 1)
		(void)printf("\n1 machine %s.\n", denied ? "was denied" : "is waiting");
	else
		(void)printf("\n%zu machines %s.\n", answer->count, denied ? "were denied" : "are waiting");
	pending_print_commands(answer, denied);
}

static int
admin_pending(const struct command_call *call, struct error *err)
{
	const struct pending *pending = call->options;
	struct pending_answer answer = {.json = call->json, .all = pending->all, .err = err};
	struct store         *store;
	int                   rc;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	rc = admin_store_open(call, &answer.store, err);
	if (rc == 0)
		rc = store_waiting_list(store, pending->denied, pending_cb, &answer, err);
	store_close(answer.store);
	store_close(store);
	if (rc != 0 || answer.rc != 0)
		return -1;
	if (call->json)
		(void)printf(answer.count == 0 ? "[]\n" : "\n]\n");
	else
		pending_print_end(&answer, pending->denied);
	return 0;
}
