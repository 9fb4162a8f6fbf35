/*
 * Authorizations of the ACME server's keeper: the statements that answer a challenge,
 * and the rule that refuses each that proves nothing.
 */
#include "config.h"

#include <stdio.h>

#include <openssl/x509.h>

#include "acme_keeper_support.h"
#include "ca/files.h"
#include "pki/certificate.h"
#include "pki_support.h"
#include "unit.h"
#include "util/clock.h"
#include "util/file.h"

/* Every statement that software can forge and the TPM would not have made. */
START_TEST(challenge_forged_statement_is_refused_by_its_own_rule)
{
	const struct forge_certify_row *row = forge_certify_row((enum forge_certify_flaw)_i);
	struct world_id                 account = world_account(&world, 0);
	struct world_order              order = world_order(&world, &account, NAME);
	struct world_statement          statement;
	struct acme_question            asked;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0),
	    (enum forge_certify_flaw)_i, &statement);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order, row->detail);
	world_statement_clear(&statement);
}
END_TEST

/* Its TPM loaded the AK's key a second time, as one that signs whatever it is given. */
START_TEST(challenge_that_certifies_the_ak_itself_is_refused)
{
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;
	char                   key_authorization[128];

	config_list_append(&world.settings.policy.key_types, "rsa-2048");
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	forge_certify_clear(&statement.certify);
	(void)snprintf(key_authorization, sizeof key_authorization, "%s.%s", order.token.text,
	    world_thumbprint(0));
	forge_certify_make_of(&world.ak, FORGE_AK_RSASSA, world.ak.key, world_view(key_authorization),
	    &statement.certify);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order,
	    "the certified key is the AK itself, which certifies and does nothing else");
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_statement_for_another_order_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     first = world_order(&world, &account, NAME);
	struct world_order     second = world_order(&world, &account, NAME);
	struct world_statement statement;
	struct acme_question   asked;

	world_statement_make(&world, NAME, first.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &second, &statement);
	challenge_fails(&asked, &account, &second, "extraData is not the hash of the key authorization");
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_statement_for_another_account_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	struct world_statement statement;
	struct acme_question   asked;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(1), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order, "extraData is not the hash of the key authorization");
	world_statement_clear(&statement);
}
END_TEST

/* Changes to an honest answer, each of which one rule refuses. */
static void
spoil_format(struct acme_question *asked)
{
	asked->statement.format = world_view("apple");
}

static void
spoil_alg(struct acme_question *asked)
{
	asked->statement.alg = -65535; /* RS1 */
}

static void
spoil_alg_hash(struct acme_question *asked)
{
	asked->statement.alg = -258;
}

static void
spoil_no_chain(struct acme_question *asked)
{
	asked->statement.chain_count = 0;
}

static void
spoil_octets(struct acme_question *asked)
{
	asked->statement.chain[1] = world_view("no certificate");
}

static const struct {
	void (*spoil)(struct acme_question *asked);
	const char *detail;
} spoils[] = {
    {spoil_format, "the attestation format \"apple\" is not accepted here, only \"tpm\""},
    {spoil_alg,
        "alg -65535 is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512"},
    {spoil_alg_hash, NULL},
    {spoil_no_chain, "x5c is empty: the AK certificate is missing"},
    {spoil_octets, NULL},
};

START_TEST(challenge_spoilt_answer_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	spoils[_i].spoil(&asked);
	if (spoils[_i].detail != NULL) {
		challenge_fails(&asked, &account, &order, spoils[_i].detail);
	} else {
		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	}
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_for_another_name_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, "somebody-else");
	struct world_statement statement;
	struct acme_question   asked;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order,
	    "permanent identifier does not match: the AK certificate is for \"laptop-17\", the order"
	    " for \"somebody-else\"");
	world_statement_clear(&statement);
}
END_TEST

