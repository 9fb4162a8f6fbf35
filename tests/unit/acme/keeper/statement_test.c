/*
 * Statements judged without a keeper: what an honest one proves, which rule refuses another, and the second
 * look at what was accepted.
 */
#include "config.h"

#include <string.h>

#include <openssl/x509.h>

#include "acme/keeper/policy.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/statement.h"
#include "acme/message.h"
#include "forge.h"
#include "pki/ak_certificate.h"
#include "pki/certificate_memory.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "pki_support.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"

#define NAME "laptop-17"
#define KEY_AUTHORIZATION "token.thumbprint"

static char                     dir[SCRATCH_SIZE];
static char                    *roots_path;
static struct pki               pki;
static struct forge_ak          ak;
static struct forge_certify     certify;
static struct bytes             leaf; /* the AK certificate */
static struct bytes             issuing;
static uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
static struct acme_policy       policy;
static struct roots_snapshot    roots;
static struct statement_facts   facts;
static struct acme_statement    statement;
static struct statement_verdict verdict;
static struct bytes             ak_serial;
static struct error             err;

static void
ak_certify(const char *const *names, size_t count)
{
	struct bytes      spki = pki_spki(ak.key);
	struct ak_profile profile = {
	    .ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = count,
	    .not_before = PKI_NOW - 60,
	    .not_after = PKI_NOW + PKI_DAY,
	    .spki = bytes_view(&spki),
	};

	bytes_clear(&leaf);
	unit_ok(ak_certificate_issue(&pki.issuing, &profile, serial, &profile.not_after, &leaf, &err), &err);
	bytes_clear(&spki);
	statement.chain[0] = bytes_view(&leaf);
}

/* A certificate without a name, which is none of ours. */
static void
ak_certify_nobody(void)
{
	X509 *nameless = pki_forge(&(struct pki_forgery){
	    .issuer = &pki.issuing,
	    .key = ak.key,
	    .extensions = "[ext]\nextendedKeyUsage=2.23.133.8.3\nbasicConstraints=critical,CA:FALSE\n"
	                  "keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n"
	                  "subjectAltName=critical,dirName:tpm\n"
	                  "[tpm]\n1.2.23.133.2.1=id:4E544300\n2.2.23.133.2.2=NPCT75x\n3.2.23.133.2.3=id:00070002\n",
	});

	bytes_clear(&leaf);
	unit_ok(certificate_encode(nameless, &leaf, &err), &err);
	X509_free(nameless);
	statement.chain[0] = bytes_view(&leaf);
}

static void
key_certify(enum forge_certify_flaw flaw)
{
	forge_certify_clear(&certify);
	forge_certify_make(&ak, FORGE_AK_P256, FORGE_P256, view_text(KEY_AUTHORIZATION), flaw, &certify);
	statement.signature = bytes_view(&certify.sig);
	statement.cert_info = bytes_view(&certify.info);
	statement.pub_area = bytes_view(&certify.area);
}

static void
setup(void)
{
	static const char *const names[] = {NAME};
	AUTO_BYTES               pem = {0};

	scratch_make(dir);
	roots_path = file_join(dir, "roots.pem");
	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	unit_ok(file_replace(roots_path, pem.data, pem.size, 0600, &err), &err);
	unit_ok(certificate_encode(pki.issuing.certificate, &issuing, &err), &err);
	roots = (struct roots_snapshot){
	    .trust = trust_new(), .any_name = trust_new(), .decoded = certificate_memory_new(8)};
	unit_ok(trust_add_file(roots.trust, roots_path, &err), &err);
	config_list_append(&policy.key_types, "ecc-p256");
	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &ak);
	statement = (struct acme_statement){
	    .format = view_text("tpm"), .alg = -7, .chain = {{0}, bytes_view(&issuing)}, .chain_count = 2};
	facts = (struct statement_facts){.roots = &roots, .policy = &policy, .identifier = NAME,
	    .key_authorization = view_text(KEY_AUTHORIZATION), .now = PKI_NOW};
	ak_certify(names, 1);
	key_certify(FORGE_CERTIFY_NONE);
}

