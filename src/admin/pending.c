/* attest-ca pending: who waits to be approved, and what is known of each. Changes nothing. */
#include "config.h"

#include <stdio.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/waiting.h"
#include "tpm/vendor.h"
#include "util/clock.h"
#include "util/error.h"

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
    .summary = "show the machines that asked and wait to be approved",
    .size = sizeof(struct pending),
    .options = {{pending_rows, 0}},
    .run = admin_pending,
};

/* Digits of the hash in the command that is shown at the end: enough for one machine only. */
#define PENDING_DIGITS 16

struct pending_answer {
	bool   json;
	bool   all;
	size_t count;
	char   last[STORE_HASH_TEXT_SIZE]; /* the hash of the one that was printed last */
};

static json_t *
pending_describe(const struct store_waiting *entry)
{
	const struct store_evidence *evidence = &entry->evidence;
	bool                         verified = evidence->verdict == STORE_VERDICT_VERIFIED;

	return json_pack("{s:o, s:b, s:{s:s, s:o, s:o}, s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o, s:I}",
	    "ek_hash", describe_octets(entry->ek_hash, STORE_HASH_SIZE),
	    "denied", entry->denied,
	    "ek_certificate",
	    "verdict", store_verdict_word(evidence->verdict),
	    "reason", evidence->reason[0] != '\0' ? describe_text(evidence->reason) : json_null(),
	    "root", verified ? describe_octets(evidence->root, sizeof evidence->root) : json_null(),
	    "tpm",
	    "manufacturer", describe_text(evidence->manufacturer),
	    "vendor", describe_text(tpm_vendor_name(evidence->manufacturer)),
	    "model", describe_text(evidence->model),
	    "version", describe_text(evidence->version),
	    "peer", describe_text(entry->peer),
	    "first_seen", describe_time(entry->first_seen),
	    "last_seen", describe_time(entry->last_seen),
	    "times", (json_int_t)entry->times);
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

/* One machine a line: when it asked last, what its EK certificate is worth, whose TPM it is. */
static void
pending_print_row(const struct store_waiting *entry, bool first)
{
	const char *vendor = tpm_vendor_name(entry->evidence.manufacturer);
	int         digits = print_is_narrow() ? PENDING_DIGITS : STORE_HASH_TEXT_SIZE - 1;
	char        hash[STORE_HASH_TEXT_SIZE];
	char        last[CLOCK_TEXT_SIZE];

	if (first)
		(void)printf("%-*s  %-20s  %-8s  TPM\n", digits, "EK HASH", "ASKED LAST", "EK CERT");
	store_hash_format(entry->ek_hash, hash);
	clock_format(entry->last_seen, last);
	(void)printf("%.*s  %-20s  %-8s  ", digits, hash, last,
	    store_verdict_word(entry->evidence.verdict));
	print_text(stdout, vendor[0] != '\0' ? vendor : "unknown vendor");
	(void)putchar('\n');
}

static bool
pending_cb(const struct store_waiting *entry, void *arg)
{
	struct pending_answer *answer = arg;

	if (answer->json)
		print_json_item(pending_describe(entry), answer->count == 0);
	else if (answer->all)
		pending_print(entry, answer->count == 0);
	else
		pending_print_row(entry, answer->count == 0);
	store_hash_format(entry->ek_hash, answer->last);
	answer->count++;
	return ferror(stdout) == 0;
}

static void
pending_print_end(const struct pending_answer *answer, bool denied)
{
	if (answer->count == 0)
		(void)fprintf(stderr, denied ? "no machine was denied\n" : "no machine waits\n");
	else if (denied)
		(void)printf("\n%zu denied; to let one in all the same, as the last:\n"
		             "attest-ca approve %.*s --name NAME\n",
		    answer->count, PENDING_DIGITS, answer->last);
	else
		(void)printf("\n%zu wait%s; to let one in, as the last, or not to list it again:\n"
		             "attest-ca approve %.*s --name NAME\n"
		             "attest-ca deny %.*s\n",
		    answer->count, answer->count == 1 ? "s" : "", PENDING_DIGITS, answer->last,
		    PENDING_DIGITS, answer->last);
}

static int
admin_pending(const struct command_call *call, struct error *err)
{
	const struct pending *pending = call->options;
	struct pending_answer answer = {.json = call->json, .all = pending->all};
	struct store         *store;
	int                   rc;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_waiting_list(store, pending->denied, pending_cb, &answer, err);
	store_close(store);
	if (rc != 0)
		return -1;
	if (call->json)
		(void)printf(answer.count == 0 ? "[]\n" : "\n]\n");
	else
		pending_print_end(&answer, pending->denied);
	return 0;
}
