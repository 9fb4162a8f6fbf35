/*
 * Certificates of the ACME server's keeper: what an order is finalized with and when,
 * what the certificate then says, and who may revoke it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>
#include "acme_keeper_support.h"
#include "pki/certificate.h"
#include "store_tamper.h"
#include "tpm/spki.h"
#include "pki_support.h"
#include "unit.h"
#include "util/clock.h"
#include "util/file.h"

START_TEST(finalize_before_ready_is_refused)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	AUTO_BYTES           csr = {0};

	world_csr(world_device_key(), NAME, NULL, &csr);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_ORDER_NOT_READY,
	    "the order is pending: its device-attest-01 challenge has not been answered");
}
END_TEST

START_TEST(finalize_at_once_makes_one_certificate)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	struct acme_answer   answer;
	AUTO_BYTES           csr = {0};
	int                  certificates = 0;

	world_attest(&world, &account, 0, &order, NAME);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked.csr = bytes_view(&csr);
	(void)world_send(&world, &asked);
	(void)world_send(&world, &asked);
	for (int i = 0; i < 2; i++) { /* which is first is not ours to know */
		(void)world_receive_any(&world, &answer);
		if (answer.kind == ACME_ANSWER_ORDER) {
			ck_assert_int_eq((int)answer.order.status, STATUS_VALID);
			certificates++;
		} else {
			ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
			ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_ORDER_NOT_READY);
		}
	}
	ck_assert_int_eq(certificates, 1);
}
END_TEST

START_TEST(finalize_after_deactivation_is_refused)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_AUTHORIZATION_DEACTIVATE, &account, &order.authorization);
	struct acme_answer   answer;
	AUTO_BYTES           csr = {0};

	world_attest(&world, &account, 0, &order, NAME);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_DEACTIVATED);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_DEACTIVATED);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_ORDER_NOT_READY,
	    "the order is invalid: the authorization for laptop-17 is deactivated");
}
END_TEST

/* CSRs that ask for something else; the order waits for a better one. */
static const struct {
	bool        other_key;
	const char *common_name;
	const char *extensions;
	const char *detail;
} csrs[] = {
    {true, NAME, NULL, "the key of the CSR is not the key that was attested"},
    {false, "somebody-else", NULL, "the CN of the CSR is \"somebody-else\", the order is for \"laptop-17\""},
    {false, NULL,
        "[ext]\nsubjectAltName=@names\n[names]\notherName=1.3.6.1.5.5.7.8.3;SEQUENCE:id\n[id]\nv=UTF8:other\n",
        "the CSR asks for the identifier \"other\", the order is for \"laptop-17\""},
    {false, NAME, "[ext]\nsubjectAltName=DNS:example.org\n",
        "the CSR asks for the DNS name example.org, which goes with no order for \"laptop-17\""},
    {false, NAME, "[ext]\nsubjectAltName=email:a@example.org\n",
        "the CSR asks for a name of a kind that no certificate here has"},
    {false, NAME, "[ext]\nsubjectAltName=DNS:laptop-17.home.example,IP:10.0.0.1\n",
        "the CSR asks for a name of a kind that no certificate here has"},
    {false, NAME, "[ext]\nbasicConstraints=CA:TRUE\n",
        "the CSR asks for basicConstraints CA:TRUE, which no certificate here has"},
    {false, NAME, "[ext]\nkeyUsage=digitalSignature,keyCertSign\n",
        "the CSR asks for keyUsage keyCertSign, which no certificate here has"},
    {false, NAME, "[ext]\nextendedKeyUsage=clientAuth,codeSigning\n",
        "the CSR asks for extendedKeyUsage codeSigning, which no certificate here has"},
    {false, NAME, "[ext]\nextendedKeyUsage=serverAuth\n",
        "the CSR asks for extendedKeyUsage serverAuth, which certificates here do not have (server_auth)"},
};

