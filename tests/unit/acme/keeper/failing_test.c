/*
 * Every question to the ACME server's keeper, with each statement of its store failing: it is answered, or
 * refused with a reason, and no state of an order is lost by that.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <sqlite3.h>

#include "acme/keeper/policy.h"
#include "acme_keeper_support.h"
#include "failing.h"
#include "failing_sql.h"
#include "pki/device_certificate.h"
#include "store/acme/acme.h"

static struct world_id    account;
static struct world_order last;
static unsigned           clients; /* accounts that were made for one step */

/* Nothing crashes here, so that nothing is written for good. */
int
fdatasync(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

/* ---- what fails of our own ---- */

/* A wrapped call is named so by the linker: where the keeper calls it, it fails when it has to. */
#define FAILS(name, parameters, ...)                                                              \
	int __real_##name parameters;                                                             \
	int __wrap_##name parameters;                                                             \
	int __wrap_##name parameters                                                              \
	{                                                                                         \
		return failing_now() ? error_set(err, ERROR_INTERNAL, #name " of this test fails") \
		                     : __real_##name(__VA_ARGS__);                                 \
	}

FAILS(device_certificate_issue, (const struct ca *issuer, const struct device_profile *profile,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der, struct error *err), issuer, profile,
    serial, not_after, der, err)
FAILS(policy_check_identifier, (const struct acme_policy *policy, struct view type, struct view value,
    struct error *err), policy, type, value, err)
FAILS(policy_contact, (struct view contact, char **out, struct error *err), contact, out, err)
FAILS(store_account_count, (struct store *store, int64_t since, int64_t now, uint64_t *count, struct error *err),
    store, since, now, count, err)
FAILS(store_account_prove, (struct store *store, const char *id, struct error *err), store, id, err)
FAILS(store_authorization_held, (struct store *store, const char *account_id, const char *value, int64_t now,
    bool *held, struct error *err), store, account_id, value, now, held, err)
FAILS(store_id_draw, (char id[STORE_ID_SIZE], struct error *err), id, err)
FAILS(store_order_count, (struct store *store, const char *account_id, int64_t since, int64_t now,
    uint64_t *count, int64_t *oldest, struct error *err), store, account_id, since, now, count, oldest, err)
FAILS(store_order_displace, (struct store *store, const char *id, struct error *err), store, id, err)

int __real_EVP_Digest(const void *data, size_t size, unsigned char *hash, unsigned *hash_size, const EVP_MD *digest,
    ENGINE *engine);
int __wrap_EVP_Digest(const void *data, size_t size, unsigned char *hash, unsigned *hash_size, const EVP_MD *digest,
    ENGINE *engine);
int
__wrap_EVP_Digest(const void *data, size_t size, unsigned char *hash, unsigned *hash_size, const EVP_MD *digest,
    ENGINE *engine)
{
	return failing_now() ? 0 : __real_EVP_Digest(data, size, hash, hash_size, digest, engine);
}

static int
ask(const struct acme_question *asked, enum acme_answer_kind wanted, struct acme_answer *answer,
    struct error *err)
{
	const struct acme_problem *problem = &answer->refusal.problem;

	failing_on();
	world_ask(&world, asked, answer);
	failing_off();
	if (answer->kind == wanted)
		return 0;
	ck_assert_int_eq((int)answer->kind, ACME_ANSWER_REFUSAL);
	return error_set(err, problem->kind, "%.*s", (int)problem->detail.size, (const char *)problem->detail.data);
}

static int
account_new(struct error *err)
{
	struct acme_question asked = {.kind = ACME_ACCOUNT_NEW, .flags = ACME_FLAG_CONTACTS,
	    .jwk = world_view("{\"kty\":\"EC\"}"), .contacts = {world_view("mailto:a@b.example")}, .contact_count = 1};
	struct acme_answer   answer;
	char                 thumbprint[44];

	(void)snprintf(thumbprint, sizeof thumbprint, "%043u", ++clients);
	asked.thumbprint = world_view(thumbprint);
	return ask(&asked, ACME_ANSWER_ACCOUNT, &answer, err);
}

static int
account_get(struct error *err)
{
	struct acme_question asked = question(ACME_ACCOUNT_GET, &account, NULL);
	struct acme_answer   answer;

	return ask(&asked, ACME_ANSWER_ACCOUNT, &answer, err);
}

static int
account_update(struct error *err)
{
	struct acme_question asked = question(ACME_ACCOUNT_UPDATE, &account, NULL);
	struct acme_answer   answer;

	asked.flags = ACME_FLAG_CONTACTS | ACME_FLAG_TERMS_AGREED;
	asked.contacts[asked.contact_count++] = world_view("mailto:a@b.example");
	return ask(&asked, ACME_ANSWER_ACCOUNT, &answer, err);
}

static int
account_orders(struct error *err)
{
	struct acme_question asked = question(ACME_ACCOUNT_ORDERS, &account, NULL);
	struct acme_answer   answer;

	return ask(&asked, ACME_ANSWER_ORDERS, &answer, err);
}

static int
order_new(struct error *err)
{
	struct acme_question asked = question(ACME_ORDER_NEW, &account, NULL);
	struct acme_answer   answer;

	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	return ask(&asked, ACME_ANSWER_ORDER, &answer, err);
}

/* The one before it, whose machine has not attested, gives way. */
static int
order_displace(struct error *err)
{
	struct world_id      crowd = world_account(&world, 2);
	struct acme_question asked = question(ACME_ORDER_NEW, &crowd, NULL);
	struct acme_answer   answer;

	for (int64_t i = 0; i < world.settings.policy.unattested_orders; i++)
		(void)world_order(&world, &crowd, NAME);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	return ask(&asked, ACME_ANSWER_ORDER, &answer, err);
}

static int
order_get(struct error *err)
{
	struct acme_question asked = question(ACME_ORDER_GET, &account, &last.id);
	struct acme_answer   answer;

	return ask(&asked, ACME_ANSWER_ORDER, &answer, err);
}

static int
authorization_get(struct error *err)
{
	struct acme_question asked = question(ACME_AUTHORIZATION_GET, &account, &last.authorization);
	struct acme_answer   answer;

	return ask(&asked, ACME_ANSWER_AUTHORIZATION, &answer, err);
}

static int
authorization_deactivate(struct error *err)
{
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_AUTHORIZATION_DEACTIVATE, &account, &order.authorization);
	struct acme_answer   answer;

	return ask(&asked, ACME_ANSWER_AUTHORIZATION, &answer, err);
}

static int
challenge_fail(struct error *err)
{
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	struct acme_answer   answer;

	asked.problem = (struct acme_problem){ERROR_BAD_ATTESTATION_STATEMENT, world_view("no statement")};
	return ask(&asked, ACME_ANSWER_AUTHORIZATION, &answer, err);
}

/* An honest statement is never answered by an invalid challenge. */
static int
challenge_answer(struct error *err)
{
	struct world_order     order = world_order(&world, &account, NAME);
	struct world_statement statement;
	struct acme_question   asked;
	struct acme_answer     answer;
	int                    rc;

	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE, &statement);
	asked = world_answer(&account, &order, &statement);
	rc = ask(&asked, ACME_ANSWER_AUTHORIZATION, &answer, err);
	if (rc == 0)
		ck_assert_msg(answer.authorization.challenge_status == STATUS_VALID, "%d: %.*s",
		    (int)answer.authorization.challenge_status, (int)answer.authorization.error.detail.size,
		    (const char *)answer.authorization.error.detail.data);
	world_statement_clear(&statement);
	return rc;
}

