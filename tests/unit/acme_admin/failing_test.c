/* Every command of attest-acmed, with each statement of its store and each of its system calls,
 * digests, keys and certificates failing. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "acme_admin/commands.h"
#include "command_failing.h"
#include "failing_calls.h"
#include "failing_crypto.h"
#include "failing_sql.h"
#include "pki_support.h"
#include "store/acme/acme.h"
#include "util/file.h"

#define ID_1 "AAAAAAAAAAAAAAAAAAAAAA"
#define ID_2 "BBBBBBBBBBBBBBBBBBBBBB"
#define ID_3 "CCCCCCCCCCCCCCCCCCCCCC"
#define EK   "0100000000000000000000000000000000000000000000000000000000000000"

#define COMMAND(...) {&acme_admin_program, {__VA_ARGS__, NULL}}

static struct pki   pki;
static struct error err;

static const struct failing_command init = COMMAND("init", "--attestation-roots", "@roots.pem", "--dns-name",
    "localhost");

/* An account with a pending order and two certificates of "laptop". */
static void
store_fill(void)
{
	static const char   *const certificates[] = {"DDDDDDDDDDDDDDDDDDDDDD", "EEEEEEEEEEEEEEEEEEEEEE"};
	char                 laptop[] = "laptop";
	char                 contact[] = "mailto:a@b.example";
	struct store_account account = {.id = ID_1, .status = STATUS_VALID, .jwk = laptop, .thumbprint = "key",
	    .contacts = {contact}, .contact_count = 1, .created = 10};
	struct store_order   order = {.id = ID_2, .account = ID_1, .status = STATUS_PENDING, .expires = 20,
	    .authorization_count = 1};
	struct store        *store;

	order.authorizations[0] = (struct store_authorization){.id = ID_3, .token = "t", .type = laptop,
	    .value = laptop};
	unit_ok(store_acme_open(state, &store, &err), &err);
	unit_ok(store_account_add(store, &account, &err), &err);
	unit_ok(store_order_add(store, &order, &err), &err);
	for (uint8_t i = 0; i < 2; i++) {
		struct store_issued issued = {.account = ID_1, .order = ID_2, .serial = {0x40, i}, .serial_size = 2,
		    .names = laptop, .witness = laptop, .not_after = INT64_C(4102444800)};

		(void)snprintf(issued.id, sizeof issued.id, "%s", certificates[i]);
		bytes_append(&issued.der, "der", 3);
		unit_ok(store_issued_add(store, &issued, &err), &err);
		bytes_clear(&issued.der);
	}
	store_close(store);
}

/* What init takes: the root of AK certificates. */
static void
put_roots(void)
{
	AUTO_FREE char *path = file_join(place, "roots.pem");
	AUTO_BYTES      pem = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	unit_ok(file_create(path, pem.data, pem.size, 0600, &err), &err);
	state_keep();
}

static void
setup(void)
{
	state_make();
	put_roots();
	ck_assert_int_eq(command_try(&init, &err), 0);
	store_fill();
	state_keep();
}

static void
teardown(void)
{
	pki_clear(&pki);
	state_remove();
}

static const struct failing_command commands[] = {
    COMMAND("certificates"),
    COMMAND("certificates", "--json", "--valid"),
    COMMAND("show", "laptop"),
    COMMAND("show", "4000", "--json"),
    COMMAND("revoke", "4000", "4001"),
    COMMAND("revoke", "--name", "laptop", "--json"),
    COMMAND("revoke", "--ek", EK),
    COMMAND("crl"),
    COMMAND("seen"),
    COMMAND("orders"),
    COMMAND("orders", "--json"),
    COMMAND("accounts"),
    COMMAND("accounts", "--json"),
};

START_TEST(command_that_fails_says_so)
{
	struct failing_command command = commands[_i];

	unit_ok(command_try(&command, &err), &err);
	failing_every(3, (unsigned)_i % 3);
	failing_each(command_try, &command);
}
END_TEST

static void
setup_fresh(void)
{
	state_make();
	put_roots();
}

START_TEST(init_that_fails_says_so_and_leaves_nothing)
{
	unit_ok(command_try(&init, &err), &err);
	failing_every(3, 0);
	failing_each(command_try_again, &init);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tc;

	failing_paths();
	failing_calls(EIO);
	failing_crypto();
	failing_sql(SQLITE_IOERR);
	suite = suite_create("acme_admin/failing");
	tc = tcase_create("failing");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, command_that_fails_says_so, 0, sizeof commands / sizeof commands[0]);
	suite_add_tcase(suite, tc);
	tc = tcase_create("fresh");
	tcase_add_checked_fixture(tc, setup_fresh, teardown);
	tcase_add_test(tc, init_that_fails_says_so_and_leaves_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
