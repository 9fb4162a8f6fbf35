/* How certificates are found by what is typed, and the EK that one of them is of. */
#include "config.h"

#include "acme_admin/find.h"

#include "acme_records.h"

#define EK_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define EK_2 "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* The serial numbers of what was found, in order. */
struct found {
	char   serials[256];
	size_t count;
	size_t wanted; /* then it stops */
};

static bool
found_cb(const struct store_issued *issued, void *arg)
{
	struct found *found = arg;
	char          serial[FIND_SERIAL_SIZE];
	size_t        size = strlen(found->serials);

	find_serial(issued, serial);
	(void)snprintf(found->serials + size, sizeof found->serials - size, "%s ", serial);
	return ++found->count != found->wanted;
}

static void
finds(const char *text, const char *serials)
{
	struct found found = {.wanted = SIZE_MAX};

	unit_ok(find_issued(store, text, found_cb, &found, &err), &err);
	ck_assert_msg(strcmp(found.serials, serials) == 0, "%s: %s", text, found.serials);
}

static void
fill(void)
{
	const struct view none = {NULL, 0};

	issued_add(1, "laptop", 0, LATER, none);
	issued_add(2, "laptop", 0, 10, none);
	issued_add(3, "4001", 0, LATER, none);
	issued_add(4, "beef", 0, LATER, none);
	issued_add(5, "4001ab", 0, LATER, none);
	issued_add(6, "", 0, LATER, none);
}

START_TEST(issued_is_found_by_its_serial_number_in_each_form)
{
	static const char *const forms[] = {"4002", "40:02", "0x4002", "0x40:02", "40:02:"};

	fill();
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		finds(forms[i], "4002 ");
}
END_TEST

START_TEST(issued_is_found_by_its_name_when_no_serial_number_is_meant)
{
	char long_name[2 * STORE_SERIAL_MAX + 3];

	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	fill();
	issued_add(7, long_name, 0, LATER, (struct view){NULL, 0});
	finds("laptop", "4001 4002 ");
	finds("4001", "4001 "); /* a serial number comes before a name */
	finds("beef", "4004 ");
	finds("4001ab", "4005 ");
	finds("", "4006 ");
	finds(long_name, "4007 ");
}
END_TEST

START_TEST(issued_of_a_name_are_told_until_enough)
{
	struct found found = {.wanted = 1};

	fill();
	unit_ok(find_issued(store, "laptop", found_cb, &found, &err), &err);
	ck_assert_str_eq(found.serials, "4001 ");
}
END_TEST

START_TEST(issued_of_nobody_is_not_found)
{
	static const char *const texts[] = {"4009", "0x", "400", "400g", "Laptop", "0x4002 "};
	struct found             found = {.wanted = SIZE_MAX};

	fill();
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ck_assert_int_eq(find_issued(store, texts[i], found_cb, &found, &err), -1);
		ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
		ck_assert_ptr_nonnull(strstr(err.detail, texts[i]));
	}
	ck_assert_uint_eq(found.count, 0);
}
END_TEST

/* The first octet of the EK that is found, or -1. */
static int
ek_of(const struct bytes *chain, const struct ek_hash *wanted)
{
	const struct store_issued issued = {.chain = *chain};
	struct ek_hash            ek = {{0}};

	return find_ek(&issued, wanted, &ek) ? ek.bytes[0] : -1;
}

START_TEST(ek_is_the_first_or_the_wanted_one)
{
	const struct ek_hash second = {{2}};
	const struct ek_hash third = {{3}};
	AUTO_BYTES           chain = {0};

	ak_certificate("DNS:laptop,URI:urn:ek:sha256:" EK_1 ",URI:urn:ek:sha256:" EK_2, &chain);
	ak_certificate("URI:urn:ek:sha256:" EK_2, &chain); /* its issuer's names do not count */
	ck_assert_int_eq(ek_of(&chain, NULL), 1);
	ck_assert_int_eq(ek_of(&chain, &second), 2);
	ck_assert_int_eq(ek_of(&chain, &third), -1);
}
END_TEST