START_TEST(finalize_csr_that_asks_for_more_is_bad)
{
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	AUTO_BYTES           csr = {0};
	AUTO_BYTES           der = {0};

	config_list_append(&world.settings.policy.dns_names, "{identifier}.home.example");
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	world_csr(csrs[_i].other_key ? world.outsider : world_device_key(), csrs[_i].common_name,
	    csrs[_i].extensions, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_BAD_CSR, csrs[_i].detail);
	asked.csr = world_view("no CSR");
	world_refuses(&world, &asked, ERROR_BAD_CSR, NULL);
	(void)world_finalize(&world, &account, &order, NAME, &der);
}
END_TEST

/* OpenSSL's v3_req: what the profile has is given, and the rest of keyUsage is not. */
START_TEST(finalize_leaves_out_usages_of_the_key)
{
	struct world_id    account = world_account(&world, 0);
	struct world_order order = world_order(&world, &account, NAME);
	struct error       err = {0};
	AUTO_BYTES         csr = {0};
	AUTO_BYTES         der = {0};
	X509              *leaf = NULL;

	world_attest(&world, &account, 0, &order, NAME);
	world_csr(world_device_key(), NAME, "[ext]\nbasicConstraints=CA:FALSE\n"
	    "keyUsage=nonRepudiation,digitalSignature,keyEncipherment\n", &csr);
	(void)world_finalize_csr(&world, &account, &order, bytes_view(&csr), &der);
	unit_ok(certificate_decode(bytes_view(&der), &leaf, &err), &err);
	ck_assert_uint_eq(X509_get_key_usage(leaf), X509v3_KU_DIGITAL_SIGNATURE);
	ck_assert_uint_eq(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT);
	X509_free(leaf);
}
END_TEST

START_TEST(finalize_gives_the_names_and_usages_of_the_policy)
{
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	struct acme_answer   answer;
	struct error         err = {0};
	AUTO_BYTES           csr = {0};
	AUTO_BYTES           der = {0};
	X509                *leaf = NULL;

	config_list_append(&world.settings.policy.dns_names, "{identifier}.home.example");
	world.settings.policy.server_auth = true;
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	world_csr(world_device_key(), NULL, "[ext]\nsubjectAltName=DNS:LAPTOP-17.home.example\n"
	    "extendedKeyUsage=clientAuth,serverAuth\n", &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ORDER);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &der);
	unit_ok(certificate_decode(bytes_view(&der), &leaf, &err), &err);
	ck_assert_int_eq(X509_check_host(leaf, "laptop-17.home.example", 0,
	                     X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
	ck_assert_uint_eq(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT | XKU_SSL_SERVER);
	X509_free(leaf);
}
END_TEST

static const struct {
	int64_t backdate; /* 0: as nobody says */
	int64_t seconds;
} backdates[] = {{0, 300}, {7200, 7200}};

START_TEST(finalize_backdates_as_configured)
{
	struct world_id    account;
	struct world_order order;
	int64_t            before = clock_now();
	struct error       err = {0};
	AUTO_BYTES         der = {0};
	X509              *leaf = NULL;

	if (backdates[_i].backdate != 0) {
		world_stop(&world);
		world.settings.service.backdate = backdates[_i].backdate;
		world_start(&world);
	}
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &der);
	unit_ok(certificate_decode(bytes_view(&der), &leaf, &err), &err);
	ck_assert_int_ge(certificate_not_before(leaf), before - backdates[_i].seconds);
	ck_assert_int_le(certificate_not_before(leaf), clock_now() - backdates[_i].seconds);
	ck_assert_int_eq(certificate_not_after(leaf) - certificate_not_before(leaf),
	    INT64_C(86400) + backdates[_i].seconds);
	X509_free(leaf);
}
END_TEST

