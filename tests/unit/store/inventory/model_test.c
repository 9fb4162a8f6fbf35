/*
 * Changes in any order against a model of them: whatever happens, a certificate is good
 * exactly as long as its EK is enrolled, switched on, and has every name that the
 * certificate carries, without a break since it was issued.
 */
#include "config.h"

#include <string.h>

#include "scratch.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "unit.h"
#include "util/error.h"

#define NOW 1000000

enum { EKS = 5, NAMES = 6, CERTIFICATES = 2000, STEPS = 2000, SEEDS = 4 };

static const char *const names[NAMES] = {"a", "b", "c", "d", "e", "f"};

/* Sets of names are bits. */
static struct {
	bool     enrolled;
	bool     enabled;
	unsigned names;
} devices[EKS];

static struct {
	size_t   ek;
	unsigned names;
	bool     good;
} certificates[CERTIFICATES];

static size_t        count;
static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;
static uint64_t      state;

/* The same numbers each time: splitmix64. */
static unsigned
draw(unsigned below)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % below);
}

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	memset(devices, 0, sizeof devices);
	count = 0;
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

struct ek {
	uint8_t hash[STORE_HASH_SIZE];
};

static struct ek
ek_of(size_t ek)
{
	return (struct ek){{(uint8_t)(ek + 1)}};
}

/* The names of a set, in any order. */
static size_t
list_of(unsigned set, const char **list)
{
	size_t   size = 0;
	unsigned first = draw(NAMES);

	for (unsigned i = 0; i < NAMES; i++)
		if ((set >> (first + i) % NAMES & 1) != 0)
			list[size++] = names[(first + i) % NAMES];
	return size;
}

/* The names that others than this one have. */
static unsigned
taken(size_t ek)
{
	unsigned set = 0;

	for (size_t i = 0; i < EKS; i++)
		if (i != ek && devices[i].enrolled)
			set |= devices[i].names;
	return set;
}

/* What the model revokes: all of an EK, or those with one of these names. */
static size_t
model_revoke(size_t ek, bool all, unsigned set)
{
	size_t revoked = 0;

	for (size_t i = 0; i < count; i++) {
		if (certificates[i].ek != ek || !certificates[i].good ||
		    (!all && (certificates[i].names & set) == 0))
			continue;
		certificates[i].good = false;
		revoked++;
	}
	return revoked;
}

/* The steps: each is done to the store and to the model, which says whether it must work. */

static void
step_enroll(size_t ek)
{
	const char         *list[NAMES];
	unsigned            set = draw(1U << NAMES) & draw(1U << NAMES);
	struct store_device device = {.names = (char **)(uintptr_t)list};
	bool                works = !devices[ek].enrolled && (set & taken(ek)) == 0;

	memcpy(device.ek_hash, ek_of(ek).hash, sizeof device.ek_hash);
	device.name_count = list_of(set, list);
	ck_assert_int_eq(store_device_enroll(store, &device, NOW, &err), works ? 0 : -1);
	if (!works)
		return;
	devices[ek].enrolled = devices[ek].enabled = true;
	devices[ek].names = set;
}

static void
step_set(size_t ek)
{
	const char       *list[NAMES];
	unsigned          set = draw(1U << NAMES) & draw(1U << NAMES);
	struct store_edit edit = {.set_names = true, .names = list};
	bool              works;
	size_t            revoked;

	if (draw(3) == 0)
		set = devices[ek].names; /* in another order only */
	works = devices[ek].enrolled && (set & taken(ek)) == 0;
	edit.name_count = list_of(set, list);
	ck_assert_int_eq(store_device_set(store, ek_of(ek).hash, &edit, NOW, &revoked, &err),
	    works ? 0 : -1);
	if (!works)
		return;
	ck_assert_uint_eq(revoked, model_revoke(ek, false, devices[ek].names & ~set));
	devices[ek].names = set;
}

static void
step_note(size_t ek)
{
	struct store_edit edit = {.note = draw(2) == 0 ? "x" : "y"};
	size_t            revoked;

	ck_assert_int_eq(store_device_set(store, ek_of(ek).hash, &edit, NOW, &revoked, &err),
	    devices[ek].enrolled ? 0 : -1);
	ck_assert_uint_eq(revoked, 0);
}

