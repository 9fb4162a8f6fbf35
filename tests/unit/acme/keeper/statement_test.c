/* The table of formats: what an honest statement proves, and one of no format, of whatever kind it is refused. */
#include "config.h"

#include "statement_world.h"

START_TEST(verify_honest_statement_proves_key_chain_and_witness)
{
	struct bytes key = pki_spki(certify.key);
	AUTO_BYTES   chain = {0};
	char         witness[64] = "AK certificate ";

	bytes_append(&chain, leaf.data, leaf.size);
	bytes_append(&chain, issuing.data, issuing.size);
	for (size_t i = 0; i < sizeof serial; i++)
		(void)sprintf(witness + strlen(witness), "%02x", serial[i]);
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	ck_assert_str_eq(verdict.format, "tpm");
	ck_assert(view_equal(bytes_view(&verdict.key), bytes_view(&key)));
	ck_assert(view_equal(bytes_view(&verdict.chain), bytes_view(&chain)));
	ck_assert_str_eq(verdict.witness, witness);
	statement_verdict_clear(&verdict);
	ck_assert_ptr_null(verdict.format);
	ck_assert_ptr_null(verdict.key.data);
	ck_assert_ptr_null(verdict.chain.data);
	ck_assert_ptr_null(verdict.witness);
	bytes_clear(&key);
}
END_TEST

START_TEST(verify_format_of_another_name_is_refused)
{
	static const struct view formats[] = {
	    {(const uint8_t *)"tp", 2}, {(const uint8_t *)"tpm2", 4}, {(const uint8_t *)"", 0}};
	char detail[128];

	statement.format = formats[_i];
	(void)snprintf(detail, sizeof detail, "the attestation format \"%s\" is not accepted here, only \"tpm\"",
	    (const char *)formats[_i].data);
	refused(detail);
}
END_TEST

/* Of whatever kind the rule is. */
START_TEST(verify_malformed_area_is_a_bad_statement)
{
	key_certify(FORGE_CERTIFY_AREA_CUT_OFF);
	refused("the certified key's public area is cut off");
}
END_TEST

START_TEST(check_chain_of_what_was_not_kept_is_refused)
{
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	check_refused(NULL, bytes_view(&verdict.chain), "what attested the key was not kept; make a new order");
}
END_TEST

START_TEST(check_chain_of_another_format_is_refused)
{
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	check_refused("apple", bytes_view(&verdict.chain),
	    "the attestation format \"apple\" is not accepted here, only \"tpm\"");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("statement");
	TCase *tc = tcase_create("statement");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, verify_honest_statement_proves_key_chain_and_witness);
	tcase_add_loop_test(tc, verify_format_of_another_name_is_refused, 0, 3);
	tcase_add_test(tc, verify_malformed_area_is_a_bad_statement);
	tcase_add_test(tc, check_chain_of_what_was_not_kept_is_refused);
	tcase_add_test(tc, check_chain_of_another_format_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
