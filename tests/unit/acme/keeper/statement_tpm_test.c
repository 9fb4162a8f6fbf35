/* The rules of the format "tpm": chain, name, key and hash, and the second look at what was accepted. */
#include "config.h"

#include "statement_world.h"

/* The revoked AK certificate's issuer says so. */
static void
revoke_leaf(void)
{
	AUTO_FREE char   *path = file_join(dir, "list.crl");
	struct ca_revoked entry = {.serial_size = sizeof serial, .when = PKI_NOW};
	AUTO_BYTES        crl = {0};

	memcpy(entry.serial, serial, sizeof serial);
	unit_ok(ca_crl_create(&pki.issuing, 1, &entry, 1, PKI_NOW, PKI_DAY, &crl, &err), &err);
	unit_ok(file_replace(path, crl.data, crl.size, 0600, &err), &err);
	roots.revocation = revocation_new(false);
	unit_ok(revocation_add_file(roots.revocation, path, &err), &err);
}

/* COSE's number, and what is said of it when the AK hashes by SHA-256. */
#define HASH_IS_ANOTHER "extraData is not the hash of the key authorization"
static const struct {
	int64_t     alg;
	const char *detail;
} algs[] = {
    {-257, NULL},
    {-37, NULL},
    {-7, NULL},
    {-258, HASH_IS_ANOTHER},
    {-38, HASH_IS_ANOTHER},
    {-35, HASH_IS_ANOTHER},
    {-259, HASH_IS_ANOTHER},
    {-39, HASH_IS_ANOTHER},
    {-36, HASH_IS_ANOTHER},
    {-65535, "alg -65535 is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512"},
    {7, "alg 7 is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512"},
};

START_TEST(verify_alg_stands_for_its_hash)
{
	statement.alg = algs[_i].alg;
	if (algs[_i].detail != NULL)
		refused(algs[_i].detail);
	else
		unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
}
END_TEST