START_TEST(finalize_honours_the_times_that_were_ordered)
{
	int64_t              now = clock_now();
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_ORDER_NEW, &account, NULL);
	struct world_order   order;
	struct acme_answer   answer;
	struct error         err = {0};
	AUTO_BYTES           der = {0};
	X509                *leaf = NULL;

	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	asked.not_before = now - 5;
	asked.not_after = now + 7200;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ORDER);
	ck_assert_int_eq(answer.order.not_after, now + 7200);
	order.id = world_id(answer.order.id);
	order.authorization = world_id(answer.order.authorizations[0]);
	asked = question(ACME_AUTHORIZATION_GET, &account, &order.authorization);
	world_ask(&world, &asked, &answer);
	order.token = world_id(answer.authorization.token);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &der);
	unit_ok(certificate_decode(bytes_view(&der), &leaf, &err), &err);
	ck_assert_int_eq(certificate_not_before(leaf), now - 5);
	ck_assert_int_eq(certificate_not_after(leaf), now + 7200);
	X509_free(leaf);
}
END_TEST

/* Who may revoke: whose it is, who holds the name, who holds the key. Nobody else. */
START_TEST(revoke_by_those_who_may)
{
	struct world_id      account = world_account(&world, 0);
	struct world_id      stranger = world_account(&world, 1);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked;
	struct acme_answer   answer;
	struct error         err = {0};
	AUTO_BYTES           first = {0};
	AUTO_BYTES           second = {0};
	AUTO_BYTES           key = {0};
	AUTO_BYTES           other_key = {0};

	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &first);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &second);

	asked = question(ACME_CERTIFICATE_REVOKE, &stranger, NULL);
	asked.certificate = bytes_view(&first);
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, NULL);
	asked.account = (struct view){0};
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, NULL);
	unit_ok(spki_encode(world.outsider, &other_key, &err), &err);
	asked.spki = bytes_view(&other_key);
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, NULL);
	unit_ok(spki_encode(world_device_key(), &key, &err), &err);
	asked.spki = bytes_view(&key);
	asked.reason = 2;
	world_refuses(&world, &asked, ERROR_BAD_REVOCATION_REASON, NULL);
	asked.reason = 1;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);

	order = world_order(&world, &stranger, NAME);
	world_attest(&world, &stranger, 1, &order, NAME);
	asked = question(ACME_CERTIFICATE_REVOKE, &stranger, NULL);
	asked.certificate = bytes_view(&second);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);
}
END_TEST

START_TEST(revoke_what_is_not_ours_is_not_found)
{
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	const char          *name = NAME;
	AUTO_BYTES           der = {0};

	asked.certificate = world_view("no certificate");
	world_refuses(&world, &asked, ERROR_MALFORMED, NULL);
	world_ak_certificate(&world.attestation, world.outsider, &name, 1, &der);
	asked.certificate = bytes_view(&der);
	world_refuses(&world, &asked, ERROR_NOT_FOUND, "this server issued no such certificate");
}
END_TEST

/* RFC 5280 §4.1.2.2: ours have at most 20 octets. */
START_TEST(revoke_a_certificate_of_a_longer_number_is_not_found)
{
	static const uint8_t number[21] = {1};
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	struct error         err = {0};
	AUTO_BYTES           der = {0};
	X509                *certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &world.issuing, .key = world.outsider, .serial = {number, sizeof number}});

	unit_ok(certificate_encode(certificate, &der, &err), &err);
	X509_free(certificate);
	asked.certificate = bytes_view(&der);
	world_refuses(&world, &asked, ERROR_NOT_FOUND, "a certificate without a serial number of 1 to 20 octets is not ours");
}
END_TEST

/* Its number is that of a certificate of ours, and its content is not. */
START_TEST(revoke_another_certificate_of_a_number_of_ours_revokes_nothing)
{
	struct world_id      account = world_account(&world, 0);
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	struct acme_answer   answer;
	const char          *name = NAME;
	struct error         err = {0};
	AUTO_BYTES           ours = {0};
	AUTO_BYTES           other = {0};
	X509                *leaf = NULL;
	X509                *forged = NULL;

	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &ours);
	unit_ok(certificate_decode(bytes_view(&ours), &leaf, &err), &err);
	world_ak_certificate(&world.attestation, world.outsider, &name, 1, &other);
	unit_ok(certificate_decode(bytes_view(&other), &forged, &err), &err);
	ck_assert_int_eq(X509_set_serialNumber(forged, X509_get_serialNumber(leaf)), 1);
	ck_assert_int_gt(X509_sign(forged, world.attestation.key, EVP_sha256()), 0);
	bytes_clear(&other);
	unit_ok(certificate_encode(forged, &other, &err), &err);
	asked.certificate = bytes_view(&other);
	world_refuses(&world, &asked, ERROR_NOT_FOUND,
	    "this server issued another certificate of that number");
	asked.certificate = bytes_view(&ours); /* and is not revoked yet */
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);
	X509_free(leaf);
	X509_free(forged);
}
END_TEST

