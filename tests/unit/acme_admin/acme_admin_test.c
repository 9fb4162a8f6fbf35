/* What the administration of attest-acmed prints and does, on a store that has something in it. */
#include "config.h"

#include <string.h>

#include <jansson.h>
#include <openssl/pem.h>

#include "acme_admin/commands.h"
#include "acme_world.h"
#include "ca/files.h"
#include "command_answer.h"
#include "pki/certificate.h"
#include "pki_support.h"
#include "records.h"
#include "store/acme/acme.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

static struct world world;
static struct error err;

static void
issued_add_chain(struct store *store, uint8_t serial, const char *name, int64_t not_after, struct view chain)
{
	struct store_issued issued = {
	    .account = "AAAAAAAAAAAAAAAAAAAAAA",
	    .order = "BBBBBBBBBBBBBBBBBBBBBB",
	    .serial = {0x40, serial},
	    .serial_size = 2,
	    .names = memory_strdup(name),
	    .witness = memory_strdup("AK certificate 42"),
	    .not_after = not_after,
	};

	unit_ok(store_id_draw(issued.id, &err), &err);
	bytes_append(&issued.der, "der", 3);
	if (chain.size != 0)
		bytes_append(&issued.chain, chain.data, chain.size);
	unit_ok(store_issued_add(store, &issued, &err), &err);
	store_issued_clear(&issued);
}

static void
issued_add(struct store *store, uint8_t serial, const char *name, int64_t not_after)
{
	issued_add_chain(store, serial, name, not_after, (struct view){NULL, 0});
}

/* Two good ones of "laptop" and one that expired, and one of a name that is no text for a terminal. */
static void
setup(void)
{
	int64_t              later = INT64_C(4102444800);
	struct store        *store;
	struct store_account account = {.status = STATUS_VALID, .created = 10};
	struct store_order   order = {.status = STATUS_PENDING, .expires = 20, .authorization_count = 1};

	world_make(&world);
	unit_ok(store_acme_open(world.state_dir, &store, &err), &err);
	issued_add(store, 1, "laptop", later);
	issued_add(store, 2, "laptop", later);
	issued_add(store, 3, "laptop", 10);
	issued_add(store, 4, "\x1b[31m", later);
	(void)snprintf(account.id, sizeof account.id, "AAAAAAAAAAAAAAAAAAAAAA"); /* the certificates' */
	account.jwk = memory_strdup("{}");
	account.contacts[account.contact_count++] = memory_strdup("mailto:a@example.org");
	(void)snprintf(account.thumbprint, sizeof account.thumbprint, "key");
	unit_ok(store_account_add(store, &account, &err), &err);
	unit_ok(store_id_draw(order.id, &err), &err);
	(void)snprintf(order.account, sizeof order.account, "%s", account.id);
	order.authorizations[0] = (struct store_authorization){
	    .id = "CCCCCCCCCCCCCCCCCCCCCC",
	    .token = "t",
	    .type = memory_strdup("permanent-identifier"),
	    .value = memory_strdup("laptop"),
	};
	unit_ok(store_order_add(store, &order, &err), &err);
	store_order_clear(&order);
	store_account_clear(&account);
	store_close(store);
}

static void
teardown(void)
{
	world_clear(&world);
}

/* Runs a command with up to three arguments; returns what it printed, which the caller frees. */
static char *
answer(int wanted, const char *command, const char *first, const char *second, const char *third)
{
	return memory_strdup(
	    answer_run(&acme_admin_program, world.state_dir, wanted, ANSWER_WORDS(command, first, second, third)));
}

static json_t *
answer_json(const char *command, const char *first)
{
	AUTO_FREE char *text = answer(0, command, "--json", first, NULL);
	json_error_t    where;
	json_t         *parsed = json_loads(text, JSON_REJECT_DUPLICATES, &where);

	ck_assert_msg(parsed != NULL, "%s: %s", where.text, text);
	return parsed;
}

