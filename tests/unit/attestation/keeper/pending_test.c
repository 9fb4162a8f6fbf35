/* The table of open challenges: bounded, expiring, each good once. */
#include "config.h"

#include "attestation/keeper/pending.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "attestation/keeper/challenge_facts.h"
#include "attestation/keeper/challenge_pack.h"
#include "unit.h"
#include "util/error.h"
#include "util/source.h"

#define LIFETIME 60000

/* Where the next challenges are asked for. */
static const char *host = "192.0.2.1";

static struct challenge *
challenge_for(uint8_t device)
{
	struct challenge *challenge = challenge_new();

	challenge->source = source_of_text(view_text(host));
	memset(challenge->ek.bytes, device, sizeof challenge->ek.bytes);
	return challenge;
}

static struct view
secret_of(const uint32_t *number)
{
	return (struct view){(const uint8_t *)number, sizeof *number};
}

static int
put(struct pending *pending, uint32_t secret, uint8_t device, int64_t now, struct error *err)
{
	struct challenge *challenge = challenge_for(device);
	int               rc = pending_put(pending, secret_of(&secret), challenge, now, err);

	challenge_free(challenge);
	return rc;
}

/* One of the device in this row, or, if that is 0, of an EK that has none. */
static void
put_row(struct pending *pending, uint32_t secret, uint32_t row, uint8_t ek, const char *from)
{
	struct challenge *challenge = challenge_for(ek);
	struct error      err = {0};

	challenge->source = source_of_text(view_text(from));
	challenge->row = row;
	unit_ok(pending_put(pending, secret_of(&secret), challenge, 0, &err), &err);
	challenge_free(challenge);
}

/* Of an EK that has a row, only the beginning comes back. */
static void
assert_row(struct pending *pending, uint32_t secret, uint32_t row, uint8_t ek)
{
	struct challenge *taken = NULL;
	struct error      err = {0};

	unit_ok(pending_take(pending, secret_of(&secret), 0, &taken, &err), &err);
	ck_assert_uint_eq(taken->row, row);
	for (size_t i = 0; i < sizeof taken->ek.bytes; i++)
		ck_assert_uint_eq(taken->ek.bytes[i], row == 0 || i < CHALLENGE_EK_BEGIN ? ek : 0);
	challenge_free(taken);
}

/* One with so many octets of a question, as it waits for a slow signature. */
static int
put_large(struct pending *pending, uint32_t secret, uint8_t device, size_t octets, struct error *err)
{
	struct challenge *challenge = challenge_for(device);
	int               rc;

	if (octets != 0)
		memset(bytes_extend(&challenge->question, octets), device, octets);
	rc = pending_put(pending, secret_of(&secret), challenge, 0, err);
	challenge_free(challenge);
	return rc;
}

static const char unknown[] = "no open challenge has this secret: it was never issued, has expired "
                              "or is used; start again with /attest";

static void
assert_unknown(struct pending *pending, uint32_t secret, int64_t now)
{
	struct challenge *taken = NULL;
	struct error      err = {0};

	unit_fails(pending_take(pending, secret_of(&secret), now, &taken, &err), &err,
	    ERROR_UNKNOWN_SECRET, unknown);
	ck_assert_ptr_null(taken);
}

static void
assert_taken(struct pending *pending, uint32_t secret, uint8_t device, int64_t now)
{
	struct challenge *taken = NULL;
	struct error      err = {0};

	unit_ok(pending_take(pending, secret_of(&secret), now, &taken, &err), &err);
	ck_assert_int_eq(taken->ek.bytes[0], device);
	challenge_free(taken);
}

START_TEST(take_what_was_put_works_once)
{
	struct pending *pending = pending_new(4, 4, LIFETIME);
	struct error    err = {0};

	unit_ok(put(pending, 1, 7, 1000, &err), &err);
	assert_taken(pending, 1, 7, 1001);
	assert_unknown(pending, 1, 1002);
	pending_free(pending);
}
END_TEST

START_TEST(take_another_secret_is_unknown_and_costs_nothing)
{
	struct pending *pending = pending_new(4, 4, LIFETIME);
	struct error    err = {0};

	unit_ok(put(pending, 1, 7, 0, &err), &err);
	assert_unknown(pending, 2, 0);
	assert_taken(pending, 1, 7, 0);
	pending_free(pending);
}
END_TEST

START_TEST(take_last_millisecond_works)
{
	struct pending *pending = pending_new(4, 4, LIFETIME);
	struct error    err = {0};

	unit_ok(put(pending, 1, 7, 0, &err), &err);
	assert_taken(pending, 1, 7, LIFETIME - 1);
	pending_free(pending);
}
END_TEST

