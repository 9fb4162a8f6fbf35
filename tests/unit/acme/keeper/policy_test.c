/* Who gets a certificate, and which. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "acme/keeper/policy.h"
#include "acme/message.h"
#include "acme/settings.h"
#include "pki/csr.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NOW  1800000000
#define HOUR 3600
#define DAY  (24 * HOUR)

static struct acme_settings settings;
static struct acme_policy  *policy = &settings.policy;
static struct error         err;

static struct view
view(const char *text)
{
	return view_text(text);
}

static void
setup(void)
{
	memset(&settings, 0, sizeof settings);
	memset(&err, 0, sizeof err);
	unit_ok(config_file_complete(acme_settings_schema(), NULL, &settings, &err), &err);
}

static void
teardown(void)
{
	config_file_clear(acme_settings_schema(), &settings);
}

static void
list_set(struct config_list *list, const char *first, const char *second)
{
	config_list_clear(list);
	if (first != NULL)
		config_list_append(list, first);
	if (second != NULL)
		config_list_append(list, second);
}

START_TEST(a_policy_of_zeroes_refuses_everything)
{
	struct acme_policy zero = {0};
	EVP_PKEY          *key = EVP_EC_gen("P-256");
	struct csr         csr = {0};
	int64_t            not_before;
	int64_t            not_after;

	ck_assert_int_eq(policy_check_identifier(&zero, view("permanent-identifier"), view("a"), &err), -1);
	ck_assert_int_eq(policy_check_key(&zero, key, &err), -1);
	ck_assert_int_eq(policy_check_validity(&zero, 0, NOW + 1, NOW, &err), -1);
	ck_assert_int_eq(policy_validity(&zero, NOW - 300, 0, 0, NOW, &not_before, &not_after, &err), -1);
	ck_assert_int_eq(policy_check_csr(&zero, &csr, "a", (struct view){0}, &err), -1);
	EVP_PKEY_free(key);
}
END_TEST

static const struct {
	const char     *type;
	const char     *value;
	const char     *allow;
	const char     *deny;
	const char     *dns;
	enum error_kind kind;
	const char     *detail; /* NULL: it passes */
} identifiers[] = {
    {"permanent-identifier", "laptop", "*", NULL, NULL, 0, NULL},
    {"permanent-identifier", "laptop", "lap*", NULL, NULL, 0, NULL},
    {"permanent-identifier", "l\xc3\xa4ptop", "*", NULL, NULL, 0, NULL},
    {"permanent-identifier", "laptop", "lap*", NULL, "{identifier}.example", 0, NULL},
    {"permanent-identifier", "laptop", "desk*", NULL, NULL, ERROR_REJECTED_IDENTIFIER,
        "the policy of this server allows no certificates for \"laptop\""},
    {"permanent-identifier", "laptop", NULL, NULL, NULL, ERROR_REJECTED_IDENTIFIER,
        "the policy of this server allows no certificates for \"laptop\""},
    {"permanent-identifier", "laptop", "*", "lap*", NULL, ERROR_REJECTED_IDENTIFIER,
        "the policy of this server denies certificates for \"laptop\""},
    {"permanent-identifier", "Laptop", "laptop", NULL, NULL, ERROR_REJECTED_IDENTIFIER,
        "the policy of this server allows no certificates for \"Laptop\""},
    {"permanent-identifier", "lap top", "*", NULL, "{identifier}.example", ERROR_REJECTED_IDENTIFIER,
        "\"lap top\" makes no DNS name of the form {identifier}.example, which certificates here carry"},
    {"dns", "laptop", "*", NULL, NULL, ERROR_UNSUPPORTED_IDENTIFIER,
        "identifiers of type \"dns\" are not supported here, only permanent-identifier"},
    {"permanent-identifier\xff", "laptop", "*", NULL, NULL, ERROR_UNSUPPORTED_IDENTIFIER,
        "identifiers of type \"permanent-identifier\xff\" are not supported here, only permanent-identifier"},
};