static void
teardown(void)
{
	statement_verdict_clear(&verdict);
	bytes_clear(&ak_serial);
	bytes_clear(&leaf);
	bytes_clear(&issuing);
	forge_certify_clear(&certify);
	forge_ak_clear(&ak);
	trust_free(roots.trust);
	trust_free(roots.any_name);
	revocation_free(roots.revocation);
	certificate_memory_free(roots.decoded);
	config_list_clear(&policy.key_types);
	pki_clear(&pki);
	free(roots_path);
	scratch_remove(dir);
}

/* Nothing is left of what was proven before the rule that refused. */
static void
refused(const char *detail)
{
	unit_fails(statement_verify(&statement, &facts, &verdict, &err), &err, ERROR_BAD_ATTESTATION_STATEMENT,
	    detail);
	ck_assert_ptr_null(verdict.format);
	ck_assert_uint_eq(verdict.key.size, 0);
	ck_assert_uint_eq(verdict.chain.size, 0);
	ck_assert_ptr_null(verdict.witness);
}

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

START_TEST(check_chain_takes_what_a_verdict_has_and_gives_the_serial_number)
{
	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	facts.key_authorization = (struct view){0};
	unit_ok(statement_check_chain(verdict.format, bytes_view(&verdict.chain), &facts, &ak_serial, &err), &err);
	ck_assert(view_equal(bytes_view(&ak_serial), (struct view){serial, sizeof serial}));
}
END_TEST

static void
check_refused(const char *format, struct view chain, const char *detail)
{
	unit_fails(statement_check_chain(format, chain, &facts, &ak_serial, &err), &err,
	    ERROR_BAD_ATTESTATION_STATEMENT, detail);
	ck_assert_uint_eq(ak_serial.size, 0);
}

START_TEST(check_chain_of_what_was_not_kept_is_refused)
{
	static const char kept[] = "what attested the key was not kept; make a new order";
	AUTO_BYTES        chain = {0};

	unit_ok(statement_verify(&statement, &facts, &verdict, &err), &err);
	check_refused(NULL, bytes_view(&verdict.chain), kept);
	check_refused("tpm", (struct view){0}, kept);
	check_refused("tpm", (struct view){verdict.chain.data, verdict.chain.size - 1}, kept);
	check_refused("apple", bytes_view(&verdict.chain),
	    "the attestation format \"apple\" is not accepted here, only \"tpm\"");
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

int
main(void)
{
	Suite *suite = suite_create("statement");
	TCase *tc = tcase_create("statement");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, verify_honest_statement_proves_key_chain_and_witness);
	tcase_add_loop_test(tc, verify_alg_stands_for_its_hash, 0, sizeof algs / sizeof algs[0]);
	tcase_add_loop_test(tc, verify_format_of_another_name_is_refused, 0, 3);
	tcase_add_test(tc, verify_malformed_area_is_a_bad_statement);
	tcase_add_test(tc, verify_chain_that_is_none_is_refused);
	tcase_add_test(tc, verify_names_of_the_certificate_are_what_may_be_ordered);
	tcase_add_test(tc, verify_certificate_of_nobody_is_for_roots_of_any_name);
	tcase_add_test(tc, verify_root_of_any_name_leaves_names_as_they_are);
	tcase_add_test(tc, verify_key_that_the_policy_does_not_want_is_refused);
	tcase_add_test(tc, verify_another_key_authorization_is_refused);
	tcase_add_test(tc, check_chain_takes_what_a_verdict_has_and_gives_the_serial_number);
	tcase_add_test(tc, check_chain_of_what_was_not_kept_is_refused);
	tcase_add_test(tc, check_chain_that_was_revoked_is_refused);
	tcase_add_test(tc, check_chain_whose_root_is_gone_is_refused);
	tcase_add_test(tc, check_chain_for_another_name_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