/* An AK certificate that somebody made whom nobody trusts; a device certificate in place of one. */
START_TEST(challenge_ak_certificate_of_another_ca_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	const char            *name = NAME;
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	struct error           err = {0};

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	bytes_clear(&statement.ak);
	bytes_clear(&statement.issuing);
	world_ak_certificate(&world.issuing, world.ak.key, &name, 1, &statement.ak);
	unit_ok(certificate_encode(world.issuing.certificate, &statement.issuing, &err), &err);
	asked = world_answer(&account, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	world_statement_clear(&statement);
}
END_TEST

/* The holder of an AK certificate plays CA with it. */
START_TEST(challenge_ak_certificate_as_ca_is_refused)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, "somebody-else");
	const char            *name = NAME;
	const char            *wanted = "somebody-else";
	struct ca              ak_as_ca = {.key = world.outsider};
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	struct error           err = {0};
	AUTO_BYTES             ak_der = {0};

	world_statement_make(&world, wanted, order.token.text, world_thumbprint(0),
	    FORGE_CERTIFY_NONE, &statement);
	world_ak_certificate(&world.attestation, world.outsider, &name, 1, &ak_der);
	unit_ok(certificate_decode(bytes_view(&ak_der), &ak_as_ca.certificate, &err), &err);
	bytes_clear(&statement.ak);
	world_ak_certificate(&ak_as_ca, world.ak.key, &wanted, 1, &statement.ak);
	asked = world_answer(&account, &order, &statement);
	asked.statement.chain[2] = asked.statement.chain[1];
	asked.statement.chain[1] = bytes_view(&ak_der);
	asked.statement.chain_count = 3;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	X509_free(ak_as_ca.certificate);
	world_statement_clear(&statement);
}
END_TEST

/* The issuing CA of the devices is trusted as an attestation root by mistake: still no AK. */
START_TEST(challenge_device_certificate_as_ak_certificate_is_refused)
{
	struct world_id        account;
	struct world_order     order;
	struct world_order     second;
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	AUTO_BYTES             pem = {0};
	AUTO_FREE char        *roots = file_join(world.state_dir, STATE_ATTESTATION_ROOTS);
	struct error           err = {0};

	unit_ok(certificate_encode_pem(world.attestation_root.certificate, &pem, &err), &err);
	unit_ok(certificate_encode_pem(world.root.certificate, &pem, &err), &err);
	unit_ok(file_replace(roots, pem.data, pem.size, 0600, &err), &err);
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	second = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, second.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	bytes_clear(&statement.ak);
	bytes_clear(&statement.issuing);
	(void)world_finalize(&world, &account, &order, NAME, &statement.ak);
	unit_ok(certificate_encode(world.issuing.certificate, &statement.issuing, &err), &err);
	asked = world_answer(&account, &second, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	world_statement_clear(&statement);
}
END_TEST

START_TEST(challenge_key_type_that_the_policy_does_not_want_is_refused)
{
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;

	config_list_clear(&world.settings.policy.key_types);
	config_list_append(&world.settings.policy.key_types, "rsa-2048");
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	challenge_fails(&asked, &account, &order, "no certificates are made for keys on P-256 here");
	world_statement_clear(&statement);
}
END_TEST

START_TEST(deactivate_what_failed_is_refused)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	struct acme_answer   answer;

	asked.problem = (struct acme_problem){ERROR_MALFORMED, world_view("no")};
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_INVALID);
	asked = question(ACME_AUTHORIZATION_DEACTIVATE, &account, &order.authorization);
	world_refuses(&world, &asked, ERROR_MALFORMED,
	    "the authorization is invalid; there is nothing to deactivate");
	asked = question(ACME_AUTHORIZATION_GET, &account, &order.authorization);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_INVALID);
}
END_TEST

START_TEST(deactivate_again_is_no_failure)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_AUTHORIZATION_DEACTIVATE, &account, &order.authorization);
	struct acme_answer   answer;

	for (int i = 0; i < 2; i++) {
		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.kind, ACME_ANSWER_AUTHORIZATION);
		ck_assert_int_eq((int)answer.authorization.status, STATUS_DEACTIVATED);
	}
}
END_TEST

START_TEST(challenge_decided_is_not_decided_again)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	struct acme_question   give_up = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;

	give_up.problem = (struct acme_problem){ERROR_MALFORMED, world_view("the client gave up")};
	challenge_fails(&give_up, &account, &order, "the client gave up");
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);

	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	give_up.object = world_view(order.authorization.text);
	world_ask(&world, &give_up, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_VALID);
	world_statement_clear(&statement);
}
END_TEST

/* Two answers at once: the first decides. */
START_TEST(challenge_answers_at_once_are_decided_once)
{
	struct world_id        account = world_account(&world, 0);
	struct world_order     order = world_order(&world, &account, NAME);
	struct acme_question   give_up = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;

	give_up.problem = (struct acme_problem){ERROR_MALFORMED, world_view("the client gave up")};
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	(void)world_send(&world, &asked);
	(void)world_send(&world, &give_up);
	for (size_t i = 0; i < 2; i++) {
		(void)world_receive_any(&world, &answer);
		ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_VALID);
	}
	world_statement_clear(&statement);
}
END_TEST

