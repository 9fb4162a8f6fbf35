/* attest-ca approve and deny: decides about machines on the waiting list; all those named, or
 * none. */
#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/enrolment.h"
#include "admin/similar.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/inventory/waiting.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/own_command.h"

struct approve {
	struct enrolment       enrolment;
	struct similar_options similar;
	bool                   again;
};

static const struct command_option approve_rows[] = {
    {OPTION(FLAG, "again", NULL, struct approve, again,
        "let in a machine that was removed from the inventory")},
    {0},
};

static command_check approve_check;
static command_run admin_approve;

const struct command admin_approve_command = {
    .name = "approve",
    .summary = "enroll machines that are waiting, or were denied",
    .size = sizeof(struct approve),
    .options = {{enrolment_rows, offsetof(struct approve, enrolment)}, {approve_rows, 0},
        {similar_rows, offsetof(struct approve, similar)}},
    .operands = "HASH | PREFIX",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .check = approve_check,
    .run = admin_approve,
};

static command_run admin_deny;

const struct command admin_deny_command = {
    .name = "deny",
    .summary = "refuse machines that are waiting, and list them no more",
    .operands = "HASH | PREFIX",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .run = admin_deny,
};

/* The action for each machine, inside the transaction. */
typedef int approve_act(struct store *store, const struct command_call *call,
    const struct store_waiting *entry, struct error *err);

/* An enrolled machine is not on the waiting list; says so. */
static int
approve_resolve(struct store *store, const char *text, struct store_waiting *entry,
    struct error *err)
{
	struct store_device device;
	struct error        ignored = {0};
	char                hash[STORE_HASH_TEXT_SIZE];

	if (store_waiting_resolve(store, text, entry, err) == 0)
		return 0;
	if (err->kind != ERROR_NOT_FOUND || store_device_resolve(store, text, &device, &ignored) != 0)
		return -1;
	store_hash_format(device.ek_hash, hash);
	store_device_clear(&device);
	return error_set(err, ERROR_CONFLICT,
	    "EK %s is enrolled already; see \"%s show %s\"", hash, own_command("attest-ca"), hash);
}

/* Arguments of the transaction. */
struct approval {
	const struct command_call *call;
	approve_act               *act;
	struct store_waiting      *entries; /* one for each operand */
};

static int
approve_all_cb(struct store *store, void *arg, struct error *err)
{
	const struct approval     *approval = arg;
	const struct command_call *call = approval->call;
	struct store_waiting      *entries = approval->entries;

	for (size_t i = 0; i < call->operand_count; i++) {
		if (approve_resolve(store, call->operands[i], &entries[i], err) == 0 &&
		    approval->act(store, call, &entries[i], err) == 0)
			continue;
		return call->operand_count > 1 ? error_wrap(err, "nothing was done") : -1;
	}
	return 0;
}

/* `allowed` is NULL for an act that gives no names. */
static int
approve_run(const struct command_call *call, approve_act *act,
    const struct similar_options *allowed,
    void (*say)(const struct command_call *call, const struct store_waiting *entry, size_t index),
    struct error *err)
{
	struct store_waiting *entries = memory_new(call->operand_count * sizeof *entries);
	struct store         *store = NULL;
	struct similar        similar = {.count = 0};
	int                   rc;

	rc = admin_store_open(call, &store, err);
	if (rc == 0 && allowed != NULL)
		similar_begin(allowed, store, &similar);
	if (rc == 0)
		rc = store_change(store, approve_all_cb, &(struct approval){call, act, entries}, err);
	store_close(store);
	similar_end(&similar, rc == 0);
	for (size_t i = 0; rc == 0 && i < call->operand_count; i++)
		say(call, &entries[i], i);
	if (rc == 0 && call->json)
		(void)printf("\n]\n");
	free(entries);
	return rc;
}

static int
approve_one(struct store *store, const struct command_call *call, const struct store_waiting *entry,
    struct error *err)
{
	const struct approve *approve = call->options;
	struct store_device   device;

	enrolment_fill(&approve->enrolment, entry->ek_hash, call->now, &device);
	return store_waiting_approve(store, &device, approve->again, call->now, err);
}

static void
approve_say(const struct command_call *call, const struct store_waiting *entry, size_t index)
{
	const struct approve *approve = call->options;
	struct store_device   device;

	enrolment_fill(&approve->enrolment, entry->ek_hash, call->now, &device);
	if (call->json)
		print_json_item(describe_device_json(&device), index == 0);
	else
		enrolment_print("approved", &device);
	describe_long_names(&device);
}

static int
approve_check(const struct command_call *call, struct error *err)
{
	const struct enrolment *enrolment = &((const struct approve *)call->options)->enrolment;

	if (call->operand_count > 1 && enrolment->names.count != 0)
		return error_set(err, ERROR_MALFORMED, "--name is for one machine, these are %zu",
		    call->operand_count);
	return 0;
}

static int
admin_approve(const struct command_call *call, struct error *err)
{
	const struct approve *approve = call->options;

	return approve_run(call, approve_one, &approve->similar, approve_say, err);
}

static int
deny_one(struct store *store, const struct command_call *call, const struct store_waiting *entry,
    struct error *err)
{
	return store_waiting_deny(store, entry->ek_hash, call->now, err);
}

static void
deny_say(const struct command_call *call, const struct store_waiting *entry, size_t index)
{
	char hash[STORE_HASH_TEXT_SIZE];

	if (call->json) {
		print_json_item(json_pack("{s:o, s:b}", "ek_hash",
		                    describe_octets(entry->ek_hash, STORE_HASH_SIZE), "denied", true),
		    index == 0);
		return;
	}
	store_hash_format(entry->ek_hash, hash);
	(void)printf("denied EK %s\n", hash);
}

static int
admin_deny(const struct command_call *call, struct error *err)
{
	return approve_run(call, deny_one, NULL, deny_say, err);
}