START_TEST(check_identifier_obeys_type_and_globs)
{
	int rc;

	list_set(&policy->allow, identifiers[_i].allow, NULL);
	list_set(&policy->deny, identifiers[_i].deny, NULL);
	list_set(&policy->dns_names, identifiers[_i].dns, NULL);
	rc = policy_check_identifier(policy, view(identifiers[_i].type), view(identifiers[_i].value), &err);
	if (identifiers[_i].detail == NULL)
		unit_ok(rc, &err);
	else
		unit_fails(rc, &err, identifiers[_i].kind, identifiers[_i].detail);
}
END_TEST

/* From NOW on; 0: not given. */
static const struct {
	int64_t not_before;
	int64_t not_after;
	bool    passes;
} validities[] = {
    {0, 0, true},
    {0, 5 * 60, true},
    {0, 5 * 60 - 1, false},
    {0, 30 * DAY, true},
    {0, 30 * DAY + 1, false},
    {0, -1, false},
    {-HOUR, 0, true},
    {-HOUR - 1, 0, false},
    {-HOUR, 30 * DAY, true}, /* life is counted from now on */
    {60, 0, true}, /* a clock that is ahead */
    {61, 0, false},
    {60, 30 * DAY, true},
    {60, 30 * DAY + 1, false},
    {60, 60 + 299, false},
    {60, 60 + 300, true},
    {60, 30, false},
    {29 * DAY, 58 * DAY, false}, /* a certificate in reserve */
    {29 * DAY, 30 * DAY, false},
    {30 * DAY, 0, false},
    {DAY, DAY + HOUR, false},
};

START_TEST(check_validity_obeys_the_bounds)
{
	int64_t not_before = validities[_i].not_before;
	int64_t not_after = validities[_i].not_after;
	int     rc = policy_check_validity(policy, not_before != 0 ? NOW + not_before : 0,
	        not_after != 0 ? NOW + not_after : 0, NOW, &err);

	ck_assert_int_eq(rc, validities[_i].passes ? 0 : -1);
	if (rc != 0)
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(check_validity_of_any_number_does_not_overflow)
{
	static const int64_t extremes[] = {1, INT64_MAX, INT64_MAX - 1};

	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++)
			ck_assert_int_eq(policy_check_validity(policy, extremes[i], extremes[j], NOW, &err), -1);
}
END_TEST

START_TEST(validity_takes_what_was_asked_and_else_the_default)
{
	struct acme_policy without = *policy;

	int64_t not_before = 0;
	int64_t not_after = 0;

	unit_ok(policy_validity(policy, NOW - 300, 0, 0, NOW, &not_before, &not_after, &err), &err);
	ck_assert_int_eq(not_before, NOW - 300);
	ck_assert_int_eq(not_after, NOW + DAY);
	unit_ok(policy_validity(policy, NOW - 300, NOW + 60, 0, NOW, &not_before, &not_after, &err), &err);
	ck_assert_int_eq(not_before, NOW + 60);
	ck_assert_int_eq(not_after, NOW + DAY);
	unit_ok(policy_validity(policy, NOW - 300, NOW - 5, NOW + 7, NOW, &not_before, &not_after, &err), &err);
	ck_assert_int_eq(not_before, NOW - 5);
	ck_assert_int_eq(not_after, NOW + 7);
	unit_fails(policy_validity(policy, NOW - 300, 0, NOW, NOW, &not_before, &not_after, &err), &err,
	    ERROR_MALFORMED, "the notAfter that was ordered has passed; make a new order");
	without.lifetime = 0;
	unit_fails(policy_validity(&without, NOW - 300, 0, NOW + 7, NOW, &not_before, &not_after, &err), &err,
	    ERROR_INTERNAL, "the policy has no lifetime");
}
END_TEST

