/* A cell gives back what its tail was given, whatever its size. */
#include "config.h"

#include <string.h>

#include "attestation/keeper/challenge_cell.h"
#include "unit.h"
#include "util/ek_hash.h"

static uint8_t own_octets[CELL_TAIL_MAX];

/* The parts, of which the first two bits of `form` say what the cell is to keep, and the third of what size. */
static struct share_parts
parts_made(unsigned form, const struct ek_hash *ek)
{
	return (struct share_parts){.has_source = (form & 1) != 0,
	    .has_subject = (form & 2) != 0,
	    .source = {.octets = {192, 0, 2, 1}, .bits = 32},
	    .subject = {ek->bytes, (form & 4) != 0 ? CELL_ROW_SIZE : sizeof ek->bytes}};
}

static void
assert_kept(const struct challenge_cell *cell, const struct share_parts *wanted, struct view own)
{
	struct share_parts parts;
	struct view        got = cell_parts(cell, &parts, own.size);

	ck_assert(view_equal(got, own));
	ck_assert_int_eq(parts.has_source, wanted->has_source);
	ck_assert_int_eq(parts.has_subject, wanted->has_subject);
	if (wanted->has_source)
		ck_assert_mem_eq(&parts.source, &wanted->source, sizeof parts.source);
	if (wanted->has_subject)
		ck_assert(view_equal(parts.subject, wanted->subject));
}

/* Of every kind, a prefix comes back whole. */
START_TEST(source_is_what_was_put)
{
	static const struct source sources[] = {{.octets = {192, 0, 2, 1}, .bits = 32},
	    {.octets = {0x20, 1, 0x0d, 0xb8, 0, 1}, .bits = 48},
	    {.octets = {0x20, 1, 0x0d, 0xb8, 0, 1, 0, 7}, .bits = 64}, {.bits = 0}};
	struct share_parts         parts = {.has_source = true, .source = sources[_i]};
	struct share_parts         got;
	struct view                own = {own_octets, 10};
	struct cells              *cells = cells_new();
	struct challenge_cell     *cell = cells_at(cells, cells_take(cells, cell_tail_size(&parts, own)));

	memset(own_octets, 0x5a, sizeof own_octets);
	ck_assert_uint_eq(cell_tail_size(&parts, own), 1 + sources[_i].bits / 8U + own.size);
	cell_tail_put(cell, &parts, own);
	ck_assert(view_equal(cell_parts(cell, &got, own.size), own));
	ck_assert_mem_eq(&got.source, &sources[_i], sizeof got.source);
	cells_free(cells);
}
END_TEST

/* Two of each size at once: neither is written into the other. */
START_TEST(parts_are_what_was_put)
{
	struct cells  *cells = cells_new();
	struct ek_hash ek;

	memset(ek.bytes, 0xe5, sizeof ek.bytes);
	memset(own_octets, 0x5a, sizeof own_octets);
	for (size_t size = 0; size + sizeof(struct source) + sizeof ek <= CELL_TAIL_MAX; size++) {
		struct share_parts parts = parts_made((unsigned)_i, &ek);
		struct view        own = {own_octets, size};
		uint32_t           one = cells_take(cells, cell_tail_size(&parts, own));
		uint32_t           other = cells_take(cells, cell_tail_size(&parts, own));

		ck_assert_uint_lt(one, SHARE_NUMBERS);
		ck_assert_uint_ne(one, other);
		cell_tail_put(cells_at(cells, other), &parts, own);
		cell_tail_put(cells_at(cells, one), &parts, own);
		assert_kept(cells_at(cells, other), &parts, own);
		assert_kept(cells_at(cells, one), &parts, own);
		cells_give(cells, one);
		cells_give(cells, other);
	}
	cells_free(cells);
	cells_free(NULL);
}
END_TEST

START_TEST(head_is_48_octets)
{
	ck_assert_uint_eq(sizeof(struct challenge_cell), 48);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("challenge_cell");
	TCase *tc = tcase_create("challenge_cell");

	tcase_add_loop_test(tc, parts_are_what_was_put, 0, 8);
	tcase_add_loop_test(tc, source_is_what_was_put, 0, 4);
	tcase_add_test(tc, head_is_48_octets);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
