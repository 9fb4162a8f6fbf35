/*
 * What the tests of the ACME server's keeper share: one world, questions about its
 * objects, and the suite that they are run in.
 */
#ifndef TESTS_UNIT_ACME_KEEPER_SUPPORT_H
#define TESTS_UNIT_ACME_KEEPER_SUPPORT_H

#include <stdbool.h>
#include <string.h>

#include <openssl/x509.h>

#include "acme_world.h"
#include "forge.h"
#include "pki/ca.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NAME "laptop-17"

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, sizeof table / sizeof table[0])

static struct world world;

static inline void
setup(void)
{
	world_make(&world);
}

static inline void
setup_started(void)
{
	setup();
	world_start(&world);
}

static inline void
teardown(void)
{
	world_clear(&world);
}

/* A question of an account about an object. */
static inline struct acme_question
question(enum acme_question_kind kind, const struct world_id *account, const struct world_id *object)
{
	return (struct acme_question){
	    .kind = kind,
	    .account = world_view(account->text),
	    .object = object != NULL ? world_view(object->text) : (struct view){0},
	};
}

static inline enum status
order_status(const struct world_id *account, const struct world_order *order)
{
	struct acme_question asked = question(ACME_ORDER_GET, account, &order->id);
	struct acme_answer   answer;

	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ORDER);
	return answer.order.status;
}

/* Answers a challenge and asserts that it is now invalid, and so all that hangs on it. */
static inline void
challenge_fails(const struct acme_question *asked, const struct world_id *account,
    const struct world_order *order, const char *detail)
{
	struct acme_question get = question(ACME_ORDER_GET, account, &order->id);
	struct acme_answer   answer;
	struct view          found;

	world_ask(&world, asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_AUTHORIZATION);
	found = answer.authorization.error.detail;
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_INVALID);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_INVALID);
	ck_assert_int_eq((int)answer.authorization.error.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_msg(view_equal(found, world_view(detail)), "%.*s", (int)found.size,
	    (const char *)found.data);
	world_ask(&world, &get, &answer);
	ck_assert_int_eq((int)answer.order.status, STATUS_INVALID);
	ck_assert(view_equal(answer.order.error.detail, world_view(detail)));
}

/* A CRL of the attestation CA that lists the AK certificate. */
static inline void
attestation_crl_write(const char *path, const struct bytes *revoked, int64_t now, int64_t lifetime)
{
	static uint64_t   number; /* of the last; an older one would not be believed */
	struct ca_revoked entry = {.when = now};
	struct error      err = {0};
	AUTO_BYTES        der = {0};

	if (revoked != NULL) {
		X509 *certificate = d2i_X509(NULL, &(const unsigned char *){revoked->data},
		    (long)revoked->size);
		const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);

		entry.serial_size = (size_t)ASN1_STRING_length(serial);
		memcpy(entry.serial, ASN1_STRING_get0_data(serial), entry.serial_size);
		X509_free(certificate);
	}
	unit_ok(ca_crl_create(&world.attestation, ++number, &entry, revoked != NULL ? 1 : 0, now,
	            lifetime, &der, &err), &err);
	unit_ok(file_replace(path, der.data, der.size, 0600, &err), &err);
}

/* A suite, with the keys that all its cases share made before they fork. */
static inline Suite *
keeper_suite(const char *name)
{
	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 1);
	(void)forge_key(FORGE_P256, 2);
	return suite_create(name);
}

static inline TCase *
keeper_case(Suite *suite, const char *name, void (*set_up)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, teardown);
	suite_add_tcase(suite, tc);
	return tc;
}

#endif