START_TEST(validity_of_an_order_in_reserve_is_refused)
{
	int64_t not_before = 0;
	int64_t not_after = 0;

	unit_fails(policy_validity(policy, NOW - 300, NOW + 61, 0, NOW, &not_before, &not_after, &err), &err,
	    ERROR_MALFORMED,
	    "notBefore is 2027-01-15T08:01:01Z, more than 60 seconds ahead of this server's clock, which says"
	    " 2027-01-15T08:00:00Z; leave it out, or correct the clock");
	unit_fails(policy_validity(policy, NOW - 300, 0, NOW + 30 * DAY + 1, NOW, &not_before, &not_after, &err), &err,
	    ERROR_MALFORMED,
	    "notAfter lies more than 43200 minutes ahead, the longest life of a certificate here; it is"
	    " 2027-01-15T08:00:00Z now");
	unit_ok(policy_validity(policy, NOW - 300, 0, NOW + 30 * DAY, NOW, &not_before, &not_after, &err), &err);
}
END_TEST

static EVP_PKEY *
key_make(const char *what)
{
	if (what[0] == 'P' || what[0] == 's')
		return EVP_EC_gen(what);
	if (what[0] == 'E')
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_RSA_gen((unsigned)atoi(what));
}

static const struct {
	const char *key;
	const char *allowed;
	const char *detail; /* NULL: it passes */
} keys[] = {
    {"P-256", "ecc-p256", NULL},
    {"P-384", "ecc-p384", NULL},
    {"P-521", "ecc-p521", NULL},
    {"2048", "rsa-2048", NULL},
    {"P-256", "ecc-p384", "no certificates are made for keys on P-256 here"},
    {"2048", "rsa-3072", "no certificates are made for keys of this kind (RSA, 2048 bits) here"},
    {"ED25519", "ecc-p256", "no certificates are made for keys of this kind (256 bits) here"},
    {"secp256k1", "ecc-p256", "no certificates are made for keys of this kind (256 bits) here"},
};