/* CRLs of the attestation CA, and whether an honest answer passes. */
static const struct {
	bool lists_it;
	bool stale;
	bool tolerate;
	bool passes;
} attestation_crls[] = {
    {false, false, false, true},
    {true, false, false, false},
    {false, true, false, false},
    {false, true, true, true},
    {true, true, true, false},
};

START_TEST(challenge_obeys_the_attestation_crl)
{
	AUTO_FREE char        *path = file_join(world.state_dir, "attestation.crl");
	int64_t                now = clock_now();
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	world_stop(&world);
	attestation_crl_write(path, attestation_crls[_i].lists_it ? &statement.ak : NULL,
	    attestation_crls[_i].stale ? now - 7200 : now, 3600);
	config_list_append(&world.settings.attestation_crls, path);
	world.settings.tolerate_stale_crl = attestation_crls[_i].tolerate;
	world_start(&world);
	asked = world_answer(&account, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.challenge_status,
	    attestation_crls[_i].passes ? STATUS_VALID : STATUS_INVALID);
	world_statement_clear(&statement);
}
END_TEST

/* A certificate without names, made by hand: ours never are. */
START_TEST(challenge_ak_certificate_without_names_wants_configuration)
{
	AUTO_FREE char        *roots = file_join(world.state_dir, STATE_ATTESTATION_ROOTS);
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	X509                  *nameless;
	struct error           err = {0};

	if (_i == 1)
		config_list_append(&world.settings.any_name_roots, roots);
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	nameless = pki_forge(&(struct pki_forgery){
	    .issuer = &world.attestation,
	    .key = world.ak.key,
	    .extensions = "[ext]\nextendedKeyUsage=2.23.133.8.3\nbasicConstraints=critical,CA:FALSE\n"
	                  "keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n"
	                  "subjectAltName=critical,dirName:tpm\n"
	                  "[tpm]\n1.2.23.133.2.1=id:4E544300\n2.2.23.133.2.2=NPCT75x\n3.2.23.133.2.3=id:00070002\n",
	    .not_before = clock_now() - 60,
	    .not_after = clock_now() + 3600,
	});
	bytes_clear(&statement.ak);
	unit_ok(certificate_encode(nameless, &statement.ak, &err), &err);
	X509_free(nameless);
	asked = world_answer(&account, &order, &statement);
	if (_i == 0) {
		challenge_fails(&asked, &account, &order,
		    "the AK certificate names no permanent identifier, so it proves nobody's name");
	} else {
		world_ask(&world, &asked, &answer);
		ck_assert_msg(answer.authorization.challenge_status == STATUS_VALID, "%.*s",
		    (int)answer.authorization.error.detail.size,
		    (const char *)answer.authorization.error.detail.data);
	}
	world_statement_clear(&statement);
}
END_TEST

int
main(void)
{
	Suite *suite = keeper_suite("acme_authorization");
	TCase *tc = keeper_case(suite, "started", setup_started);

	tcase_add_loop_test(tc, challenge_forged_statement_is_refused_by_its_own_rule,
	    FORGE_CERTIFY_NONE + 1, FORGE_CERTIFY_FLAW_COUNT);
	tcase_add_test(tc, challenge_statement_for_another_order_is_refused);
	tcase_add_test(tc, challenge_statement_for_another_account_is_refused);
	LOOP(challenge_spoilt_answer_is_refused, spoils);
	tcase_add_test(tc, challenge_for_another_name_is_refused);
	tcase_add_test(tc, challenge_ak_certificate_of_another_ca_is_refused);
	tcase_add_test(tc, challenge_ak_certificate_as_ca_is_refused);
	tcase_add_test(tc, deactivate_what_failed_is_refused);
	tcase_add_test(tc, deactivate_again_is_no_failure);
	tcase_add_test(tc, challenge_decided_is_not_decided_again);
	tcase_add_test(tc, challenge_answers_at_once_are_decided_once);

	tc = keeper_case(suite, "configured", setup);
	tcase_add_test(tc, challenge_device_certificate_as_ak_certificate_is_refused);
	tcase_add_test(tc, challenge_key_type_that_the_policy_does_not_want_is_refused);
	tcase_add_test(tc, challenge_that_certifies_the_ak_itself_is_refused);
	LOOP(challenge_obeys_the_attestation_crl, attestation_crls);
	tcase_add_loop_test(tc, challenge_ak_certificate_without_names_wants_configuration, 0, 2);
	return unit_run(suite);
}
