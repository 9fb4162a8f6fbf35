/*
 * The attestation CA's keeper when something of its own fails: a question is answered, or refused with a reason; it
 * does not start, and says why, or goes on and says so once.
 */
#include "config.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "attestation/keeper/copies.h"
#include "attestation/keeper/issuers.h"
#include "attestation/keeper/vendor_trust.h"
#include "failing.h"
#include "keeper_world.h"
#include "pki/ak_certificate.h"
#include "service/keeper/keeper.h"
#include "service/keeper/shelf.h"
#include "store/inventory/batch.h"
#include "store/inventory/evidence.h"
#include "store/inventory/trust.h"
#include "store/inventory/waiting.h"
#include "tpm/ak.h"

/* ---- what fails ---- */

/* Once, where a question comes by; or as long as it is told to. */
enum { NOTHING, CONFINEMENT, COPIES, IMPORT, ISSUERS, SHELF, VENDORS };

static atomic_int fails;
static atomic_int failures; /* of it, so far */

/* A wrapped call is named so by the linker. */
#define FAILS(name, number, parameters, ...)                                                       \
	int __real_##name parameters;                                                              \
	int __wrap_##name parameters;                                                              \
	int __wrap_##name parameters                                                               \
	{                                                                                          \
		if ((number) == NOTHING ? !failing_now() : fails != (number))                      \
			return __real_##name(__VA_ARGS__);                                         \
		failures++;                                                                        \
		return error_set(err, ERROR_INTERNAL, #name " of this test fails");                \
	}

FAILS(ak_certificate_issue, NOTHING, (const struct ca *issuer, const struct ak_profile *profile,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der, struct error *err), issuer, profile,
    serial, not_after, der, err)
FAILS(store_device_find_with, NOTHING, (struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], unsigned lists,
    struct store_device *out, struct error *err), store, ek_hash, lists, out, err)
FAILS(store_device_at, NOTHING, (struct store *store, int64_t row, unsigned lists, struct store_device *out,
    struct error *err), store, row, lists, out, err)
FAILS(store_evidence_record, NOTHING, (struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, struct view certificate, int64_t now, struct error *err), store, ek_hash,
    evidence, certificate, now, err)
FAILS(store_waiting_add, NOTHING, (struct store *store, const struct store_waiting *entry, size_t max, int64_t now,
    struct waiting_shares *shares, bool *denied, struct error *err), store, entry, max, now, shares, denied, err)
FAILS(store_waiting_find, NOTHING, (struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_waiting *out, struct error *err), store, ek_hash, out, err)
FAILS(tpm_ak_decode_again, NOTHING, (struct view public, struct tpm_ak *ak, struct error *err), public, ak, err)
FAILS(copies_refresh, COPIES, (struct copies *copies, struct shelf *shelf, struct error *err), copies, shelf, err)
FAILS(issuers_refresh, ISSUERS, (struct issuers *issuers, struct store *store, int64_t now, struct error *err), issuers,
    store, now, err)
FAILS(service_keeper_confine, CONFINEMENT, (struct service_keeper *keeper, struct error *err), keeper, err)
FAILS(shelf_put, SHELF, (struct shelf *shelf, const char *name, struct view content, struct error *err), shelf, name,
    content, err)
FAILS(store_batch_sweep, IMPORT, (struct store *store, bool *more, struct error *err), store, more, err)
FAILS(vendor_trust_refresh, VENDORS, (struct shared *vendors, struct store *store, bool *fresh, struct error *err),
    vendors, store, fresh, err)

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

int __real_RAND_priv_bytes(unsigned char *out, int size);
int __wrap_RAND_priv_bytes(unsigned char *out, int size);
int
__wrap_RAND_priv_bytes(unsigned char *out, int size)
{
	return failing_now() ? 0 : __real_RAND_priv_bytes(out, size);
}

/* ---- questions ---- */

static void
setup(void)
{
	world_prepare();
	fixture.settings.device_certificates = 100000;
	world_start();
}

static int
challenge_run(const void *arg, struct error *err)
{
	struct attestation_question question = challenge_question();
	struct attestation_answer   answer;
	AUTO_BYTES                  body = {0};
	int                         rc;

	(void)arg;
	failing_on();
	rc = ask(fixture.front, &question, &body, &answer, err);
	failing_off();
	return rc;
}

START_TEST(challenge_of_which_a_call_fails_is_answered_or_refused)
{
	failing_each(challenge_run, NULL);
}
END_TEST

static int
certify_run(const void *arg, struct error *err)
{
	AUTO_BYTES                  secret = {0};
	AUTO_BYTES                  body = {0};
	struct attestation_question question;
	struct attestation_answer   answer;
	int                         rc;

	(void)arg;
	secret_get(fixture.front, &secret);
	question = certify_question(&secret);
	failing_on();
	rc = ask(fixture.front, &question, &body, &answer, err);
	failing_off();
	if (rc == 0)
		ck_assert_uint_gt(answer.first.size, 0);
	return rc;
}

START_TEST(certify_of_which_a_call_fails_gives_a_certificate_or_none)
{
	failing_each(certify_run, NULL);
}
END_TEST

