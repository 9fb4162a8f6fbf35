#include "config.h"

#include <string.h>

#include "acme/front/render.h"
#include "http/json.h"
#include "unit.h"
#include "util/error.h"

#define BASE "https://ca.example:8443"

/* Takes the object over. */
static void
renders(json_t *object, const char *wanted)
{
	AUTO_FREE char *text = json_dumps(object, JSON_COMPACT);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, wanted);
	json_decref(object);
}

START_TEST(directory_names_every_resource)
{
	renders(render_directory(BASE, "", ""),
	    "{\"newNonce\":\"" BASE "/acme/new-nonce\",\"newAccount\":\"" BASE "/acme/new-account\","
	    "\"newOrder\":\"" BASE "/acme/new-order\",\"revokeCert\":\"" BASE "/acme/revoke-cert\","
	    "\"keyChange\":\"" BASE "/acme/key-change\"}");
}
END_TEST

START_TEST(directory_with_terms_has_meta)
{
	json_t         *directory = render_directory(BASE, "https://ca.example/terms", "https://ca.example");
	AUTO_FREE char *meta = json_dumps(json_object_get(directory, "meta"), JSON_COMPACT);

	ck_assert_str_eq(meta,
	    "{\"termsOfService\":\"https://ca.example/terms\",\"website\":\"https://ca.example\"}");
	json_decref(directory);
}
END_TEST

START_TEST(account_shows_what_it_has)
{
	struct acme_account account = {.id = view_text("A1"), .status = STATUS_VALID};

	renders(render_account(BASE, &account),
	    "{\"status\":\"valid\",\"orders\":\"" BASE "/acme/account/A1/orders\"}");
	account.status = STATUS_DEACTIVATED;
	account.terms_agreed = true;
	account.contacts[0] = view_text("mailto:a@b");
	account.contact_count = 1;
	renders(render_account(BASE, &account),
	    "{\"status\":\"deactivated\",\"contact\":[\"mailto:a@b\"],\"termsOfServiceAgreed\":true,"
	    "\"orders\":\"" BASE "/acme/account/A1/orders\"}");
}
END_TEST

START_TEST(order_pending_shows_its_way)
{
	struct acme_order order = {
	    .id = view_text("O1"),
	    .status = STATUS_PENDING,
	    .expires = 1795253400,
	    .identifiers = {{view_text("permanent-identifier"), view_text("a\"b")}},
	    .identifier_count = 1,
	    .authorizations = {view_text("Z1")},
	    .authorization_count = 1,
	};

	renders(render_order(BASE, &order),
	    "{\"status\":\"pending\",\"expires\":\"2026-11-21T09:30:00Z\","
	    "\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"a\\\"b\"}],"
	    "\"authorizations\":[\"" BASE "/acme/authorization/Z1\"],"
	    "\"finalize\":\"" BASE "/acme/order/O1/finalize\"}");
}
END_TEST

START_TEST(order_valid_shows_dates_and_certificate)
{
	struct acme_order order = {
	    .id = view_text("O1"),
	    .status = STATUS_VALID,
	    .expires = 1795253400,
	    .not_before = 1795253400,
	    .not_after = 1795253401,
	    .certificate = view_text("C1"),
	};

	renders(render_order(BASE, &order),
	    "{\"status\":\"valid\",\"expires\":\"2026-11-21T09:30:00Z\",\"identifiers\":[],"
	    "\"notBefore\":\"2026-11-21T09:30:00Z\",\"notAfter\":\"2026-11-21T09:30:01Z\","
	    "\"authorizations\":[],\"finalize\":\"" BASE "/acme/order/O1/finalize\","
	    "\"certificate\":\"" BASE "/acme/certificate/C1\"}");
}
END_TEST

static struct acme_authorization
authorization_invalid(void)
{
	return (struct acme_authorization){
	    .id = view_text("Z1"),
	    .status = STATUS_INVALID,
	    .expires = 1795253400,
	    .identifier = {view_text("permanent-identifier"), view_text("a")},
	    .challenge_status = STATUS_INVALID,
	    .token = view_text("T"),
	    .error = {ERROR_BAD_ATTESTATION_STATEMENT, view_text("why")},
	};
}

#define CHALLENGE                                                                        \
	"{\"type\":\"device-attest-01\",\"url\":\"" BASE "/acme/challenge/Z1\",\"status\":\"invalid\"," \
	"\"token\":\"T\",\"error\":{\"type\":\"urn:ietf:params:acme:error:badAttestationStatement\"," \
	"\"title\":\"the attestation statement does not prove the key\",\"status\":400,\"detail\":\"why\"}}"

START_TEST(challenge_invalid_shows_its_error)
{
	struct acme_authorization authorization = authorization_invalid();

	renders(render_challenge(BASE, &authorization), CHALLENGE);
}
END_TEST

START_TEST(authorization_shows_its_challenge)
{
	struct acme_authorization authorization = authorization_invalid();

	renders(render_authorization(BASE, &authorization),
	    "{\"identifier\":{\"type\":\"permanent-identifier\",\"value\":\"a\"},\"status\":\"invalid\","
	    "\"expires\":\"2026-11-21T09:30:00Z\",\"challenges\":[" CHALLENGE "]}");
}
END_TEST

