/* A waiting list, with its bound and the shares of sources, and what is on it. */
#ifndef TESTS_UNIT_WAITING_WORLD_H
#define TESTS_UNIT_WAITING_WORLD_H

#include "store/inventory/waiting.h"

#include <stdio.h>
#include <string.h>

#include "store/hash.h"
#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/inventory/waiting_shares.h"
#include "store_fixture.h"
#include "store_tamper.h"
#include "util/bytes.h"
#include "util/file.h"

#define NOW 1000000
#define MAX 16 /* entries; three are a source's share */

/* An EK whose hash is `first` and `second` and zeros, from a source. */
static inline struct store_waiting
entry(uint8_t first, uint8_t second, const char *source)
{
	struct store_waiting e = {
	    .ek_hash = {first, second},
	    .evidence = {.manufacturer = "id:4E544300", .model = "NPCT75x", .version = "id:00070002"},
	};

	(void)snprintf(e.peer, sizeof e.peer, "%s", source);
	(void)snprintf(e.source, sizeof e.source, "%s", source);
	return e;
}

static struct waiting_shares *shares;

/* Another process, or this one after a restart, knows nothing of the list. */
static inline void
forget(void)
{
	waiting_shares_free(shares);
	shares = waiting_shares_new();
}

static inline void
setup_shares(void)
{
	setup();
	shares = waiting_shares_new();
}

static inline bool
add(const struct store_waiting *e, size_t max, int64_t now)
{
	bool denied = false;

	unit_ok(store_waiting_add(store, e, max, now, shares, &denied, &err), &err);
	return denied;
}

static inline void
add_plain(uint8_t first, uint8_t second, const char *source, int64_t now)
{
	struct store_waiting e = entry(first, second, source);

	ck_assert(!add(&e, MAX, now));
}

/* What the list holds: the first two octets of each hash, latest seen first. */
struct seen {
	char   text[1024];
	size_t count;
};

static inline bool
seen_cb(const struct store_waiting *e, void *arg)
{
	struct seen *seen = arg;
	size_t       used = strlen(seen->text);

	if (seen->count++ < 20)
		(void)snprintf(seen->text + used, sizeof seen->text - used, "%02x%02x ", e->ek_hash[0],
		    e->ek_hash[1]);
	return true;
}

static inline struct seen
list(bool denied)
{
	struct seen seen = {0};

	unit_ok(store_waiting_list(store, denied, seen_cb, &seen, &err), &err);
	return seen;
}

static inline bool
waits(uint8_t first, uint8_t second)
{
	uint8_t              hash[STORE_HASH_SIZE] = {first, second};
	struct store_waiting found;

	return store_waiting_find(store, hash, &found, &err) == 0 && !found.denied;
}

/* A number out of the file, read behind the store's back. */
static inline int
ask(const char *sql)
{
	int number = store_tamper_ask(directory, sql);

	ck_assert_int_ge(number, 0);
	return number;
}

/* Whatever was done, the counts are those of the list. */
static inline void
teardown_counted(void)
{
	ck_assert_int_eq(ask("SELECT count(*) - (SELECT waiting FROM counter) FROM waiting"
	                     " WHERE denied = 0"),
	    0);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting_source WHERE entries <> (SELECT count(*)"
	                     " FROM waiting WHERE waiting.source = waiting_source.source"
	                     " AND denied = 0)"),
	    0);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting WHERE denied = 0"
	                     " AND source NOT IN (SELECT source FROM waiting_source)"),
	    0);
	waiting_shares_free(shares);
	teardown();
}

#endif
