/*
 * attest-acmed seen: which machines had certificates issued, for the inventory of the
 * attestation host ("attest-ca seen" reads it). Changes nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme_admin/commands.h"
#include "acme_admin/find.h"
#include "acme_admin/store.h"
#include "command/print.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/ek_hash.h"
#include "util/error.h"

struct seen {
	int64_t since;
};

static const struct command_option seen_rows[] = {
    {OPTION(TIME, "since", "TIME", struct seen, since,
        "only by certificates whose validity began at this time or later")},
    {0},
};

static command_run acme_admin_seen;

const struct command acme_admin_seen_command = {
    .name = "seen",
    .summary = "show when each machine had its last certificate, for \"attest-ca seen\"",
    .size = sizeof(struct seen),
    .options = {{seen_rows, 0}},
    .run = acme_admin_seen,
};

/* A machine's certificate. */
struct sight {
	struct ek_hash ek;
	int64_t        when;
};

static bool
seen_cb(const struct store_issued *issued, void *arg)
{
	struct bytes *sights = arg;
	struct sight  sight = {.when = issued->not_before};

	if (find_ek(issued, NULL, &sight.ek))
		bytes_append(sights, &sight, sizeof sight);
	return true;
}

/* By EK; the latest certificate of each last. */
static int
sight_compare(const void *left, const void *right)
{
	const struct sight *a = left;
	const struct sight *b = right;
	int                 order = memcmp(a->ek.bytes, b->ek.bytes, sizeof a->ek.bytes);

	return order != 0 ? order : (a->when > b->when) - (a->when < b->when);
}

static void
seen_print(const struct command_call *call, struct sight *sights, size_t count)
{
	char   hash[EK_HASH_TEXT_SIZE];
	char   when[CLOCK_TEXT_SIZE];
	size_t printed = 0;

	if (count != 0)
		qsort(sights, count, sizeof *sights, sight_compare);
	for (size_t i = 0; i < count && ferror(stdout) == 0; i++) {
		if (i + 1 < count &&
		    memcmp(sights[i].ek.bytes, sights[i + 1].ek.bytes, sizeof sights[i].ek.bytes) == 0)
			continue;
		ek_hash_format(&sights[i].ek, hash);
		clock_format(sights[i].when, when);
		if (call->json)
			print_json_item(json_pack("{s:s, s:s}", "ek_hash", hash, "seen", when), printed++ == 0);
		else
			(void)printf("%s %s\n", hash, when);
	}
	if (call->json)
		(void)printf(printed == 0 ? "[]\n" : "\n]\n");
}

static int
acme_admin_seen(const struct command_call *call, struct error *err)
{
	const struct seen *options = call->options;
	AUTO_BYTES         sights = {0};
	struct store      *store;
	int                rc;

	if (acme_admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_issued_list_since(store, options->since, seen_cb, &sights, err);
	store_close(store);
	if (rc == 0)
		seen_print(call, (struct sight *)(void *)sights.data, sights.size / sizeof(struct sight));
	return rc;
}