/* Who has left since it attested gets nothing for an order that is ready. */
START_TEST(finalize_after_the_ak_certificate_was_revoked_is_refused)
{
	AUTO_FREE char        *path = file_join(world.state_dir, "attestation.crl");
	struct world_statement statement;
	struct world_id        account;
	struct world_order     order;
	struct acme_question   asked;
	struct acme_answer     answer;
	AUTO_BYTES             csr = {0};
	AUTO_BYTES             leaf = {0};

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_VALID);
	world_stop(&world);
	attestation_crl_write(path, &statement.ak, clock_now(), 3600);
	config_list_append(&world.settings.attestation_crls, path);
	world_start(&world);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_UNAUTHORIZED);
	ck_assert_ptr_nonnull(memmem(answer.refusal.problem.detail.data,
	    answer.refusal.problem.detail.size, "it was revoked at", 17));
	/* It was that, and nothing else. */
	world_stop(&world);
	attestation_crl_write(path, NULL, clock_now(), 3600);
	world_start(&world);
	(void)world_finalize(&world, &account, &order, NAME, &leaf);
	world_statement_clear(&statement);
}
END_TEST

/* Nor revokes what the next machine of that name has. */
START_TEST(revoke_after_the_ak_certificate_was_revoked_is_refused)
{
	AUTO_FREE char        *path = file_join(world.state_dir, "attestation.crl");
	struct world_statement statement;
	struct world_id        account;
	struct world_id        former;
	struct world_order     order;
	struct acme_question   asked;
	struct acme_answer     answer;
	AUTO_BYTES             leaf = {0};

	world_start(&world);
	account = world_account(&world, 0);
	former = world_account(&world, 1);
	order = world_order(&world, &former, NAME);
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(1), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&former, &order, &statement);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_VALID);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &leaf);
	world_stop(&world);
	attestation_crl_write(path, &statement.ak, clock_now(), 3600);
	config_list_append(&world.settings.attestation_crls, path);
	world_start(&world);
	asked = question(ACME_CERTIFICATE_REVOKE, &former, NULL);
	asked.certificate = bytes_view(&leaf);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_UNAUTHORIZED);
	ck_assert_ptr_nonnull(memmem(answer.refusal.problem.detail.data,
	    answer.refusal.problem.detail.size, "it was revoked at", 17));
	world_stop(&world);
	attestation_crl_write(path, NULL, clock_now(), 3600);
	world_start(&world);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_DONE);
	world_statement_clear(&statement);
}
END_TEST

/* Of a policy that was made stricter since the order was ready; 0: it is as it was. */
static const struct {
	const char     *allow;
	const char     *deny;
	const char     *key_type;
	enum error_kind kind;
	const char     *reason;
} stricter[] = {
    {.kind = 0},
    {"other-*", NULL, NULL, ERROR_UNAUTHORIZED,
        "the authorization for " NAME " no longer holds: the policy of this server allows no certificates for \"" NAME "\""},
    {NULL, NAME, NULL, ERROR_UNAUTHORIZED,
        "the authorization for " NAME " no longer holds: the policy of this server denies certificates for \"" NAME "\""},
    {NULL, NULL, "rsa-4096", ERROR_BAD_PUBLIC_KEY, "no certificates are made for keys on P-256 here"},
};

static void
list_become(struct config_list *list, const char *text)
{
	if (text == NULL)
		return;
	config_list_clear(list);
	config_list_append(list, text);
}

