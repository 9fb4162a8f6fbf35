/* How often strangers may write, and which addresses are one. */
#include "config.h"

#include "attestation/keeper/throttle.h"

#include <sys/random.h>

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "attestation/keeper/peer.h"
#include "unit.h"
#include "util/ek_hash.h"
#include "util/source.h"

#define START INT64_C(5000000)
#define MINUTE THROTTLE_AGAIN_MS

static struct throttle *throttle;

static void
setup(void)
{
	throttle = throttle_new();
}

static void
teardown(void)
{
	throttle_free(throttle);
}

static int64_t
admit(uint16_t ek, const char *source, bool listed, int64_t now_ms)
{
	struct ek_hash hash = {{0xe0, (uint8_t)(ek >> 8), (uint8_t)ek}};
	struct source  from = source_of_text(view_text(source));

	return throttle_admit(throttle, &hash, &from, listed, now_ms);
}

START_TEST(admit_listed_again_is_counted_until_a_minute_is_over)
{
	ck_assert_int_eq(admit(1, "192.0.2.1", false, START), 1);
	ck_assert_int_eq(admit(1, "192.0.2.1", true, START + 1), 0);
	ck_assert_int_eq(admit(1, "192.0.2.1", true, START + MINUTE - 1), 0);
	ck_assert_int_eq(admit(1, "192.0.2.1", true, START + MINUTE), 3);
	ck_assert_int_eq(admit(1, "192.0.2.1", true, START + MINUTE + 1), 0);
}
END_TEST

START_TEST(admit_listed_from_elsewhere_is_written)
{
	ck_assert_int_eq(admit(1, "192.0.2.1", false, START), 1);
	ck_assert_int_eq(admit(1, "192.0.2.1", true, START + 1), 0);
	ck_assert_int_eq(admit(1, "192.0.2.2", true, START + 2), 2);
	ck_assert_int_eq(admit(1, "192.0.2.2", true, START + 3), 0);
}
END_TEST

/* It was on the list, and gave way. */
START_TEST(admit_that_is_listed_no_more_is_written)
{
	ck_assert_int_eq(admit(1, "192.0.2.1", false, START), 1);
	ck_assert_int_eq(admit(1, "192.0.2.1", false, START + 1), 1);
}
END_TEST

static int
admit_many(const char *source, uint16_t first, int count, bool listed, int64_t now_ms)
{
	int admitted = 0;

	for (int i = 0; i < count; i++)
		admitted += admit((uint16_t)(first + i), source, listed, now_ms) != 0;
	return admitted;
}

/* Five times as many as there are places: whoever finds another there begins from nothing. */
START_TEST(admit_does_not_count_what_another_ek_asked)
{
	int64_t now = START;

	for (uint16_t ek = 0; ek < 20000; ek++, now += MINUTE) {
		ck_assert_int_eq(admit(ek, "192.0.2.1", true, now), 1);
		ck_assert_int_eq(admit(ek, "192.0.2.1", true, now + 1), 0);
	}
}
END_TEST

START_TEST(admit_source_has_a_burst_and_then_one_per_interval)
{
	bool listed = _i == 1;

	ck_assert_int_eq(admit_many("192.0.2.1", 0, 100, listed, START), THROTTLE_SOURCE_BURST);
	ck_assert_int_eq(admit_many("192.0.2.1", 1000, 1, listed, START + THROTTLE_SOURCE_INTERVAL_MS - 1), 0);
	ck_assert_int_eq(admit_many("192.0.2.1", 2000, 9, listed, START + THROTTLE_SOURCE_INTERVAL_MS), 1);
	ck_assert_int_eq(admit_many("192.0.2.1", 3000, 9, listed, START + 5 * THROTTLE_SOURCE_INTERVAL_MS), 4);
	ck_assert_int_eq(admit_many("192.0.2.2", 4000, 1, listed, START), 1);
	ck_assert_int_eq(admit_many("192.0.2.1", 5000, 100, listed, START + 1000 * MINUTE),
	    THROTTLE_SOURCE_BURST);
}
END_TEST

START_TEST(admit_all_sources_have_a_bound_together)
{
	int  admitted = 0;
	bool listed = _i == 1;

	for (int i = 0; i < 400; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "10.0.%d.%d", i / 200, i % 200);
		admitted += admit_many(source, (uint16_t)(i * 2), 2, listed, START);
	}
	ck_assert_int_eq(admitted, THROTTLE_BURST + THROTTLE_QUIET_BURST);
	/* The others have a bound of their own. */
	ck_assert_int_eq(admit_many("203.0.113.1", 60000, 1, !listed, START), 1);
	ck_assert_int_eq(admit_many("203.0.113.1", 60001, 1, listed, START + THROTTLE_INTERVAL_MS - 1), 0);
	ck_assert_int_eq(admit_many("203.0.113.1", 60002, 3, listed, START + THROTTLE_INTERVAL_MS), 1);
}
END_TEST