START_TEST(take_after_lifetime_is_unknown)
{
	struct pending *pending = pending_new(4, 4, LIFETIME);
	struct error    err = {0};

	unit_ok(put(pending, 1, 7, 0, &err), &err);
	assert_unknown(pending, 1, LIFETIME);
	pending_free(pending);
}
END_TEST

/* The device is enrolled: its answer counts. */
static void
admit(struct pending *pending, uint8_t device)
{
	struct challenge *challenge = challenge_for(device);

	pending_answered(pending, &challenge->ek, &challenge->source);
	challenge_free(challenge);
}

/* An enrolled machine that has answered, so that its challenges are held from then on. */
static void
answer(struct pending *pending, uint8_t device)
{
	struct error err = {0};

	unit_ok(put(pending, UINT32_MAX, device, 0, &err), &err);
	assert_taken(pending, UINT32_MAX, device, 0);
	admit(pending, device);
}

/* Half of the table is for those that have answered; beyond, they give way like everybody. */
START_TEST(put_of_those_that_answered_leaves_half_of_the_table)
{
	struct pending *pending = pending_new(8, 8, LIFETIME);
	struct error    err = {0};

	for (uint8_t device = 1; device <= 8; device++)
		answer(pending, device);
	for (uint32_t i = 1; i <= 8; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	for (uint32_t i = 9; i <= 12; i++)
		unit_ok(put(pending, i, (uint8_t)i, LIFETIME - 1, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 8);
	for (uint32_t i = 5; i <= 8; i++)
		assert_unknown(pending, i, LIFETIME - 1);
	assert_taken(pending, 1, 1, LIFETIME - 1);
	unit_ok(put(pending, 5, 5, LIFETIME - 1, &err), &err); /* in its place */
	for (uint32_t i = 20; i < 40; i++)
		unit_ok(put(pending, i, (uint8_t)i, LIFETIME - 1, &err), &err);
	for (uint32_t i = 2; i <= 5; i++)
		assert_taken(pending, i, (uint8_t)i, LIFETIME - 1);
	pending_free(pending);
}
END_TEST

START_TEST(put_large_of_those_that_answered_leaves_half_of_the_table)
{
	struct pending *pending = pending_new(16, 16, LIFETIME);
	struct error    err = {0};

	for (uint8_t device = 1; device <= 3; device++)
		answer(pending, device);
	for (uint32_t i = 1; i <= 3; i++) /* each of 4 */
		unit_ok(put_large(pending, i, (uint8_t)i, 3 * FACTS_OCTETS, &err), &err);
	for (uint32_t i = 10; i < 30; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 2 + 8);
	assert_taken(pending, 1, 1, 0);
	assert_taken(pending, 2, 2, 0);
	assert_unknown(pending, 3, 0);
	pending_free(pending);
}
END_TEST

/* A stranger opens credentials with any number of keys in software, and is refused. */
START_TEST(put_of_strangers_that_answered_is_not_held)
{
	struct pending *pending = pending_new(100, 32, LIFETIME);
	struct error    err = {0};

	answer(pending, 1);
	host = "198.51.100.7";
	for (uint32_t i = 0; i < 100; i++) {
		unit_ok(put(pending, 1000, (uint8_t)(2 + i), 0, &err), &err);
		assert_taken(pending, 1000, (uint8_t)(2 + i), 0);
		unit_ok(put(pending, i, (uint8_t)(2 + i), 0, &err), &err);
	}
	host = "192.0.2.1";
	unit_ok(put(pending, 2000, 1, 0, &err), &err);
	assert_unknown(pending, 0, 0);
	assert_taken(pending, 1, 3, 0);
	assert_taken(pending, 2000, 1, 0);
	pending_free(pending);
}
END_TEST

/* EKs whose hashes begin alike share the places of those that have answered. */
START_TEST(strangers_that_answer_take_nobodys_place)
{
	struct pending *pending = pending_new(4, 4, LIFETIME);
	struct error    err = {0};

	answer(pending, 1);
	for (uint8_t i = 0; i < 100; i++) {
		struct challenge *challenge = challenge_for(1);
		uint32_t          secret = 1000;

		challenge->ek.bytes[31] = (uint8_t)(100 + i);
		unit_ok(pending_put(pending, secret_of(&secret), challenge, 0, &err), &err);
		challenge_free(challenge);
		assert_taken(pending, secret, 1, 0);
	}
	unit_ok(put(pending, 1, 1, 0, &err), &err);
	for (uint32_t i = 10; i < 20; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	assert_taken(pending, 1, 1, 0);
	pending_free(pending);
}
END_TEST

START_TEST(put_full_table_the_oldest_of_equals_gives_way)
{
	struct pending *pending = pending_new(2, 2, LIFETIME);
	struct error    err = {0};

	for (uint32_t i = 1; i <= 3; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 2);
	assert_unknown(pending, 1, 0);
	assert_taken(pending, 2, 2, 0);
	assert_taken(pending, 3, 3, 0);
	pending_free(pending);
}
END_TEST

START_TEST(put_full_of_expired_makes_room)
{
	struct pending *pending = pending_new(2, 2, LIFETIME);
	struct error    err = {0};

	unit_ok(put(pending, 1, 1, 0, &err), &err);
	unit_ok(put(pending, 2, 2, 1, &err), &err);
	unit_ok(put(pending, 3, 3, LIFETIME, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 2);
	assert_unknown(pending, 1, LIFETIME);
	assert_taken(pending, 2, 2, LIFETIME);
	assert_taken(pending, 3, 3, LIFETIME);
	ck_assert_uint_eq(pending_count(pending), 0);
	pending_free(pending);
}
END_TEST

/* Who comes first after a flood has expired pays for some of it: removing all takes a second. */
START_TEST(put_after_a_flood_does_not_remove_all_of_it)
{
	enum { FLOOD = 2000 };
	struct pending *pending = pending_new(FLOOD, 8, LIFETIME);
	struct error    err = {0};
	size_t          before;

	for (uint32_t i = 0; i < FLOOD; i++)
		unit_ok(put(pending, i, 'x', 0, &err), &err);
	unit_ok(put(pending, FLOOD, 'a', LIFETIME, &err), &err);
	before = pending_count(pending);
	ck_assert_uint_gt(before, FLOOD / 2);
	ck_assert_uint_lt(before, FLOOD);
	assert_unknown(pending, FLOOD - 1, LIFETIME); /* it is there, and no good */
	ck_assert_uint_lt(pending_count(pending), before);
	for (uint32_t i = 1; i < FLOOD; i++) /* no new one gives way to what has expired */
		unit_ok(put(pending, FLOOD + i, 'a', LIFETIME, &err), &err);
	ck_assert_uint_eq(pending_count(pending), FLOOD);
	for (uint32_t i = 0; i < FLOOD; i++)
		assert_taken(pending, FLOOD + i, 'a', LIFETIME);
	pending_free(pending);
}
END_TEST

/* What is left of the flood when nobody comes for 49 days does not come back with the clock's low half. */
START_TEST(what_expired_long_ago_stays_expired)
{
	enum { FLOOD = 2000 };
	struct pending *pending = pending_new(FLOOD, 8, LIFETIME);
	const int64_t   later = ((int64_t)1 << 32) + LIFETIME / 2;
	struct error    err = {0};

	for (uint32_t i = 0; i < FLOOD; i++)
		unit_ok(put(pending, i, 'x', 0, &err), &err);
	assert_unknown(pending, 0, LIFETIME);
	unit_ok(put(pending, FLOOD, 'a', later, &err), &err);
	for (uint32_t i = 0; i < FLOOD; i++)
		assert_unknown(pending, i, later);
	assert_taken(pending, FLOOD, 'a', later);
	ck_assert_uint_eq(pending_count(pending), 0);
	pending_free(pending);
}
END_TEST

START_TEST(limit_shorter_lifetime_is_for_new_ones)
{
	struct pending *pending = pending_new(4, 4, LIFETIME);
	struct error    err = {0};

	unit_ok(put(pending, 1, 1, 0, &err), &err);
	pending_limit(pending, 4, 4, LIFETIME / 10);
	unit_ok(put(pending, 2, 2, 0, &err), &err);
	unit_ok(put(pending, 3, 3, 0, &err), &err);
	assert_taken(pending, 2, 2, LIFETIME / 10 - 1);
	assert_unknown(pending, 3, LIFETIME / 10); /* though an older one is open */
	assert_taken(pending, 1, 1, LIFETIME - 1);
	unit_ok(put(pending, 4, 4, LIFETIME, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 1); /* the third has gone by now */
	pending_limit(pending, 4, 4, LIFETIME);
	unit_ok(put(pending, 5, 5, LIFETIME, &err), &err);
	assert_taken(pending, 5, 5, 2 * LIFETIME - 1);
	pending_free(pending);
}
END_TEST

START_TEST(limit_lower_bound_evicts_down_to_it)
{
	struct pending *pending = pending_new(8, 8, LIFETIME);
	struct error    err = {0};

	for (uint32_t i = 1; i <= 8; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	pending_limit(pending, 3, 3, LIFETIME);
	ck_assert_uint_eq(pending_count(pending), 3);
	for (uint32_t i = 1; i <= 5; i++)
		assert_unknown(pending, i, 1);
	unit_ok(put(pending, 9, 9, 1, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 3);
	assert_unknown(pending, 6, 1);
	assert_taken(pending, 7, 7, 1);
	assert_taken(pending, 8, 8, 1);
	assert_taken(pending, 9, 9, 1);
	pending_free(pending);
}
END_TEST

/* Those of a machine that has answered are not evicted; nothing new fits until they have ended. */
START_TEST(limit_lower_bound_leaves_what_is_held)
{
	struct pending *pending = pending_new(8, 4, LIFETIME);
	struct error    err = {0};

	answer(pending, 1);
	for (uint32_t i = 1; i <= 4; i++)
		unit_ok(put(pending, i, 1, 0, &err), &err);
	unit_ok(put(pending, 5, 2, 0, &err), &err);
	pending_limit(pending, 2, 4, LIFETIME);
	ck_assert_uint_eq(pending_count(pending), 4);
	unit_fails(put(pending, 6, 2, 0, &err), &err, ERROR_OVERLOADED,
	    "2 challenges are open; try again later");
	for (uint32_t i = 1; i <= 4; i++)
		assert_taken(pending, i, 1, 1);
	unit_ok(put(pending, 6, 2, 1, &err), &err);
	pending_free(pending);
}
END_TEST

START_TEST(limit_higher_bound_finds_each_that_was_there)
{
	struct pending *pending = pending_new(40, 4, LIFETIME);
	struct error    err = {0};

	for (uint32_t i = 1; i <= 40; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	pending_limit(pending, 5000, 4, LIFETIME);
	for (uint32_t i = 41; i <= 200; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	pending_limit(pending, 300, 4, LIFETIME);
	for (uint32_t i = 1; i <= 200; i++)
		assert_taken(pending, i, (uint8_t)i, 1);
	ck_assert_uint_eq(pending_count(pending), 0);
	pending_free(pending);
}
END_TEST

/* One EK's public part from 313 addresses, 32 times from each: the table is full of it. */
START_TEST(put_one_ek_from_many_addresses_keeps_nobody_out)
{
	struct pending *pending = pending_new(10000, 32, LIFETIME);
	struct error    err = {0};
	char            address[16];
	uint32_t        secret = 1000;

	unit_ok(put(pending, 1, 1, 0, &err), &err); /* the machine itself, before */
	unit_ok(put(pending, 2, 2, 0, &err), &err);
	host = address;
	for (int i = 0; i < 313 * 32 + 1000; i++) {
		(void)snprintf(address, sizeof address, "10.0.%d.%d", i % 313 / 250, i % 313 % 250);
		unit_ok(put(pending, secret++, 1, 0, &err), &err);
	}
	host = "192.0.2.1";
	ck_assert_uint_eq(pending_count(pending), 10000);
	unit_ok(put(pending, 3, 1, 0, &err), &err);
	unit_ok(put(pending, 4, 4, 0, &err), &err);
	for (uint32_t i = 1; i <= 4; i++)
		assert_taken(pending, i, i == 3 ? 1 : (uint8_t)i, 0);
	pending_free(pending);
}
END_TEST

/* Somebody behind the machine's own address asks for its EK, 32 times and until the table is full. */
START_TEST(put_one_ek_from_its_own_address_does_not_lock_the_machine_out)
{
	struct pending *pending = pending_new(100, 2, LIFETIME);
	struct error    err = {0};

	for (uint32_t i = 0; i < 32; i++)
		unit_ok(put(pending, 1000 + i, 1, 0, &err), &err);
	unit_ok(put(pending, 1, 1, 0, &err), &err);
	assert_taken(pending, 1, 1, 0);
	admit(pending, 1);
	/* It has answered: two of its challenges stay, whatever is asked for behind them. */
	unit_ok(put(pending, 2, 1, 0, &err), &err);
	unit_ok(put(pending, 3, 1, 0, &err), &err);
	for (uint32_t i = 0; i < 200; i++)
		unit_ok(put(pending, 2000 + i, 1, 0, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 100);
	unit_ok(put(pending, 4, 1, 0, &err), &err);
	for (uint32_t i = 2; i <= 4; i++)
		assert_taken(pending, i, 1, 0);
	pending_free(pending);
}
END_TEST

/* What it has answered elsewhere holds nothing here. */
START_TEST(put_of_an_ek_that_answered_elsewhere_is_not_held)
{
	struct pending *pending = pending_new(2, 2, LIFETIME);
	struct error    err = {0};

	answer(pending, 1);
	host = "198.51.100.7";
	unit_ok(put(pending, 1, 1, 0, &err), &err);
	host = "192.0.2.1";
	unit_ok(put(pending, 2, 2, 0, &err), &err);
	unit_ok(put(pending, 3, 1, 0, &err), &err);
	assert_unknown(pending, 1, 0); /* the oldest; the newest is held, where it has answered */
	assert_taken(pending, 2, 2, 0);
	assert_taken(pending, 3, 1, 0);
	pending_free(pending);
}
END_TEST

/* All of an IPv6 site count together, and those of a quiet one stay. */
START_TEST(put_from_many_subnets_of_a_site_keeps_nobody_out)
{
	struct pending *pending = pending_new(64, 32, LIFETIME);
	struct error    err = {0};
	char            address[32];

	unit_ok(put(pending, 1, 1, 0, &err), &err);
	host = address;
	for (uint32_t i = 0; i < 500; i++) {
		(void)snprintf(address, sizeof address, "[2001:db8:1:%x::1]:1", (unsigned)i);
		unit_ok(put(pending, 1000 + i, (uint8_t)(2 + i % 200), 0, &err), &err);
	}
	host = "192.0.2.1";
	assert_taken(pending, 1, 1, 0);
	pending_free(pending);
}
END_TEST

START_TEST(put_the_same_secret_twice_is_internal)
{
	struct pending *pending = pending_new(10, 10, LIFETIME);
	struct error    err = {0};

	unit_ok(put(pending, 1, 1, 0, &err), &err);
	unit_fails(put(pending, 1, 2, 0, &err), &err, ERROR_INTERNAL, "two challenges have one secret");
	pending_free(pending);
}
END_TEST

START_TEST(put_large_counts_for_each_two_kibibytes)
{
	struct pending *pending = pending_new(11, 11, LIFETIME);
	struct error    err = {0};

	for (uint32_t i = 1; i <= 3; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	host = "198.51.100.7";
	unit_ok(put_large(pending, 4, 4, 3 * FACTS_OCTETS, &err), &err);
	unit_ok(put_large(pending, 5, 5, 3 * FACTS_OCTETS, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 5); /* 1 + 1 + 1 + 4 + 4 */
	host = "203.0.113.1";
	unit_ok(put(pending, 6, 6, 0, &err), &err);
	host = "192.0.2.1";
	assert_unknown(pending, 4, 0); /* the first of the source with the most weight */
	for (uint32_t i = 1; i <= 6; i++) {
		if (i != 4)
			assert_taken(pending, i, (uint8_t)i, 0);
	}
	pending_free(pending);
}
END_TEST

START_TEST(put_large_makes_as_many_give_way_as_it_weighs)
{
	struct pending *pending = pending_new(12, 12, LIFETIME);
	struct error    err = {0};
	size_t          weight = (size_t)_i;

	for (uint32_t i = 1; i <= 12; i++)
		unit_ok(put(pending, i, (uint8_t)i, 0, &err), &err);
	host = "198.51.100.7";
	unit_ok(put_large(pending, 20, 20, (weight - 1) * FACTS_OCTETS, &err), &err);
	host = "192.0.2.1";
	ck_assert_uint_eq(pending_count(pending), 12 - weight + 1);
	for (uint32_t i = 1; i <= 12; i++) {
		if (i <= weight)
			assert_unknown(pending, i, 0);
		else
			assert_taken(pending, i, (uint8_t)i, 0);
	}
	assert_taken(pending, 20, 20, 0);
	pending_free(pending);
}
END_TEST

#define OTHERS UINT8_MAX /* each for another EK */

/* A flood: each from another network, or from another subnet of one, for the EK of this device. */
static void
flood(struct pending *pending, uint32_t first, uint32_t count, const char *prefix, uint8_t device)
{
	const char  *before = host;
	char         address[64];
	struct error err = {0};

	host = address;
	for (uint32_t i = first; i < first + count; i++) {
		struct challenge *challenge;
		uint32_t          secret = 1000 + i;

		(void)snprintf(address, sizeof address, "%s%x::1", prefix, (unsigned)i);
		challenge = challenge_for(device);
		if (device == OTHERS)
			memcpy(challenge->ek.bytes, &i, sizeof i);
		unit_ok(pending_put(pending, secret_of(&secret), challenge, 0, &err), &err);
		challenge_free(challenge);
	}
	host = before;
}

/* A single one of each of as many networks as there is room for; and it stays until it is the oldest. */
START_TEST(put_of_any_weight_gets_in_among_those_of_many_networks)
{
	struct pending *pending = pending_new(2000, 32, LIFETIME);
	struct error    err = {0};

	flood(pending, 0, 2000, "2001:db8:", OTHERS);
	unit_ok(put_large(pending, 1, 1, (size_t)(_i - 1) * FACTS_OCTETS, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 2001 - (size_t)_i);
	flood(pending, 2000, 1900, "2001:db8:", OTHERS);
	ck_assert_uint_eq(pending_count(pending), 2001 - (size_t)_i);
	assert_taken(pending, 1, 1, 0);
	pending_free(pending);
}
END_TEST

/* One /48 opens them for the machine's own EK. */
START_TEST(put_of_any_weight_gets_in_beside_those_of_its_ek)
{
	struct pending *pending = pending_new(2000, 32, LIFETIME);
	struct error    err = {0};

	flood(pending, 0, 2000, "2001:db8:1:", 1);
	unit_ok(put_large(pending, 1, 1, (size_t)(_i - 1) * FACTS_OCTETS, &err), &err);
	ck_assert_uint_eq(pending_count(pending), 2001 - (size_t)_i);
	flood(pending, 2000, 1900, "2001:db8:1:", 1);
	assert_taken(pending, 1, 1, 0);
	pending_free(pending);
}
END_TEST

/* It asks again, because the answer was lost: the last stays. */
START_TEST(put_of_any_weight_again_gets_in)
{
	struct pending *pending = pending_new(2000, 32, LIFETIME);
	struct error    err = {0};

	flood(pending, 0, 2000, "2001:db8:", OTHERS);
	for (uint32_t i = 1; i <= 3; i++)
		unit_ok(put_large(pending, i, 1, (size_t)(_i - 1) * FACTS_OCTETS, &err), &err);
	flood(pending, 2000, 1900, "2001:db8:", OTHERS);
	assert_taken(pending, 3, 1, 0);
	pending_free(pending);
}
END_TEST

START_TEST(put_large_alone_fits)
{
	struct pending *pending = pending_new(1, 1, LIFETIME);
	struct error    err = {0};

	unit_ok(put_large(pending, 1, 1, 8 * FACTS_OCTETS, &err), &err);
	assert_taken(pending, 1, 1, 0);
	pending_free(pending);
}
END_TEST

/* AKs of every size at a time, and what is kept of each. */
START_TEST(take_gives_what_was_put)
{
	static const size_t sizes[] = {0, 1, 66, 68, 69, 98, 134, 136, 256, 257, 384, 512};
	struct pending     *pending = pending_new(1000, 1000, LIFETIME);
	struct error        err = {0};

	for (uint32_t i = 0; i < 120; i++) {
		size_t            size = sizes[i % 12];
		struct challenge *challenge = challenge_for((uint8_t)(i % 5));

		bytes_append(&challenge->ak_public, "template", 8);
		if (size != 0)
			memset(bytes_extend(&challenge->ak_public, size), (int)i, size);
		challenge->ak_number = size;
		challenge->revision = i / 3;
		unit_ok(pending_put(pending, secret_of(&i), challenge, 0, &err), &err);
		challenge_free(challenge);
	}
	for (uint32_t i = 0; i < 120; i++) {
		size_t            size = sizes[i % 12];
		struct challenge *taken;

		unit_ok(pending_take(pending, secret_of(&i), 1, &taken, &err), &err);
		ck_assert_uint_eq(taken->ek.bytes[31], i % 5);
		ck_assert_int_eq(taken->revision, i / 3);
		ck_assert_uint_eq(taken->ak_public.size, 8 + size);
		ck_assert_mem_eq(taken->ak_public.data, "template", 8);
		for (size_t k = 0; k < size; k++)
			ck_assert_uint_eq(taken->ak_public.data[8 + k], i);
		challenge_free(taken);
	}
	pending_free(pending);
}
END_TEST

/* Source and EK are kept in the challenge, or in counts that it shares with others, which come and go
 * meanwhile: each challenge comes back with its own. */
START_TEST(take_gives_source_and_ek_of_what_was_put)
{
	static const char *const hosts[] = {"192.0.2.1", "192.0.2.2", "[2001:db8:1:1::1]:1", "[2001:db8:1:2::1]:1",
	    "[2001:db8:2:1::1]:1", "unix:"};
	struct pending *pending = pending_new(1000, 1000, LIFETIME);
	const char     *before = host;
	struct error    err = {0};

	for (uint32_t i = 0; i < 200; i++) {
		host = hosts[i % 6];
		unit_ok(put(pending, i, (uint8_t)(i % 3 == 0 ? 1 : i), 0, &err), &err);
		if (i % 5 == 4)
			assert_taken(pending, i - 4, (uint8_t)((i - 4) % 3 == 0 ? 1 : i - 4), 0);
	}
	host = before;
	for (uint32_t k = 0; k < 200; k++) {
		uint32_t          secret = k * 77 % 200;
		struct challenge *taken;
		struct source     source = source_of_text(view_text(hosts[secret % 6]));

		if (secret % 5 == 0)
			continue;
		unit_ok(pending_take(pending, secret_of(&secret), 1, &taken, &err), &err);
		ck_assert_uint_eq(taken->ek.bytes[31], secret % 3 == 0 ? 1 : secret);
		ck_assert(source_equal(&taken->source, &source));
		challenge_free(taken);
	}
	ck_assert_uint_eq(pending_count(pending), 0);
	pending_free(pending);
}
END_TEST

/* Rows and EKs, alone or shared with others; a row whose octets are the first of an EK is another thing. */
START_TEST(take_gives_row_or_ek_of_what_was_put)
{
	static const char *const hosts[] = {"192.0.2.1", "192.0.2.2", "[2001:db8:1:1::1]:1"};
	struct pending          *pending = pending_new(1000, 1000, LIFETIME);

	for (uint32_t i = 0; i < 200; i++)
		put_row(pending, i, i % 2 == 0 ? 0 : 0x01010101U * (i % 10), (uint8_t)(i % 20), hosts[i % 3]);
	for (uint32_t k = 0; k < 200; k++) {
		uint32_t i = k * 77 % 200;

		assert_row(pending, i, i % 2 == 0 ? 0 : 0x01010101U * (i % 10), (uint8_t)(i % 20));
	}
	ck_assert_uint_eq(pending_count(pending), 0);
	pending_free(pending);
}
END_TEST

/* Whoever has most challenges of a device, from whatever addresses, gives way; its neighbours keep theirs. */
START_TEST(put_one_row_from_many_addresses_keeps_nobody_out)
{
	struct pending *pending = pending_new(20, 20, LIFETIME);
	char            address[64];

	for (uint32_t i = 1; i <= 8; i++)
		put_row(pending, i, i, 0, "192.0.2.1");
	for (uint32_t i = 0; i < 100; i++) {
		(void)snprintf(address, sizeof address, "198.51.100.%u", (unsigned)i);
		put_row(pending, 100 + i, 77, 77, address);
	}
	put_row(pending, 300, 0, 77, "203.0.113.1"); /* not that device */
	ck_assert_uint_eq(pending_count(pending), 20);
	for (uint32_t i = 1; i <= 8; i++)
		assert_row(pending, i, i, 0);
	assert_row(pending, 300, 0, 77);
	pending_free(pending);
}
END_TEST

/* What a device has answered protects the challenges that wait with its row. */
START_TEST(put_row_of_a_device_that_answered_is_held)
{
	struct pending *pending = pending_new(4, 1, LIFETIME);

	answer(pending, 1);
	put_row(pending, 1, 9, 1, "192.0.2.1");
	put_row(pending, 2, 9, 1, "192.0.2.1"); /* more than it may hold */
	for (uint32_t i = 10; i < 20; i++)
		put_row(pending, i, 0, (uint8_t)i, "192.0.2.1");
	assert_row(pending, 1, 9, 1);
	assert_unknown(pending, 2, 0);
	pending_free(pending);
}
END_TEST

/* Of a lifetime of milliseconds whose low half turns over. */
START_TEST(expires_around_two_to_the_32)
{
	int64_t         start = (INT64_C(5) << 32) - LIFETIME / 2;
	struct pending *pending = pending_new(10, 10, LIFETIME);
	struct error    err = {0};

	unit_ok(put(pending, 1, 1, start - LIFETIME / 2, &err), &err);
	unit_ok(put(pending, 2, 2, start, &err), &err);
	unit_ok(put(pending, 3, 3, start, &err), &err);
	assert_unknown(pending, 1, start + LIFETIME / 2);
	assert_taken(pending, 2, 2, start + LIFETIME - 1);
	assert_unknown(pending, 3, start + LIFETIME);
	unit_ok(put(pending, 4, 4, start + (INT64_C(1) << 40), &err), &err); /* years later */
	ck_assert_uint_eq(pending_count(pending), 1);
	pending_free(pending);
}
END_TEST

/* Challenges of one machine share what they have in common: whoever opens one is certified for its AK,
 * never for another, also when others of the group have gone or came later into their cells. */
START_TEST(take_of_one_group_gives_its_own_ak)
{
	struct pending *pending = pending_new(1000, 1000, LIFETIME);
	struct error    err = {0};

	for (uint32_t i = 0; i < 150; i++) {
		struct challenge *challenge = challenge_for(7);

		bytes_append(&challenge->ak_public, "template", 8);
		memset(bytes_extend(&challenge->ak_public, 256), (int)i, 256);
		challenge->ak_number = 256;
		unit_ok(pending_put(pending, secret_of(&i), challenge, 0, &err), &err);
		challenge_free(challenge);
		if (i % 3 == 2) { /* the one between leaves its cell to the next */
			uint32_t gone = i - 1;

			assert_taken(pending, gone, 7, 0);
		}
	}
	ck_assert_uint_eq(pending_count(pending), 100);
	for (uint32_t k = 0; k < 150; k++) {
		uint32_t          secret = k * 77 % 150;
		struct challenge *taken;

		if (secret % 3 == 1) {
			assert_unknown(pending, secret, 1);
			continue;
		}
		unit_ok(pending_take(pending, secret_of(&secret), 1, &taken, &err), &err);
		ck_assert_uint_eq(taken->ak_public.size, 8 + 256);
		for (size_t octet = 0; octet < 256; octet++)
			ck_assert_uint_eq(taken->ak_public.data[8 + octet], secret);
		challenge_free(taken);
	}
	ck_assert_uint_eq(pending_count(pending), 0);
	pending_free(pending);
}
END_TEST

/* Many more than buckets, taken in another order. */
START_TEST(take_out_of_order_finds_each)
{
	struct pending *pending = pending_new(1000, 1000, LIFETIME);
	struct error    err = {0};

	for (uint32_t i = 0; i < 1000; i++)
		unit_ok(put(pending, i, (uint8_t)(i % 13), i, &err), &err);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t secret = i * 389 % 1000;

		assert_taken(pending, secret, (uint8_t)(secret % 13), 1000);
	}
	ck_assert_uint_eq(pending_count(pending), 0);
	pending_free(pending);
}
END_TEST

/* Two threads want the same challenges: each goes to one of them. */
struct taker {
	struct pending *pending;
	size_t          taken;
};

static void *
taker_main(void *arg)
{
	struct taker *taker = arg;
	struct error  err = {0};

	for (uint32_t i = 0; i < 5000; i++) {
		struct challenge *challenge = NULL;

		if (pending_take(taker->pending, secret_of(&i), 0, &challenge, &err) == 0)
			taker->taken++;
		challenge_free(challenge);
	}
	return NULL;
}

START_TEST(take_from_two_threads_gives_each_challenge_once)
{
	struct pending *pending = pending_new(5000, 5000, LIFETIME);
	struct taker    takers[2] = {{pending, 0}, {pending, 0}};
	pthread_t       threads[2];
	struct error    err = {0};

	for (uint32_t i = 0; i < 5000; i++)
		unit_ok(put(pending, i, 1, 0, &err), &err);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, taker_main, &takers[i]), 0);
	for (int i = 0; i < 2; i++)
		(void)pthread_join(threads[i], NULL);
	ck_assert_uint_eq(takers[0].taken + takers[1].taken, 5000);
	pending_free(pending);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pending");
	TCase *tc = tcase_create("pending");

	tcase_add_test(tc, take_what_was_put_works_once);
	tcase_add_test(tc, take_another_secret_is_unknown_and_costs_nothing);
	tcase_add_test(tc, take_last_millisecond_works);
	tcase_add_test(tc, take_after_lifetime_is_unknown);
	tcase_add_test(tc, put_of_those_that_answered_leaves_half_of_the_table);
	tcase_add_test(tc, put_large_of_those_that_answered_leaves_half_of_the_table);
	tcase_add_test(tc, put_of_strangers_that_answered_is_not_held);
	tcase_add_test(tc, strangers_that_answer_take_nobodys_place);
	tcase_add_test(tc, put_full_table_the_oldest_of_equals_gives_way);
	tcase_add_test(tc, put_full_of_expired_makes_room);
	tcase_add_test(tc, put_after_a_flood_does_not_remove_all_of_it);
	tcase_add_test(tc, what_expired_long_ago_stays_expired);
	tcase_add_test(tc, limit_shorter_lifetime_is_for_new_ones);
	tcase_add_test(tc, limit_lower_bound_evicts_down_to_it);
	tcase_add_test(tc, limit_lower_bound_leaves_what_is_held);
	tcase_add_test(tc, limit_higher_bound_finds_each_that_was_there);
	tcase_add_test(tc, put_one_ek_from_many_addresses_keeps_nobody_out);
	tcase_add_test(tc, put_one_ek_from_its_own_address_does_not_lock_the_machine_out);
	tcase_add_test(tc, put_of_an_ek_that_answered_elsewhere_is_not_held);
	tcase_add_test(tc, put_from_many_subnets_of_a_site_keeps_nobody_out);
	tcase_add_test(tc, put_the_same_secret_twice_is_internal);
	tcase_add_test(tc, put_large_counts_for_each_two_kibibytes);
	tcase_add_loop_test(tc, put_large_makes_as_many_give_way_as_it_weighs, 1, 9);
	tcase_add_loop_test(tc, put_of_any_weight_gets_in_among_those_of_many_networks, 1, 9);
	tcase_add_loop_test(tc, put_of_any_weight_gets_in_beside_those_of_its_ek, 1, 9);
	tcase_add_loop_test(tc, put_of_any_weight_again_gets_in, 1, 9);
	tcase_add_test(tc, put_large_alone_fits);
	tcase_add_test(tc, take_gives_what_was_put);
	tcase_add_test(tc, take_gives_source_and_ek_of_what_was_put);
	tcase_add_test(tc, take_gives_row_or_ek_of_what_was_put);
	tcase_add_test(tc, put_one_row_from_many_addresses_keeps_nobody_out);
	tcase_add_test(tc, put_row_of_a_device_that_answered_is_held);
	tcase_add_test(tc, expires_around_two_to_the_32);
	tcase_add_test(tc, take_of_one_group_gives_its_own_ak);
	tcase_add_test(tc, take_out_of_order_finds_each);
	tcase_add_test(tc, take_from_two_threads_gives_each_challenge_once);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