START_TEST(finalize_after_the_policy_became_stricter_is_refused)
{
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	AUTO_BYTES           csr = {0};
	AUTO_BYTES           leaf = {0};

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	world_stop(&world);
	list_become(&world.settings.policy.allow, stricter[_i].allow);
	list_become(&world.settings.policy.deny, stricter[_i].deny);
	list_become(&world.settings.policy.key_types, stricter[_i].key_type);
	world_start(&world);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	if (stricter[_i].reason != NULL)
		world_refuses(&world, &asked, stricter[_i].kind, stricter[_i].reason);
	else
		(void)world_finalize(&world, &account, &order, NAME, &leaf);
}
END_TEST

/* What is changed in the store after the attestation, and why finalize refuses then. */
static const struct {
	const char *sql;
	const char *reason;
} kept[] = {
    /* An order that was ready when the program was brought up to date knows no chain. */
    {"UPDATE authorization SET chain = NULL",
        "what attested the key was not kept; make a new order"},
    /* More certificates than are ever kept. */
    {"UPDATE authorization SET chain = CAST(chain || chain || chain || chain || chain AS BLOB)",
        "what attested the key was not kept; make a new order"},
    {"UPDATE authorization SET format = NULL",
        "what attested the key was not kept; make a new order"},
    /* By a program that took more formats. */
    {"UPDATE authorization SET format = 'gone'",
        "the attestation format \"gone\" is not accepted here, only \"tpm\""},
};

START_TEST(finalize_of_what_was_not_kept_is_refused)
{
	char                 reason[256];
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	AUTO_BYTES           csr = {0};

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	ck_assert_int_eq(store_tamper_try(STORE_ACME, world.state_dir, kept[_i].sql), SQLITE_OK);
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	(void)snprintf(reason, sizeof reason, "the authorization for " NAME " no longer holds: %s",
	    kept[_i].reason);
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, reason);
}
END_TEST

/* Only somebody who changed the store has such an order: an authorization expires with its order. */
START_TEST(finalize_of_an_order_whose_authorization_is_over_is_refused)
{
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	AUTO_BYTES           csr = {0};

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	world_attest(&world, &account, 0, &order, NAME);
	world_stop(&world);
	ck_assert_int_eq(store_tamper_try(STORE_ACME, world.state_dir, "UPDATE authorization SET expires = 1"), SQLITE_OK);
	world_start(&world);
	world_csr(world_device_key(), NULL, NULL, &csr);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_UNAUTHORIZED, "the authorization for " NAME " is no longer valid");
}
END_TEST

int
main(void)
{
	Suite *suite = keeper_suite("acme_finalize");
	TCase *tc = keeper_case(suite, "started", setup_started);

	tcase_add_test(tc, finalize_before_ready_is_refused);
	tcase_add_test(tc, finalize_at_once_makes_one_certificate);
	tcase_add_test(tc, finalize_after_deactivation_is_refused);
	tcase_add_test(tc, finalize_leaves_out_usages_of_the_key);
	tcase_add_loop_test(tc, finalize_backdates_as_configured, 0, 2);
	tcase_add_test(tc, finalize_honours_the_times_that_were_ordered);
	tcase_add_test(tc, revoke_by_those_who_may);
	tcase_add_test(tc, revoke_what_is_not_ours_is_not_found);
	tcase_add_test(tc, revoke_a_certificate_of_a_longer_number_is_not_found);
	tcase_add_test(tc, revoke_another_certificate_of_a_number_of_ours_revokes_nothing);

	tc = keeper_case(suite, "configured", setup);
	tcase_add_test(tc, finalize_after_the_ak_certificate_was_revoked_is_refused);
	tcase_add_test(tc, revoke_after_the_ak_certificate_was_revoked_is_refused);
	LOOP(finalize_after_the_policy_became_stricter_is_refused, stricter);
	tcase_add_loop_test(tc, finalize_of_what_was_not_kept_is_refused, 0,
	    sizeof kept / sizeof kept[0]);
	tcase_add_test(tc, finalize_of_an_order_whose_authorization_is_over_is_refused);
	LOOP(finalize_csr_that_asks_for_more_is_bad, csrs);
	tcase_add_test(tc, finalize_gives_the_names_and_usages_of_the_policy);
	return unit_run(suite);
}