START_TEST(certificates_are_listed_with_their_state)
{
	AUTO_FREE char *text = answer(0, "certificates", NULL, NULL, NULL);

	ck_assert_str_eq(text,
	    "SERIAL                                    NOT AFTER             STATE                         NAME\n"
	    "4001                                      2100-01-01T00:00:00Z  good                          laptop\n"
	    "4002                                      2100-01-01T00:00:00Z  good                          laptop\n"
	    "4003                                      1970-01-01T00:00:10Z  expired                       laptop\n"
	    "4004                                      2100-01-01T00:00:00Z  good                          \\x1b[31m\n");
}
END_TEST

START_TEST(certificates_valid_are_those_that_are_good)
{
	AUTO_FREE char *text = NULL;

	free(answer(0, "revoke", "40:01", NULL, NULL));
	text = answer(0, "certificates", "--valid", NULL, NULL);
	ck_assert_ptr_null(strstr(text, "4001"));
	ck_assert_ptr_nonnull(strstr(text, "4002"));
	ck_assert_ptr_null(strstr(text, "4003"));
}
END_TEST

START_TEST(certificates_json_have_all_fields)
{
	json_t     *list = answer_json("certificates", NULL);
	const char *serial = NULL;
	const char *name = NULL;
	int         good = 0;

	ck_assert_uint_eq(json_array_size(list), 4);
	ck_assert_int_eq(json_unpack(json_array_get(list, 0),
	                     "{s:s, s:s, s:s, s:s, s:s, s:n, s:s, s:s, s:n, s:n, s:b !}", "serial", &serial,
	                     "name", &name, "account", &(const char *){NULL}, "order",
	                     &(const char *){NULL}, "witness", &(const char *){NULL}, "ek_hash", "not_before",
	                     &(const char *){NULL}, "not_after", &(const char *){NULL}, "revoked",
	                     "reason", "good", &good), 0);
	ck_assert_str_eq(serial, "4001");
	ck_assert_str_eq(name, "laptop");
	ck_assert_int_eq(good, 1);
	json_decref(list);
}
END_TEST

START_TEST(show_finds_by_serial_and_by_name)
{
	json_t *one = answer_json("show", "40:02");
	json_t *same = answer_json("show", "0x4002");
	json_t *three = answer_json("show", "laptop");
	AUTO_FREE char *text = answer(0, "show", "4001", NULL, NULL);

	ck_assert_uint_eq(json_array_size(one), 1);
	ck_assert(json_equal(one, same));
	ck_assert_uint_eq(json_array_size(three), 3);
	ck_assert_ptr_nonnull(strstr(text, "attested  AK certificate 42\n"));
	json_decref(one);
	json_decref(same);
	json_decref(three);
	free(answer(1, "show", "nobody", NULL, NULL));
}
END_TEST

/* Whose key an AK certificate attests to says its URN, and no other URI. */
START_TEST(show_takes_the_ek_from_its_urn_only)
{
	static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
	static const char *const uris[] = {
	    "urn:ek:sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", hex, "urn:ek:sha1:x"};
	struct store     *store;
	json_t           *list;
	char              extensions[256];

	unit_ok(store_acme_open(world.state_dir, &store, &err), &err);
	for (size_t i = 0; i < 3; i++) {
		X509      *ak;
		AUTO_BYTES der = {0};

		(void)snprintf(extensions, sizeof extensions, "[ext]\nsubjectAltName=URI:%s\n", uris[i]);
		ak = pki_forge(&(struct pki_forgery){
		    .key = world.issuing.key, .common_name = "AK", .extensions = extensions});
		unit_ok(certificate_encode(ak, &der, &err), &err);
		issued_add_chain(store, (uint8_t)(16 + i), "witnessed", INT64_C(4102444800), bytes_view(&der));
		X509_free(ak);
	}
	store_close(store);
	list = answer_json("show", "witnessed");
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "ek_hash")), hex);
	ck_assert(json_is_null(json_object_get(json_array_get(list, 1), "ek_hash")));
	ck_assert(json_is_null(json_object_get(json_array_get(list, 2), "ek_hash")));
	json_decref(list);
}
END_TEST