START_TEST(check_key_obeys_the_types)
{
	EVP_PKEY *key = key_make(keys[_i].key);
	int       rc;

	ck_assert_ptr_nonnull(key);
	list_set(&policy->key_types, keys[_i].allowed, NULL);
	rc = policy_check_key(policy, key, &err);
	if (keys[_i].detail == NULL)
		unit_ok(rc, &err);
	else
		unit_fails(rc, &err, ERROR_BAD_PUBLIC_KEY, keys[_i].detail);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(dns_names_are_the_templates_filled_in)
{
	char *names[POLICY_DNS_MAX];

	list_set(&policy->dns_names, "{identifier}.a.example", "x-{identifier}.{identifier}.example");
	ck_assert_uint_eq(policy_dns_names(policy, "pc", names), 2);
	ck_assert_str_eq(names[0], "pc.a.example");
	ck_assert_str_eq(names[1], "x-pc.pc.example");
	free(names[0]);
	free(names[1]);
}
END_TEST

#define A47 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG A47 "aaaaaaaaaaaaaaaaaa" /* 65 characters */
#define SHORT A47 "-635361c48bb9eab1"

static const struct {
	const char *identifier;
	const char *common_name;
	bool        passes;
} common_names[] = {
    {"laptop", "laptop", true},
    {"laptop", NULL, true},
    {"laptop", "Laptop", false},
    {LONG, LONG, true},
    {LONG, SHORT, true},
    {LONG, NULL, true},
    {LONG, A47, false},
    {LONG "b", SHORT, false},
    {SHORT, SHORT, true},
    {SHORT, LONG, false},
};

START_TEST(check_csr_takes_the_identifier_and_its_common_name)
{
	uint8_t    octet = 1;
	struct csr csr = {
	    .common_name = (char *)(uintptr_t)common_names[_i].common_name,
	    .spki = {.data = &octet, .size = 1},
	};
	int rc = policy_check_csr(policy, &csr, common_names[_i].identifier, bytes_view(&csr.spki), &err);

	if (common_names[_i].passes)
		unit_ok(rc, &err);
	else
		ck_assert_int_eq(rc, -1);
	if (rc != 0)
		ck_assert_int_eq((int)err.kind, ERROR_BAD_CSR);
}
END_TEST

/* What makes no policy. */
static void
spoil_key_type(void)
{
	list_set(&policy->key_types, "ecc-p256", "dsa");
}

static void
spoil_template(void)
{
	list_set(&policy->dns_names, "{identifier}..example", NULL);
}

static void
spoil_placeholder(void)
{
	list_set(&policy->dns_names, "{name}.example", NULL);
}

static void
spoil_lifetime(void)
{
	policy->lifetime = policy->lifetime_max + 1;
}

static void
spoil_least(void)
{
	policy->lifetime_min = policy->lifetime + 1;
}

static void
spoil_count(void)
{
	for (int i = 0; i <= POLICY_DNS_MAX; i++)
		config_list_append(&policy->dns_names, "{identifier}.example");
}

static void (*const spoils[])(void) = {spoil_key_type, spoil_template, spoil_placeholder,
    spoil_lifetime, spoil_least, spoil_count};

START_TEST(check_of_what_is_no_policy_is_malformed)
{
	unit_ok(policy_check(policy, &err), &err);
	spoils[_i]();
	ck_assert_int_eq(policy_check(policy, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

/* The sample in data/ says of every default what it is. */
START_TEST(the_sample_configuration_is_the_defaults)
{
	const char          *builddir = getenv("top_builddir");
	AUTO_FREE char      *sample = file_join(builddir != NULL ? builddir : ".",
	         "data/attest-acmed.conf");
	char                 dir[SCRATCH_SIZE];
	struct acme_settings read = {0};
	AUTO_BYTES           text = {0};
	AUTO_BYTES           uncommented = {0};
	AUTO_FREE char      *path = NULL;
	char                *rest = NULL;
	bool                 example = false;

	unit_ok(file_read(sample, 65536, &text, &err), &err);
	bytes_append_u8(&text, '\0');
	for (char *line = strtok_r((char *)text.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (line[0] == '#' && line[1] != ' ') {
			if (!example)
				bytes_append(&uncommented, line + 1, strlen(line + 1));
			bytes_append_u8(&uncommented, '\n');
		} else {
			example = strstr(line, "Example") != NULL;
		}
	}
	scratch_make(dir);
	path = file_join(dir, "sample.conf");
	unit_ok(file_replace(path, uncommented.data, uncommented.size, 0600, &err), &err);
	unit_ok(config_file_complete(acme_settings_schema(), path, &read, &err), &err);
	ck_assert_str_eq(read.service.state_dir, settings.service.state_dir);
	ck_assert_str_eq(read.service.listen.texts[0], settings.service.listen.texts[0]);
	ck_assert_int_eq(read.service.workers, settings.service.workers);
	ck_assert_ptr_null(read.url);
	ck_assert_ptr_null(read.crl_url);
	ck_assert_ptr_null(read.terms);
	ck_assert_uint_eq(read.attestation_crls.count + read.any_name_roots.count +
	        read.policy.deny.count + read.policy.dns_names.count, 0);
	ck_assert(!read.tolerate_stale_crl && read.require_crl && !read.policy.server_auth);
	ck_assert_str_eq(read.policy.allow.texts[0], "*");
	ck_assert_uint_eq(read.policy.key_types.count, policy->key_types.count);
	for (size_t i = 0; i < policy->key_types.count; i++)
		ck_assert_str_eq(read.policy.key_types.texts[i], policy->key_types.texts[i]);
	ck_assert_int_eq(read.policy.lifetime, policy->lifetime);
	ck_assert_int_eq(read.policy.lifetime_min, policy->lifetime_min);
	ck_assert_int_eq(read.policy.lifetime_max, policy->lifetime_max);
	ck_assert_int_eq(read.policy.orders_per_hour, policy->orders_per_hour);
	ck_assert_int_eq(read.policy.accounts_per_hour, policy->accounts_per_hour);
	ck_assert_int_eq(read.order_lifetime, settings.order_lifetime);
	ck_assert_int_eq(read.order_retention, settings.order_retention);
	ck_assert_int_eq(read.certificate_retention, settings.certificate_retention);
	ck_assert_int_eq(read.account_retention, settings.account_retention);
	ck_assert_int_eq(read.newcomer_retention, settings.newcomer_retention);
	ck_assert_int_eq(read.service.crl_lifetime, settings.service.crl_lifetime);
	ck_assert_int_eq(read.tls_lifetime, settings.tls_lifetime);
	ck_assert_int_eq(read.service.request_timeout, settings.service.request_timeout);
	ck_assert_int_eq(read.service.idle_timeout, settings.service.idle_timeout);
	ck_assert_int_eq(read.service.connections, settings.service.connections);
	ck_assert_int_eq((int)read.service.level, (int)settings.service.level);
	config_file_clear(acme_settings_schema(), &read);
	scratch_remove(dir);
}
END_TEST

static const struct {
	const char *url;
	const char *becomes; /* NULL: refused */
} urls[] = {
    {"https://a.example", "https://a.example"},
    {"https://a.example:8443//", "https://a.example:8443"},
    {"https://a.example/ca", "https://a.example/ca"},
    {"http://a.example", NULL},
    {"https://", NULL},
    {"https://a.example?x", NULL},
    {"https://a b", NULL},
    {"a.example", NULL},
};

START_TEST(settings_url_is_https_without_a_slash_at_its_end)
{
	struct acme_settings mine = {.url = memory_strdup(urls[_i].url)};
	int                  rc = config_file_complete(acme_settings_schema(), NULL, &mine, &err);

	ck_assert_int_eq(rc, urls[_i].becomes != NULL ? 0 : -1);
	if (rc == 0)
		ck_assert_str_eq(mine.url, urls[_i].becomes);
	config_file_clear(acme_settings_schema(), &mine);
}
END_TEST

/* Of url, terms and website: as long as a front takes it, an octet longer, and what is no text. */
START_TEST(settings_texts_are_bounded_and_text)
{
	static const struct {
		size_t      size;
		char        last;
		const char *detail; /* NULL: taken */
	} rows[] = {{ACME_TEXT_MAX, 'x', NULL}, {ACME_TEXT_MAX + 1, 'x', "has more than"},
	    {20, '\x7f', "octet 20 is a control character, or no UTF-8"},
	    {20, '\xc3', "octet 20 is a control character, or no UTF-8"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int which = 0; which < 2; which++) {
			struct acme_settings mine = {.url = memory_strdup("https://acme.example")};
			char               **text = which == 0 ? &mine.terms : &mine.website;
			int                  rc;

			*text = memory_new(rows[i].size + 1);
			memset(*text, 'x', rows[i].size);
			(*text)[rows[i].size - 1] = rows[i].last;
			rc = config_file_complete(acme_settings_schema(), NULL, &mine, &err);
			ck_assert_msg(rc == (rows[i].detail == NULL ? 0 : -1), "%zu %d: %s", i, which, err.detail);
			if (rc != 0)
				ck_assert_msg(strstr(err.detail, rows[i].detail) != NULL, "%s", err.detail);
			config_file_clear(acme_settings_schema(), &mine);
		}
	}
}
END_TEST

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, sizeof table / sizeof table[0])

int
main(void)
{
	Suite *suite = suite_create("acme_policy");
	TCase *tc = tcase_create("policy");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_policy_of_zeroes_refuses_everything);
	LOOP(check_identifier_obeys_type_and_globs, identifiers);
	LOOP(check_validity_obeys_the_bounds, validities);
	tcase_add_test(tc, check_validity_of_any_number_does_not_overflow);
	tcase_add_test(tc, validity_takes_what_was_asked_and_else_the_default);
	tcase_add_test(tc, validity_of_an_order_in_reserve_is_refused);
	LOOP(check_key_obeys_the_types, keys);
	tcase_add_test(tc, dns_names_are_the_templates_filled_in);
	LOOP(check_csr_takes_the_identifier_and_its_common_name, common_names);
	LOOP(check_of_what_is_no_policy_is_malformed, spoils);
	tcase_add_test(tc, the_sample_configuration_is_the_defaults);
	tcase_add_test(tc, settings_texts_are_bounded_and_text);
	LOOP(settings_url_is_https_without_a_slash_at_its_end, urls);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