START_TEST(challenge_valid_shows_when)
{
	struct acme_authorization authorization = authorization_invalid();

	authorization.challenge_status = STATUS_VALID;
	authorization.validated = 1795253400;
	authorization.error.detail = (struct view){0};
	renders(render_challenge(BASE, &authorization),
	    "{\"type\":\"device-attest-01\",\"url\":\"" BASE "/acme/challenge/Z1\",\"status\":\"valid\","
	    "\"token\":\"T\",\"validated\":\"2026-11-21T09:30:00Z\"}");
}
END_TEST

START_TEST(orders_are_urls)
{
	struct acme_orders orders = {.ids = {view_text("O1"), view_text("O2")}, .count = 2};

	renders(render_orders(BASE, &orders),
	    "{\"orders\":[\"" BASE "/acme/order/O1\",\"" BASE "/acme/order/O2\"]}");
}
END_TEST

/* Every kind has a type that RFC 8555 or the draft registers. */
START_TEST(problem_type_of_every_kind_is_registered)
{
	static const char registered[] =
	    " accountDoesNotExist alreadyRevoked badAttestationStatement badCSR badNonce badPublicKey"
	    " badRevocationReason badSignatureAlgorithm invalidContact malformed orderNotReady"
	    " rateLimited rejectedIdentifier serverInternal unauthorized unsupportedContact"
	    " unsupportedIdentifier userActionRequired ";
	AUTO_BYTES word = {0};

	bytes_append_u8(&word, ' ');
	bytes_append(&word, render_problem_type((enum error_kind)_i),
	    strlen(render_problem_type((enum error_kind)_i)));
	bytes_append(&word, " ", 2);
	ck_assert_msg(strstr(registered, (const char *)word.data) != NULL, "%s",
	    (const char *)word.data);
}
END_TEST

START_TEST(problem_of_an_algorithm_names_those_taken)
{
	struct error err = {ERROR_BAD_SIGNATURE_ALGORITHM, "no"};

	renders(render_problem(&err, NULL),
	    "{\"type\":\"urn:ietf:params:acme:error:badSignatureAlgorithm\","
	    "\"title\":\"this signature algorithm is not supported\",\"status\":400,\"detail\":\"no\","
	    "\"algorithms\":[\"ES256\",\"ES384\",\"RS256\",\"PS256\",\"EdDSA\"]}");
}
END_TEST

START_TEST(problem_of_several_identifiers_has_subproblems)
{
	struct error         err = {ERROR_REJECTED_IDENTIFIER, "one"};
	struct acme_refusal *refusal = memory_new(sizeof *refusal);

	refusal->subproblems[0] = (struct acme_subproblem){
	    {ERROR_UNSUPPORTED_IDENTIFIER, view_text("dns")}, {view_text("dns"), view_text("a")}};
	refusal->subproblem_count = 1;
	renders(render_problem(&err, refusal),
	    "{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\","
	    "\"title\":\"no certificate is issued for this identifier\",\"status\":400,\"detail\":\"one\","
	    "\"subproblems\":[{\"type\":\"urn:ietf:params:acme:error:unsupportedIdentifier\","
	    "\"title\":\"this kind of identifier is not supported\",\"status\":400,\"detail\":\"dns\","
	    "\"identifier\":{\"type\":\"dns\",\"value\":\"a\"}}]}");
	free(refusal);
}
END_TEST

/* What a client sent may be cut off inside a character: still JSON. */
START_TEST(problem_with_a_detail_that_is_no_utf8_has_the_title)
{
	struct error    err = {ERROR_MALFORMED, "\xc3"};
	json_t         *problem = render_problem(&err, NULL);
	AUTO_FREE char *text = json_dumps(problem, JSON_COMPACT);

	ck_assert_ptr_nonnull(strstr(text, "\"detail\":\"the request cannot be decoded\""));
	json_decref(problem);
}
END_TEST

START_TEST(url_takes_ids_in_order)
{
	AUTO_FREE char *page = render_url(BASE, ACME_PATH_ORDERS_PAGE, view_text("A"), view_text("7"));
	AUTO_FREE char *link = render_link(page, "next");

	ck_assert_str_eq(page, BASE "/acme/account/A/orders/7");
	ck_assert_str_eq(link, "<" BASE "/acme/account/A/orders/7>;rel=\"next\"");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("render");
	TCase *tc = tcase_create("render");

	json_init();
	tcase_add_test(tc, directory_names_every_resource);
	tcase_add_test(tc, directory_with_terms_has_meta);
	tcase_add_test(tc, account_shows_what_it_has);
	tcase_add_test(tc, order_pending_shows_its_way);
	tcase_add_test(tc, order_valid_shows_dates_and_certificate);
	tcase_add_test(tc, challenge_invalid_shows_its_error);
	tcase_add_test(tc, authorization_shows_its_challenge);
	tcase_add_test(tc, challenge_valid_shows_when);
	tcase_add_test(tc, orders_are_urls);
	tcase_add_loop_test(tc, problem_type_of_every_kind_is_registered, 0, ERROR_KIND_COUNT);
	tcase_add_test(tc, problem_of_an_algorithm_names_those_taken);
	tcase_add_test(tc, problem_of_several_identifiers_has_subproblems);
	tcase_add_test(tc, problem_with_a_detail_that_is_no_utf8_has_the_title);
	tcase_add_test(tc, url_takes_ids_in_order);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