/* New EKs from ten addresses take all that there is, for an hour; a machine elsewhere asks. */
START_TEST(admit_a_quiet_source_gets_in_behind_a_flood)
{
	int     refused = 0;
	int64_t now = START;

	for (int second = 0; second < 3600; second++, now += 1000) {
		for (int i = 0; i < 10; i++) {
			char source[32];

			(void)snprintf(source, sizeof source, "10.0.0.%d", i);
			refused += admit((uint16_t)(second * 10 + i), source, false, now) == 0;
		}
	}
	ck_assert_int_gt(refused, 3600);
	now -= 1000; /* of which the flood has had all */
	ck_assert_int_eq(admit(60000, "10.0.0.3", false, now), 0);
	for (int i = 0; i < 25; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "192.0.2.%d", i);
		ck_assert_int_eq(admit((uint16_t)(60001 + i), source, false, now), 1);
	}
}
END_TEST

START_TEST(admit_subnets_of_a_network_have_a_bound_together)
{
	int admitted = 0;

	for (int i = 0; i < 100; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "[2001:db8:1:%x::1]", (unsigned)i);
		admitted += admit((uint16_t)i, source, false, START) != 0;
	}
	ck_assert_int_eq(admitted, THROTTLE_SOURCE_BURST);
	ck_assert_int_eq(admit(1000, "[2001:db8:2::1]", false, START), 1);
}
END_TEST

/* So many of one source in one minute that some stand in one place, and each is a new one. */
START_TEST(admit_eks_that_share_a_place_are_told_apart)
{
	int64_t now = START;

	for (uint16_t i = 0; i < 40; i++, now += MINUTE) {
		char source[32];

		(void)snprintf(source, sizeof source, "192.0.2.%u", (unsigned)i);
		for (uint16_t j = 0; j < 90; j++)
			ck_assert_int_eq(admit((uint16_t)(i * 90 + j), source, true,
			                     now + (j < 32 ? 0 : (j - 31) * THROTTLE_SOURCE_INTERVAL_MS)),
			    1);
	}
}
END_TEST

/* So many, one after the other, that some would stand where another is held back: each has its own burst. */
START_TEST(admit_sources_that_share_a_place_have_a_burst_each)
{
	int64_t now = START;

	for (int i = 0; i < 20000; i++, now += THROTTLE_SOURCE_BURST * THROTTLE_INTERVAL_MS) {
		char source[32];

		(void)snprintf(source, sizeof source, "10.0.%d.%d", i / 200, i % 200);
		ck_assert_int_eq(admit_many(source, (uint16_t)i, THROTTLE_SOURCE_BURST + 1, false, now),
		    THROTTLE_SOURCE_BURST);
	}
}
END_TEST

/* Many more than there are places ask in vain: who was written lately is not quiet for that. */
START_TEST(admit_in_vain_takes_no_place_of_who_was_written)
{
	char    source[32];
	int64_t now = START;

	for (int i = 0; i < 64; i++) {
		(void)snprintf(source, sizeof source, "192.0.2.%d", i);
		ck_assert_int_eq(admit_many(source, (uint16_t)i, 1, false, now), 1);
	}
	now += 2 * THROTTLE_SOURCE_INTERVAL_MS;
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(source, sizeof source, "10.0.%d.%d", i / 200, i % 200);
		(void)admit((uint16_t)i, source, false, now);
	}
	now += 40 * THROTTLE_INTERVAL_MS; /* 40 for all, and 40 for the quiet ones */
	for (int i = 0; i < 40; i++) {
		(void)snprintf(source, sizeof source, "198.51.100.%d", i);
		ck_assert_int_eq(admit_many(source, (uint16_t)i, 1, false, now), 1);
	}
	for (int i = 0; i < 64; i++) {
		(void)snprintf(source, sizeof source, "192.0.2.%d", i);
		ck_assert_int_eq(admit_many(source, (uint16_t)i, 1, false, now), 0);
	}
	ck_assert_int_eq(admit(60000, "203.0.113.1", false, now), 1);
}
END_TEST

/* ---- places that are known ---- */

#define PLACES 8192U
#define PROBES 8U

static bool seed_is_known;

/* In place of OpenSSL's, for the seed of the throttle's hash. */
int
RAND_bytes(unsigned char *out, int size)
{
	ck_assert(seed_is_known || getrandom(out, (size_t)size, 0) == size);
	if (seed_is_known)
		memset(out, 0, (size_t)size);
	return 1;
}