/* Nor does a failure spoil an order that is ready. */
static int
order_finalize(struct error *err)
{
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	struct acme_question get = question(ACME_ORDER_GET, &account, &order.id);
	struct acme_answer   answer;
	AUTO_BYTES           csr = {0};
	int                  rc;

	world_attest(&world, &account, 0, &order, NAME);
	world_csr(world_device_key(), NULL, NULL, &csr);
	asked.csr = bytes_view(&csr);
	rc = ask(&asked, ACME_ANSWER_ORDER, &answer, err);
	if (rc == 0 || failing_lasts())
		return rc;
	world_ask(&world, &get, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ORDER);
	ck_assert_msg(answer.order.status == STATUS_READY || answer.order.status == STATUS_VALID, "%s: %d",
	    err->detail, (int)answer.order.status);
	return rc;
}

static int
certificate_revoke(struct error *err)
{
	struct world_order   order = world_order(&world, &account, NAME);
	struct acme_question asked = question(ACME_CERTIFICATE_REVOKE, &account, NULL);
	struct acme_answer   answer;
	AUTO_BYTES           leaf = {0};

	world_attest(&world, &account, 0, &order, NAME);
	(void)world_finalize(&world, &account, &order, NAME, &leaf);
	asked.certificate = bytes_view(&leaf);
	return ask(&asked, ACME_ANSWER_DONE, &answer, err);
}

typedef int step(struct error *err);

static step *const steps[] = {account_new, account_get, account_update, account_orders, order_new, order_displace, order_get,
    authorization_get, authorization_deactivate, challenge_fail, challenge_answer, order_finalize,
    certificate_revoke};

static int
step_run(const void *arg, struct error *err)
{
	return steps[*(const int *)arg](err);
}

static void
setup_plenty(void)
{
	world_make(&world);
	world.settings.policy.accounts_per_hour = world.settings.policy.orders_per_hour = 100000;
	world.settings.policy.unattested_orders = 2;
	world_start(&world);
	account = world_account(&world, 0);
	last = world_order(&world, &account, NAME);
}

START_TEST(question_whose_statements_fail_is_answered_or_refused)
{
	failing_every(2, (unsigned)_i % 2);
	failing_each(step_run, &_i);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme/keeper/failing");
	TCase *tc = tcase_create("failing");

	failing_paths();
	failing_sql(SQLITE_IOERR);
	failing_among_threads();
	tcase_add_checked_fixture(tc, setup_plenty, teardown);
	tcase_add_loop_test(tc, question_whose_statements_fail_is_answered_or_refused, 0,
	    sizeof steps / sizeof steps[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