/* Another one each time: one that asks again is held back. */
static int
stranger_run(const void *arg, struct error *err)
{
	static unsigned             count;
	struct attestation_question question = challenge_question();
	struct attestation_answer   answer;
	struct forge_ek             ek = {0};
	AUTO_BYTES                  body = {0};
	char                        peer[64];
	int                         rc;

	(void)arg;
	forge_ek_make(FORGE_P256, &ek);
	(void)snprintf(peer, sizeof peer, "10.%u.%u.1:5", count / 250 % 250, count % 250);
	count++;
	question.peer = view_text(peer);
	question.challenge.ek = bytes_view(&ek.spki);
	question.challenge.ek_public = bytes_view(&ek.public);
	failing_on();
	rc = ask(fixture.front, &question, &body, &answer, err);
	failing_off();
	forge_ek_clear(&ek);
	return rc;
}

START_TEST(stranger_gets_nothing_whatever_fails)
{
	failing_refuses(stranger_run, NULL);
}
END_TEST

/* ---- the start, and while it runs ---- */

static FILE *record;

static void
log_to_file(void)
{
	ck_assert_ptr_nonnull(record = tmpfile());
	ck_assert_int_ge(dup2(fileno(record), STDERR_FILENO), 0);
	log_open("keeper_failing_test", LOG_LEVEL_INFO);
}

static int
count_lines(const char *wanted)
{
	char line[2048];
	int  count = 0;

	rewind(record);
	while (fgets(line, sizeof line, record) != NULL)
		count += strstr(line, wanted) != NULL;
	return count;
}

static const struct {
	int         fails;
	const char *detail;
} starts[] = {
    {CONFINEMENT, "service_keeper_confine of this test fails"},
    {VENDORS, "vendor_trust_refresh of this test fails"},
    {ISSUERS, "issuers_refresh of this test fails"},
};

START_TEST(start_that_fails_says_why)
{
	struct error err = {0};

	unit_ok(config_file_complete(attestation_settings_schema(), NULL, &fixture.settings, &err), &err);
	fails = starts[_i].fails;
	unit_fails(attestation_keeper_run(&fixture.settings, -1, false, "nowhere", &err), &err, ERROR_INTERNAL,
	    starts[_i].detail);
}
END_TEST

static void
world_forget(void)
{
	config_file_clear(attestation_settings_schema(), &fixture.settings);
	forge_ak_clear(&fixture.ak);
	forge_ek_clear(&fixture.ek);
	scratch_remove(fixture.directory);
}

/* What is tried each second is said once where its reason is the same, or each time. */
static const struct {
	int         fails;
	const char *line;
	bool        once;
} ticks[] = {
    {ISSUERS, " event=crl reason=\"issuers_refresh of this test fails\"", true},
    {COPIES, " event=publish reason=\"copies_refresh of this test fails\"", true},
    {VENDORS, " event=trust reason=\"vendor_trust_refresh of this test fails\"", false},
    {IMPORT, " event=import reason=\"store_batch_sweep of this test fails\"", false},
};

START_TEST(tick_that_fails_says_so)
{
	AUTO_BYTES secret = {0};

	log_to_file();
	world_start();
	secret_get(fixture.front, &secret); /* it has started */
	fails = ticks[_i].fails;
	while (failures < 3 || count_lines(ticks[_i].line) < (ticks[_i].once ? 1 : 2)) /* the third turn has come */
		(void)poll(NULL, 0, 20);
	if (ticks[_i].once)
		ck_assert_int_eq(count_lines(ticks[_i].line), 1);
	fails = NOTHING;
}
END_TEST

/* It serves without the file, and says which. */
START_TEST(start_without_room_for_a_file_says_so)
{
	AUTO_BYTES secret = {0};

	log_to_file();
	fails = SHELF;
	world_start();
	while (count_lines(" event=file reason=\"shelf_put of this test fails\"") == 0)
		(void)poll(NULL, 0, 20);
	fails = NOTHING;
	secret_get(fixture.front, &secret);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keeper_failing");
	TCase *questions = tcase_create("questions");
	TCase *starting = tcase_create("starts");
	TCase *running = tcase_create("running");

	failing_paths();
	failing_among_threads();
	(void)forge_key(FORGE_RSA2048, 0); /* before Check forks */
	(void)forge_key(FORGE_RSA2048, 1);
	tcase_add_checked_fixture(questions, setup, world_end);
	tcase_add_checked_fixture(starting, world_prepare, world_forget);
	tcase_add_checked_fixture(running, world_prepare, world_end);
	tcase_add_test(questions, challenge_of_which_a_call_fails_is_answered_or_refused);
	tcase_add_test(questions, certify_of_which_a_call_fails_gives_a_certificate_or_none);
	tcase_add_test(questions, stranger_gets_nothing_whatever_fails);
	tcase_add_loop_test(starting, start_that_fails_says_why, 0, sizeof starts / sizeof starts[0]);
	tcase_add_loop_test(running, tick_that_fails_says_so, 0, sizeof ticks / sizeof ticks[0]);
	tcase_add_test(running, start_without_room_for_a_file_says_so);
	suite_add_tcase(suite, questions);
	suite_add_tcase(suite, starting);
	suite_add_tcase(suite, running);
	return unit_run(suite);
}
