/* When each machine had its last certificate: what "attest-ca seen" reads. */
#include "config.h"

#include "acme_records.h"

#define EK_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define EK_2 "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HASH_1 "0100000000000000000000000000000000000000000000000000000000000000"
#define HASH_2 "0200000000000000000000000000000000000000000000000000000000000000"

/* A certificate whose validity began then, of the machine with this EK; NULL: it is not known. */
static void
add(uint8_t serial, const char *ek, int64_t not_before)
{
	char       names[128];
	AUTO_BYTES chain = {0};

	(void)snprintf(names, sizeof names, "URI:urn:ek:sha256:%s", ek);
	if (ek != NULL)
		ak_certificate(names, &chain);
	issued_add(serial, "laptop", not_before, LATER, bytes_view(&chain));
}

START_TEST(seen_of_an_empty_store_is_nothing)
{
	ck_assert_str_eq(RUN(0, "seen"), "");
	ck_assert_str_eq(RUN(0, "seen", "--json"), "[]\n");
}
END_TEST

START_TEST(seen_is_the_latest_of_each_machine)
{
	json_t *list;
	json_t *wanted = json_pack("[{s:s, s:s}, {s:s, s:s}]", "ek_hash", HASH_1, "seen", "1970-01-01T00:00:50Z",
	    "ek_hash", HASH_2, "seen", "1970-01-01T00:00:20Z");

	add(1, EK_2, 20);
	add(2, EK_1, 30);
	add(3, EK_1, 50);
	add(4, EK_1, 40);
	add(5, NULL, 60); /* an earlier version did not record what attested it */
	ck_assert_str_eq(RUN(0, "seen"), HASH_1 " 1970-01-01T00:00:50Z\n" HASH_2 " 1970-01-01T00:00:20Z\n");
	list = RUN_JSON(0, "seen", "--json");
	ck_assert_msg(json_equal(list, wanted), "%s", answered.out);
	json_decref(wanted);
	json_decref(list);
}
END_TEST

START_TEST(seen_since_begins_at_that_second)
{
	add(1, EK_2, 20);
	add(2, EK_1, 30);
	ck_assert_str_eq(RUN(0, "seen", "--since", "1970-01-01T00:00:21Z"), HASH_1 " 1970-01-01T00:00:30Z\n");
	ck_assert_str_eq(RUN(0, "seen", "--since", "1970-01-01T00:00:30Z"), HASH_1 " 1970-01-01T00:00:30Z\n");
	ck_assert_str_eq(RUN(0, "seen", "--since", "1970-01-01T00:00:31Z"), "");
}
END_TEST

/* What was revoked or has expired was issued none the less. */
START_TEST(seen_counts_certificates_that_are_no_longer_good)
{
	add(1, EK_1, 20);
	issued_revoke(1, 30, 1);
	ck_assert_str_eq(RUN(0, "seen"), HASH_1 " 1970-01-01T00:00:20Z\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_admin/seen");
	TCase *tc = tcase_create("seen");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, seen_of_an_empty_store_is_nothing);
	tcase_add_test(tc, seen_is_the_latest_of_each_machine);
	tcase_add_test(tc, seen_since_begins_at_that_second);
	tcase_add_test(tc, seen_counts_certificates_that_are_no_longer_good);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
