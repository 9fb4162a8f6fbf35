/*
 * attest-acmed revoke: certificates by serial number or name, or by what attested their key: the
 * AK certificate of a machine says which EK it is of, and which names it had.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme_admin/commands.h"
#include "acme_admin/find.h"
#include "acme_admin/store.h"
#include "command/print.h"
#include "pki/crl_reason.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/ek_hash.h"
#include "util/error.h"
#include "util/own_command.h"

struct revoke {
	const char *reason;
	const char *ek;
	const char *name;
	int64_t     before;
};

static const struct command_option revoke_rows[] = {
    {OPTION(TEXT, "reason", "REASON", struct revoke, reason,
         "keyCompromise, superseded, cessationOfOperation, …"),
        .value = "unspecified"},
    {OPTION(TEXT, "ek", "HASH", struct revoke, ek,
         "all whose key the machine with this EK attested"),
        .filled = true},
    {OPTION(TEXT, "name", "NAME", struct revoke, name,
         "all of this name; with --ek, only those of both"),
        .filled = true},
    {OPTION(TIME, "before", "TIME", struct revoke, before,
        "of these, only those whose validity began before")},
    {0},
};

static command_check revoke_check;
static command_run acme_admin_revoke;

const struct command acme_admin_revoke_command = {
    .name = "revoke",
    .summary = "revoke certificates: one, a name's, or those of a machine",
    .size = sizeof(struct revoke),
    .options = {{revoke_rows, 0}},
    .operands = "SERIAL | NAME",
    .operands_max = COMMAND_OPERANDS_ANY,
    .check = revoke_check,
    .run = acme_admin_revoke,
};

/* Which certificates are meant, and those that are: ids, one after the other, each with its NUL. */
struct victims {
	int64_t       now;
	const struct ek_hash *ek; /* NULL: of any */
	const char   *name;   /* NULL: of any name */
	int64_t       before; /* 0: whenever they began */
	struct bytes  ids;
	size_t        revoked; /* were already */
	size_t        unknown; /* good, but what attested them is not on record */
};

static bool
victims_cb(const struct store_issued *issued, void *arg)
{
	struct victims *victims = arg;

	if (issued->revoked != 0)
		victims->revoked++;
	else if (issued->not_after >= victims->now)
		bytes_append(&victims->ids, issued->id, STORE_ID_SIZE);
	return true;
}

static bool
witness_cb(const struct store_issued *issued, void *arg)
{
	struct victims *victims = arg;
	struct ek_hash  ek;

	if ((victims->name != NULL && strcmp(issued->names, victims->name) != 0) ||
	    (victims->before != 0 && issued->not_before >= victims->before))
		return true;
	if (victims->ek != NULL && issued->chain.size == 0) {
		victims->unknown += issued->revoked == 0 && issued->not_after >= victims->now ? 1 : 0;
		return true;
	}
	if (victims->ek != NULL && !find_ek(issued, victims->ek, &ek))
		return true;
	return victims_cb(issued, arg);
}

/* The input of the transaction, and how many certificates it revoked. */
struct revocation {
	const struct command_call *call;
	struct victims            *witness; /* NULL: the operands say which */
	int                        reason;
	size_t                     count;
};

static int
revoke_victims(struct store *store, struct revocation *revocation, const struct victims *victims,
    struct error *err)
{
	for (size_t at = 0; at < victims->ids.size; at += STORE_ID_SIZE, revocation->count++)
		if (store_issued_revoke(store, (const char *)victims->ids.data + at, revocation->call->now,
		        revocation->reason, err) != 0)
			return -1;
	return 0;
}

static int
revoke_operand(struct store *store, struct revocation *revocation, const char *text,
    struct error *err)
{
	struct victims victims = {.now = revocation->call->now};
	int            rc = find_issued(store, text, victims_cb, &victims, err);

	if (rc == 0 && victims.ids.size == 0)
		rc = error_set(err, ERROR_ALREADY_REVOKED, "\"%.255s\" has no certificate that is good: %s",
		    text, victims.revoked != 0 ? "revoked already" : "expired");
	if (rc == 0)
		rc = revoke_victims(store, revocation, &victims, err);
	bytes_clear(&victims.ids);
	return rc;
}

/* All of them, or none. */
static int
revoke_all_cb(struct store *store, void *arg, struct error *err)
{
	struct revocation         *revocation = arg;
	const struct command_call *call = revocation->call;

	for (size_t i = 0; i < call->operand_count; i++)
		if (revoke_operand(store, revocation, call->operands[i], err) != 0)
			return -1;
	if (revocation->witness == NULL)
		return 0;
	if (store_issued_list(store, witness_cb, revocation->witness, err) != 0)
		return -1;
	return revoke_victims(store, revocation, revocation->witness, err);
}

static int
revoke_check(const struct command_call *call, struct error *err)
{
	const struct revoke *options = call->options;
	struct ek_hash       hash;
	int                  reason;
	bool                 by_witness = options->ek != NULL || options->name != NULL;

	if (by_witness == (call->operand_count != 0))
		return error_set(err, ERROR_MALFORMED,
		    "revoke needs either SERIAL or NAME, or --ek HASH or --name NAME");
	if (options->before != 0 && !by_witness)
		return error_set(err, ERROR_MALFORMED, "--before goes with --ek or --name");
	if (options->ek != NULL && ek_hash_parse(options->ek, &hash, err) != 0)
		return error_wrap(err, "--ek");
	return crl_reason_parse(options->reason, &reason, err);
}

static void
revoke_say(const struct command_call *call, const struct revocation *revocation)
{
	const struct victims *witness = revocation->witness;
	size_t                count = revocation->count;

	if (call->json) {
		print_json(json_pack("{s:I}", "revoked", (json_int_t)count));
		return;
	}
	if (count == 0)
		(void)printf("nothing is revoked: %s\n", witness != NULL && witness->revoked != 0
		        ? "those that match are revoked already" : "no good certificate matches");
	else
		(void)printf("revoked %zu certificate%s; a running attest-acmed signs its CRL again within"
		             " a second,\nwithout one run \"%s crl\"\n", count, count == 1 ? "" : "s",
		    own_command("attest-acmed"));
	if (witness != NULL && witness->unknown != 0)
		(void)printf("%zu other%s issued by an earlier version, which did not record what attested %s; "
		             "see\n\"%s certificates --valid\", and revoke by name\n",
		    witness->unknown, witness->unknown == 1 ? " was" : "s were",
		    witness->unknown == 1 ? "it" : "them", own_command("attest-acmed"));
}

static int
acme_admin_revoke(const struct command_call *call, struct error *err)
{
	const struct revoke *options = call->options;
	struct ek_hash       hash;
	struct victims       witness = {.now = call->now, .name = options->name, .before = options->before,
	          .ek = options->ek != NULL ? &hash : NULL};
	struct revocation    revocation = {.call = call};
	struct store        *store;
	int                  rc;

	/* As revoke_check has found them to be. */
	(void)crl_reason_parse(options->reason, &revocation.reason, err);
	if (options->ek != NULL)
		(void)ek_hash_parse(options->ek, &hash, err);
	if (call->operand_count == 0)
		revocation.witness = &witness;
	if (acme_admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_change(store, revoke_all_cb, &revocation, err);
	store_close(store);
	if (rc == 0)
		revoke_say(call, &revocation);
	bytes_clear(&witness.ids);
	return rc;
}