START_TEST(revoke_of_a_name_takes_all_that_are_good)
{
	AUTO_FREE char *text = answer(0, "revoke", "laptop", "--reason", "keyCompromise");
	json_t         *list = answer_json("show", "laptop");
	int64_t         reason;

	ck_assert(strncmp(text, "revoked 2 certificates; ", 24) == 0);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(json_is_string(json_object_get(json_array_get(list, i), "revoked")));
		reason = json_integer_value(json_object_get(json_array_get(list, i), "reason"));
		ck_assert_int_eq(reason, 1);
	}
	ck_assert(json_is_null(json_object_get(json_array_get(list, 2), "revoked")));
	json_decref(list);
	free(answer(1, "revoke", "laptop", NULL, NULL));
}
END_TEST

START_TEST(revoke_is_all_or_nothing)
{
	json_t *list;

	free(answer(1, "revoke", "4001", "nobody", NULL));
	free(answer(2, "revoke", "4001", "--reason", "boredom"));
	list = answer_json("show", "4001");
	ck_assert(json_is_null(json_object_get(json_array_get(list, 0), "revoked")));
	json_decref(list);
}
END_TEST

/* The CRL, once this certificate is on it; the caller frees. */
static char *
answer_after_revoking(const char *serial)
{
	free(answer(0, "revoke", serial, NULL, NULL));
	return answer(0, "crl", NULL, NULL, NULL);
}

START_TEST(crl_is_signed_and_lists_what_was_revoked)
{
	AUTO_FREE char *text = answer_after_revoking("4002");
	AUTO_FREE char *path = file_join(world.state_dir, STATE_CRL_PEM);
	AUTO_BYTES      file = {0};
	ASN1_INTEGER   *serial = ASN1_INTEGER_new();
	X509_REVOKED   *found = NULL;
	BIO            *bio = BIO_new_mem_buf(text, -1);
	X509_CRL       *issuing = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	X509_CRL       *root = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

	ck_assert_int_eq(X509_CRL_verify(issuing, world.issuing.key), 1);
	ck_assert_int_eq(X509_CRL_verify(root, world.root.key), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(serial, 0x4002), 1);
	ck_assert_int_eq(X509_CRL_get0_by_serial(issuing, &found, serial), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(serial, 0x4001), 1);
	ck_assert_int_eq(X509_CRL_get0_by_serial(issuing, &found, serial), 0);
	unit_ok(file_read(path, 1 << 16, &file, &err), &err);
	ck_assert_uint_eq(file.size, strlen(text));
	ck_assert_mem_eq(file.data, text, file.size);
	ASN1_INTEGER_free(serial);
	X509_CRL_free(issuing);
	X509_CRL_free(root);
	BIO_free(bio);
}
END_TEST

/* How long the CRL lives that a command signed. */
static int64_t
lifetime_of(int64_t *number)
{
	AUTO_FREE char *path = file_join(world.state_dir, STATE_ISSUING_CRL);
	AUTO_BYTES      der = {0};
	struct ca_crl   content;
	int64_t         lifetime;

	unit_ok(file_read(path, 1 << 16, &der, &err), &err);
	unit_ok(ca_crl_read(world.issuing.certificate, bytes_view(&der), &content, &err), &err);
	lifetime = content.next_update - content.this_update;
	*number = (int64_t)content.number;
	ca_crl_clear(&content);
	return lifetime;
}