/* The first place where a source may stand, with this seed: FNV-1a. */
static uint64_t
place_of(const char *text)
{
	struct source  source = source_of_text(view_text(text));
	const uint8_t *octets = (const uint8_t *)&source;
	uint64_t       hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < sizeof source; i++)
		hash = (hash ^ octets[i]) * UINT64_C(1099511628211);
	return (hash ^ hash >> 32) % PLACES;
}

/* Sources that all have the first place of the first of them. */
static void
sources_of_one_place(char sources[PROBES + 1][32])
{
	size_t count = 1;

	(void)snprintf(sources[0], 32, "192.0.2.1");
	for (uint32_t i = 0; count <= PROBES && i < 1U << 24; i++) {
		(void)snprintf(sources[count], 32, "10.%u.%u.%u", i >> 16, i >> 8 & 0xffU, i & 0xffU);
		count += place_of(sources[count]) == place_of(sources[0]);
	}
	ck_assert_uint_eq(count, PROBES + 1);
}

/* The place of a source that is held back is not given to another, however long ago it was written. */
START_TEST(admit_takes_no_place_that_is_held)
{
	char    sources[PROBES + 1][32];
	int64_t now = START;

	throttle_free(throttle);
	seed_is_known = true;
	throttle = throttle_new();
	sources_of_one_place(sources);
	ck_assert_int_eq(admit_many(sources[0], 0, 40, false, now), THROTTLE_SOURCE_BURST);
	for (size_t i = 1; i < PROBES; i++)
		ck_assert_int_eq(admit_many(sources[i], (uint16_t)(100 + i), 1, false, now + 1), 1);
	/* Where all are held, one more shares the first: it stands there, as this test supposes. */
	ck_assert_int_eq(admit_many(sources[PROBES], 200, 1, false, now + 2), 0);
	/* Now all are free but the one that was written first. */
	now += THROTTLE_SOURCE_INTERVAL_MS + THROTTLE_SOURCE_INTERVAL_MS / 2;
	ck_assert_int_eq(admit_many(sources[PROBES], 300, 1, false, now), 1);
	ck_assert_int_eq(admit_many(sources[0], 400, 40, false, now), 1);
}
END_TEST

static const struct {
	const char *peer;
	const char *host;
	const char *source;
} peers[] = {
    {"192.0.2.1:51442", "192.0.2.1", "192.0.2.1"},
    {"[2001:db8:1:2:3:4:5:6]:443", "[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"},
    {"[2001:db8::1]:443", "[2001:db8::1]", "2001:db8::/64"},
    {"[::ffff:192.0.2.1]:443", "[::ffff:192.0.2.1]", "192.0.2.1"},
    {"[fe80::1%eth0]:443", "[fe80::1%eth0]", "fe80::/64"},
    {"[::1]:443", "[::1]", "::/64"},
    {"[nonsense]:443", "[nonsense]", "[nonsense]"},
    {"[", "[", "["},
    {"[]:1", "[]", "[]"},
    {"nowhere", "nowhere", "nowhere"},
    {"", "", ""},
    {":", "", ""},
    {"0123456789012345678901234567890123456789012345678901234567890123456789:1",
        "012345678901234567890123456789012345678901234567890123456789012",
        "012345678901234567890123456789012345678901234567890123456789012"},
};

START_TEST(source_is_what_one_subscriber_has)
{
	struct view peer = view_text(peers[_i].peer);
	char        host[PEER_SIZE];
	char        source[PEER_SIZE];

	peer_host(peer, host);
	peer_source(host, source);
	ck_assert_str_eq(host, peers[_i].host);
	ck_assert_str_eq(source, peers[_i].source);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("throttle");
	TCase *tc = tcase_create("throttle");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, admit_listed_again_is_counted_until_a_minute_is_over);
	tcase_add_test(tc, admit_listed_from_elsewhere_is_written);
	tcase_add_test(tc, admit_that_is_listed_no_more_is_written);
	tcase_add_test(tc, admit_does_not_count_what_another_ek_asked);
	tcase_add_loop_test(tc, admit_source_has_a_burst_and_then_one_per_interval, 0, 2);
	tcase_add_loop_test(tc, admit_all_sources_have_a_bound_together, 0, 2);
	tcase_add_test(tc, admit_a_quiet_source_gets_in_behind_a_flood);
	tcase_add_test(tc, admit_subnets_of_a_network_have_a_bound_together);
	tcase_add_test(tc, admit_eks_that_share_a_place_are_told_apart);
	tcase_add_test(tc, admit_sources_that_share_a_place_have_a_burst_each);
	tcase_add_test(tc, admit_takes_no_place_that_is_held);
	tcase_add_test(tc, admit_in_vain_takes_no_place_of_who_was_written);
	suite_add_tcase(suite, tc);
	tc = tcase_create("peer");
	tcase_add_loop_test(tc, source_is_what_one_subscriber_has, 0, sizeof peers / sizeof peers[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