static const char *const without_ek[] = {
    NULL,
    "DNS:laptop",
    "URI:urn:ek:sha256:",
    "URI:urn:ek:sha256:AQ==",
    "URI:urn:ek:sha1:" EK_1,
    "URI:URN:EK:SHA256:" EK_1,
    "DNS:urn:ek:sha256:" EK_1,
};

START_TEST(ek_of_a_certificate_without_its_urn_is_none)
{
	AUTO_BYTES chain = {0};

	ak_certificate(without_ek[_i], &chain);
	ck_assert_int_eq(ek_of(&chain, NULL), -1);
}
END_TEST

START_TEST(ek_behind_a_nul_or_of_what_is_no_certificate_is_none)
{
	AUTO_BYTES chain = {0};
	uint8_t   *urn;

	ck_assert_int_eq(ek_of(&chain, NULL), -1);
	ak_certificate("URI:urn:ek:sha256:" EK_1, &chain);
	ck_assert_int_eq(ek_of(&chain, NULL), 1);
	ck_assert_ptr_nonnull(urn = memmem(chain.data, chain.size, EK_1, sizeof EK_1 - 1));
	urn[10] = '\0';
	ck_assert_int_eq(ek_of(&chain, NULL), -1);
	urn[10] = 'A';
	chain.size -= 1;
	ck_assert_int_eq(ek_of(&chain, NULL), -1);
}
END_TEST

START_TEST(json_of_a_revoked_one_has_its_reason_and_its_ek)
{
	struct store_issued issued = {.id = "1", .account = ACCOUNT, .order = ORDER, .serial = {0x40, 1},
	    .serial_size = 2, .names = TEXT("laptop"), .witness = TEXT("AK"), .not_before = 10, .not_after = LATER,
	    .revoked = 20, .reason = 4};
	json_t             *json;

	ak_certificate("URI:urn:ek:sha256:" EK_1, &issued.chain);
	json = find_json(&issued, 30);
	bytes_clear(&issued.chain);
	ck_assert_str_eq(json_string_value(json_object_get(json, "revoked")), "1970-01-01T00:00:20Z");
	ck_assert_int_eq((int)json_integer_value(json_object_get(json, "reason")), 4);
	ck_assert(json_is_false(json_object_get(json, "good")));
	ck_assert_str_eq(json_string_value(json_object_get(json, "ek_hash")),
	    "0100000000000000000000000000000000000000000000000000000000000000");
	json_decref(json);
}
END_TEST

/* A certificate is good in the second in which it ends. */
START_TEST(json_is_good_until_it_has_ended)
{
	const struct store_issued issued = {.serial = {1}, .serial_size = 1, .names = TEXT("laptop"),
	    .witness = TEXT("AK"), .not_after = 100};

	for (int64_t now = 99; now <= 101; now++) {
		json_t *json = find_json(&issued, now);

		ck_assert_int_eq(json_is_true(json_object_get(json, "good")), now <= 100);
		json_decref(json);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_admin/find");
	TCase *tc = tcase_create("find");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, issued_is_found_by_its_serial_number_in_each_form);
	tcase_add_test(tc, issued_is_found_by_its_name_when_no_serial_number_is_meant);
	tcase_add_test(tc, issued_of_a_name_are_told_until_enough);
	tcase_add_test(tc, issued_of_nobody_is_not_found);
	suite_add_tcase(suite, tc);
	tc = tcase_create("ek");
	tcase_add_test(tc, ek_is_the_first_or_the_wanted_one);
	tcase_add_loop_test(tc, ek_of_a_certificate_without_its_urn_is_none, 0,
	    sizeof without_ek / sizeof without_ek[0]);
	tcase_add_test(tc, ek_behind_a_nul_or_of_what_is_no_certificate_is_none);
	tcase_add_test(tc, json_of_a_revoked_one_has_its_reason_and_its_ek);
	tcase_add_test(tc, json_is_good_until_it_has_ended);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