START_TEST(crl_lives_as_long_as_the_one_that_is_there_or_as_wanted)
{
	int64_t first;
	int64_t second;
	int64_t third;

	free(answer(0, "crl", NULL, NULL, NULL));
	ck_assert_int_eq(lifetime_of(&first), INT64_C(7) * 86400);
	free(answer(0, "crl", "--lifetime", "30d", NULL));
	ck_assert_int_eq(lifetime_of(&second), INT64_C(30) * 86400);
	ck_assert_int_gt(second, first);
	free(answer(0, "crl", NULL, NULL, NULL));
	ck_assert_int_eq(lifetime_of(&third), INT64_C(30) * 86400);
	ck_assert_int_gt(third, second);
	free(answer(2, "crl", "--lifetime", "59m", NULL));
	free(answer(2, "crl", "--lifetime", "366d", NULL));
	ck_assert_int_eq(lifetime_of(&first), INT64_C(30) * 86400);
	ck_assert_int_eq(first, third);
}
END_TEST

START_TEST(crl_json_has_the_number_of_what_was_signed)
{
	json_t *object = answer_json("crl", NULL);
	int64_t number;

	(void)lifetime_of(&number);
	ck_assert_int_eq((int64_t)json_integer_value(json_object_get(object, "number")), number);
	ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(object, "crl")), "BEGIN X509 CRL"));
	json_decref(object);
}
END_TEST

START_TEST(orders_and_accounts_are_listed)
{
	json_t         *orders = answer_json("orders", NULL);
	json_t         *accounts = answer_json("accounts", NULL);
	AUTO_FREE char *orders_text = answer(0, "orders", NULL, NULL, NULL);
	AUTO_FREE char *accounts_text = answer(0, "accounts", NULL, NULL, NULL);

	ck_assert_uint_eq(json_array_size(orders), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(orders, 0), "status")), "invalid");
	ck_assert_uint_eq(json_array_size(accounts), 1);
	ck_assert_str_eq(json_string_value(json_array_get(
	                     json_object_get(json_array_get(accounts, 0), "contacts"), 0)),
	    "mailto:a@example.org");
	ck_assert_str_eq(json_string_value(json_array_get(
	                     json_object_get(json_array_get(accounts, 0), "names"), 1)), "laptop");
	ck_assert_ptr_nonnull(strstr(accounts_text, "valid        \\x1b[31m, laptop  mailto:"));
	ck_assert_ptr_nonnull(strstr(orders_text, "laptop"));
	ck_assert_ptr_nonnull(strstr(accounts_text, "mailto:a@example.org"));
	json_decref(orders);
	json_decref(accounts);
}
END_TEST

START_TEST(init_takes_so_many_names_and_no_more)
{
	const char *words[2 * 65 + 4] = {"init", "--attestation-roots", "roots.pem"};

	for (size_t i = 0; i < 65; i++) {
		words[3 + 2 * i] = "--dns-name";
		words[4 + 2 * i] = "localhost";
	}
	(void)answer_run(&acme_admin_program, "/nonexistent", 2, words);
	ck_assert_msg(strstr(answered.err, "--dns-name may be given 64 times") != NULL, "%s", answered.err);
}
END_TEST

START_TEST(every_command_has_a_record_that_is_whole)
{
	records_check(&acme_admin_program, 7);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_admin");
	TCase *tc = tcase_create("admin");

	(void)forge_key(FORGE_RSA2048, 0);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, certificates_are_listed_with_their_state);
	tcase_add_test(tc, certificates_valid_are_those_that_are_good);
	tcase_add_test(tc, certificates_json_have_all_fields);
	tcase_add_test(tc, show_finds_by_serial_and_by_name);
	tcase_add_test(tc, show_takes_the_ek_from_its_urn_only);
	tcase_add_test(tc, revoke_of_a_name_takes_all_that_are_good);
	tcase_add_test(tc, revoke_is_all_or_nothing);
	tcase_add_test(tc, crl_is_signed_and_lists_what_was_revoked);
	tcase_add_test(tc, crl_lives_as_long_as_the_one_that_is_there_or_as_wanted);
	tcase_add_test(tc, crl_json_has_the_number_of_what_was_signed);
	tcase_add_test(tc, orders_and_accounts_are_listed);
	tcase_add_test(tc, init_takes_so_many_names_and_no_more);
	tcase_add_test(tc, every_command_has_a_record_that_is_whole);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