START_TEST(verify_chain_that_is_none_is_refused)
{
	static const uint8_t rubbish[] = {0x30, 0x00};

	statement.chain_count = 0;
	refused("x5c is empty: the AK certificate is missing");
	statement.chain_count = 2;
	statement.chain[1] = (struct view){rubbish, sizeof rubbish};
	ck_assert_int_eq(statement_verify(&statement, &facts, &verdict, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_msg(strncmp(err.detail, "certificate 2 of x5c: ", 22) == 0, "%s", err.detail);
}
END_TEST

START_TEST(verify_names_of_the_certificate_are_what_may_be_ordered)
{
	static const char *const names[] = {"tablet", NAME};

	facts.identifier = "laptop-1";
	refused("permanent identifier does not match: the AK certificate is for \"laptop-17\", the order for"
	        " \"laptop-1\"");
	ak_certify(names, 2);
	refused("permanent identifier does not match: the AK certificate is for \"tablet\" and others, the order for"
	        " \"laptop-1\"");
	facts.identifier = NAME;
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
}
END_TEST

START_TEST(verify_certificate_of_nobody_is_for_roots_of_any_name)
{
	ak_certify_nobody();
	refused("the AK certificate names no permanent identifier, so it proves nobody's name");
	unit_ok(trust_add_file(roots.any_name, roots_path, &err), &err);
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
}
END_TEST

/* A root of any name does not make a certificate good for another name than its own. */
START_TEST(verify_root_of_any_name_leaves_names_as_they_are)
{
	unit_ok(trust_add_file(roots.any_name, roots_path, &err), &err);
	facts.identifier = "tablet";
	refused("permanent identifier does not match: the AK certificate is for \"laptop-17\", the order for"
	        " \"tablet\"");
}
END_TEST

START_TEST(verify_key_that_the_policy_does_not_want_is_refused)
{
	config_list_clear(&policy.key_types);
	config_list_append(&policy.key_types, "rsa-2048");
	refused("no certificates are made for keys on P-256 here");
}
END_TEST

START_TEST(verify_another_key_authorization_is_refused)
{
	facts.key_authorization = view_text("token.another");
	refused("extraData is not the hash of the key authorization");
}
END_TEST

/* The issuing CA's certificate six times is as if it were there once; seven are more than a chain may have. */
START_TEST(verify_chain_of_as_many_as_may_be_is_taken)
{
	for (; statement.chain_count < 7; statement.chain_count++)
		statement.chain[statement.chain_count] = bytes_view(&issuing);
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	ck_assert_uint_eq(verdict.chain.size, leaf.size + 6 * issuing.size);
	unit_ok(statement_check_chain("tpm", bytes_view(&verdict.chain), &facts, &ak_serial, &err), &err);
	statement_verdict_clear(&verdict);
	statement.chain[statement.chain_count++] = bytes_view(&issuing);
	refused("the AK certificate: a chain of more than 6 intermediates");
}
END_TEST

/* Good from a minute before until a day after; that last second is none of it, as OpenSSL has it. */
static const struct {
	int64_t now;
	bool    good;
} times[] = {{PKI_NOW - 61, false}, {PKI_NOW - 60, true}, {PKI_NOW + PKI_DAY - 1, true}, {PKI_NOW + PKI_DAY, false}};

START_TEST(verify_certificate_is_good_for_its_time_only)
{
	facts.now = times[_i].now;
	if (times[_i].good) {
		unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
		return;
	}
	ck_assert_int_eq(statement_verify(&statement, &facts, &verdict, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_msg(strncmp(err.detail, "the AK certificate: ", 20) == 0, "%s", err.detail);
	ck_assert_ptr_null(verdict.witness);
}
END_TEST

/* Where CRLs are required, an issuer without one vouches for nobody. */
START_TEST(verify_without_a_crl_that_is_required_is_refused)
{
	roots.revocation = revocation_new(false);
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	statement_verdict_clear(&verdict);
	roots.require_crl = true;
	ck_assert_int_eq(statement_verify(&statement, &facts, &verdict, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_msg(strstr(err.detail, "CRL") != NULL, "%s", err.detail);
}
END_TEST

START_TEST(check_chain_takes_what_a_verdict_has_and_gives_the_serial_number)
{
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	facts.key_authorization = (struct view){0};
	unit_ok(statement_check_chain(verdict.format, bytes_view(&verdict.chain), &facts, &ak_serial, &err), &err);
	ck_assert(view_equal(bytes_view(&ak_serial), (struct view){serial, sizeof serial}));
}
END_TEST

/* Octets behind the last one, none at all, or more certificates than a statement may have. */
START_TEST(check_chain_that_is_none_is_refused)
{
	static const char kept[] = "what attested the key was not kept; make a new order";
	AUTO_BYTES        chain = {0};

	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	check_refused("tpm", (struct view){0}, kept);
	check_refused("tpm", (struct view){verdict.chain.data, verdict.chain.size - 1}, kept);
	for (size_t i = 0; i <= ACME_CHAIN_MAX; i++)
		bytes_append(&chain, leaf.data, leaf.size);
	check_refused("tpm", bytes_view(&chain), kept);
}
END_TEST

START_TEST(check_chain_that_was_revoked_is_refused)
{
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	revoke_leaf();
	ck_assert_int_eq(
	    statement_check_chain(verdict.format, bytes_view(&verdict.chain), &facts, &ak_serial, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_ptr_nonnull(strstr(err.detail, "revoked"));
	ck_assert_uint_eq(ak_serial.size, 0);
}
END_TEST

START_TEST(check_chain_whose_root_is_gone_is_refused)
{
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	trust_free(roots.trust);
	roots.trust = trust_new();
	ck_assert_int_eq(
	    statement_check_chain(verdict.format, bytes_view(&verdict.chain), &facts, &ak_serial, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION_STATEMENT);
}
END_TEST

START_TEST(check_chain_for_another_name_is_refused)
{
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	facts.identifier = "tablet";
	check_refused("tpm", bytes_view(&verdict.chain),
	    "permanent identifier does not match: the AK certificate is for \"laptop-17\", the order for \"tablet\"");
}
END_TEST

/* Its CA vouches for what is no key to us: nobody can have signed with it. */
START_TEST(verify_certificate_of_a_key_of_an_unknown_kind_is_refused)
{
	static const char *const names[] = {NAME};
	struct bytes             spki = pki_spki(ak.key);
	struct ak_profile        profile = {.ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	           .manufacturer = "id:4E544300", .model = "NPCT75x", .version = "id:00070002", .names = names,
	           .name_count = 1, .not_before = PKI_NOW - 60, .not_after = PKI_NOW + PKI_DAY};

	ck_assert_uint_eq(spki.data[12], 1); /* the end of id-ecPublicKey */
	spki.data[12] = 0x7f;
	profile.spki = bytes_view(&spki);
	bytes_clear(&leaf);
	unit_ok(ak_certificate_issue(&pki.issuing, &profile, serial, &profile.not_after, &leaf, &err), &err);
	bytes_clear(&spki);
	statement.chain[0] = bytes_view(&leaf);
	refused("the AK certificate: the certificate: its key is too short");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("statement_tpm");
	TCase *tc = tcase_create("statement_tpm");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, verify_alg_stands_for_its_hash, 0, sizeof algs / sizeof algs[0]);
	tcase_add_test(tc, verify_chain_that_is_none_is_refused);
	tcase_add_test(tc, verify_names_of_the_certificate_are_what_may_be_ordered);
	tcase_add_test(tc, verify_certificate_of_nobody_is_for_roots_of_any_name);
	tcase_add_test(tc, verify_root_of_any_name_leaves_names_as_they_are);
	tcase_add_test(tc, verify_key_that_the_policy_does_not_want_is_refused);
	tcase_add_test(tc, verify_another_key_authorization_is_refused);
	tcase_add_test(tc, verify_certificate_of_a_key_of_an_unknown_kind_is_refused);
	tcase_add_test(tc, verify_chain_of_as_many_as_may_be_is_taken);
	tcase_add_loop_test(tc, verify_certificate_is_good_for_its_time_only, 0, sizeof times / sizeof times[0]);
	tcase_add_test(tc, verify_without_a_crl_that_is_required_is_refused);
	tcase_add_test(tc, check_chain_takes_what_a_verdict_has_and_gives_the_serial_number);
	tcase_add_test(tc, check_chain_that_is_none_is_refused);
	tcase_add_test(tc, check_chain_that_was_revoked_is_refused);
	tcase_add_test(tc, check_chain_whose_root_is_gone_is_refused);
	tcase_add_test(tc, check_chain_for_another_name_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