static void
step_enable(size_t ek)
{
	bool   enabled = draw(2) == 0;
	size_t revoked;

	ck_assert_int_eq(
	    store_device_enable(store, ek_of(ek).hash, enabled, NOW, &revoked, &err),
	    devices[ek].enrolled ? 0 : -1);
	if (!devices[ek].enrolled)
		return;
	ck_assert_uint_eq(revoked, enabled ? 0 : model_revoke(ek, true, 0));
	devices[ek].enabled = enabled;
}

static void
step_remove(size_t ek)
{
	ck_assert_int_eq(store_device_remove(store, ek_of(ek).hash, NOW, &err),
	    devices[ek].enrolled ? 0 : -1);
	(void)model_revoke(ek, true, 0);
	devices[ek].enrolled = false;
}

static void
step_replace(size_t ek)
{
	size_t other = draw(EKS);
	bool   works = devices[ek].enrolled && !devices[other].enrolled;
	size_t revoked;

	ck_assert_int_eq(store_device_replace(store, ek_of(ek).hash, ek_of(other).hash, NOW,
	                     &revoked, &err),
	    works ? 0 : -1);
	if (!works)
		return;
	ck_assert_uint_eq(revoked, model_revoke(ek, true, 0));
	devices[other] = devices[ek];
	devices[ek].enrolled = false;
}

static void
step_certify(size_t ek)
{
	struct store_device      device;
	struct store_certificate certificate = {
	    .serial = {0x40, (uint8_t)(count >> 8), (uint8_t)count},
	    .serial_size = 20, .ak_name = {0, 0x0b}, .ak_name_size = 34,
	    .not_before = NOW, .not_after = NOW + 90};
	bool works = devices[ek].enrolled && devices[ek].enabled;

	if (!devices[ek].enrolled || count == CERTIFICATES)
		return;
	memcpy(certificate.ek_hash, ek_of(ek).hash, sizeof certificate.ek_hash);
	unit_ok(store_device_find(store, certificate.ek_hash, &device, &err), &err);
	ck_assert_int_eq(store_certificate_add(store, &certificate, device.revision, &err),
	    works ? 0 : -1);
	store_device_clear(&device);
	if (!works)
		return;
	certificates[count].ek = ek;
	certificates[count].names = devices[ek].names;
	certificates[count++].good = true;
}

static void
step_revoke(size_t ek)
{
	bool   any = false;
	size_t revoked;

	for (size_t i = 0; i < count; i++)
		any = any || certificates[i].ek == ek;
	ck_assert_int_eq(store_revoke_device(store, ek_of(ek).hash, REASON_UNSPECIFIED, NOW,
	                     &revoked, &err),
	    any ? 0 : -1);
	ck_assert_uint_eq(revoked, model_revoke(ek, true, 0));
}

static void (*const steps[])(size_t ek) = {step_enroll, step_enroll, step_set, step_set, step_set,
    step_note, step_enable, step_remove, step_replace, step_certify, step_certify, step_certify,
    step_certify, step_certify, step_revoke};

/* Which certificate it is stands in its serial number. */
static bool
compare_cb(const struct store_certificate *certificate, void *arg)
{
	size_t  i = (size_t)certificate->serial[1] << 8 | certificate->serial[2];
	size_t *seen = arg;

	ck_assert_uint_lt(i, count);
	ck_assert_msg((certificate->revoked == 0) == certificates[i].good, "certificate %zu", i);
	++*seen;
	return true;
}

static void
compare(void)
{
	size_t seen = 0;

	for (size_t ek = 0; ek < EKS; ek++)
		unit_ok(store_certificate_list(store, ek_of(ek).hash, compare_cb, &seen, &err), &err);
	ck_assert_uint_eq(seen, count);
}

START_TEST(certificates_are_good_as_long_as_the_model_says)
{
	state = (uint64_t)_i;
	/* One transaction, for speed; each step is one of its own inside it. */
	unit_ok(store_begin(store, &err), &err);
	for (int i = 0; i < STEPS; i++) {
		steps[draw(sizeof steps / sizeof steps[0])](draw(EKS));
		if (i % 50 == 0)
			compare();
	}
	compare();
	unit_ok(store_commit(store, &err), &err);
	compare();
	ck_assert_uint_gt(count, 100);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_model");
	TCase *tc = tcase_create("changes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, certificates_are_good_as_long_as_the_model_says, 0, SEEDS);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
