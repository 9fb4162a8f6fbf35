/* Who may enrol himself, and under what name: each condition alone says no. */
#include "config.h"

#include "attestation/keeper/enroll_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/ek_policy.h"
#include "attestation/keeper/serial_list.h"
#include "attestation/settings.h"
#include "tpm/ek.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"

static struct config_list vendors;
static struct config_list roots;
static struct ek_hash     ek = {{0x2e, 0xa8, 0xf0, 0x01}};
static struct error       err;

static void
setup(void)
{
	config_list_append(&vendors, "NTC");
	config_list_append(&vendors, "id:12345678");
	unit_ok(ek_policy_vendors_normalize(&vendors, &err), &err);
}

static void
teardown(void)
{
	config_list_clear(&vendors);
	config_list_clear(&roots);
}

static const struct store_evidence genuine = {
    .verdict = STORE_VERDICT_VERIFIED,
    .manufacturer = "id:4E544300",
    .model = "NPCT75x",
    .version = "id:00070002",
    .root = {0xab, 0xcd},
};

/* Zeros behind what is written. */
#define ROOT(start) start "00000000000000000000000000000000000000000000000000000000"

/* A change of what is allowed, and the reason against it; "" when it is allowed still. */
static const struct {
	enum store_verdict verdict;
	const char        *manufacturer;
	const char        *root; /* NULL: any */
	const char        *serial;
	bool               listed;
	const char        *template;
	const char        *reason;
	const char        *name;
} rows[] = {
    {STORE_VERDICT_VERIFIED, "id:4E544300", NULL, "7f", true, "a-{serial}", "", "a-7f"},
    {STORE_VERDICT_REFUSED, "id:4E544300", NULL, "7f", true, "a-{serial}",
        "its EK certificate is not verified", ""},
    {STORE_VERDICT_ABSENT, "id:4E544300", NULL, "7f", true, "a-{serial}",
        "its EK certificate is not verified", ""},
    {STORE_VERDICT_VERIFIED, "id:494E5443", NULL, "7f", true, "a-{serial}",
        "its manufacturer is not in auto_enroll_vendors", ""},
    {STORE_VERDICT_VERIFIED, "id:00000000", NULL, "7f", true, "a-{serial}",
        "its manufacturer is not in auto_enroll_vendors", ""},
    {STORE_VERDICT_VERIFIED, "id:4E544300", ROOT("abcd0000"), "7f", true, "a-{serial}", "", "a-7f"},
    {STORE_VERDICT_VERIFIED, "id:4E544300", ROOT("ABCD0000"), "7f", true, "a-{serial}", "", "a-7f"},
    {STORE_VERDICT_VERIFIED, "id:4E544300", ROOT("abce0000"), "7f", true, "a-{serial}",
        "its root is not in auto_enroll_roots", ""},
    {STORE_VERDICT_VERIFIED, "id:4E544300", NULL, "7f", false, "a-{serial}",
        "its serial number is not on the list", ""},
    {STORE_VERDICT_VERIFIED, "id:4E544300", NULL, "", true, "a-{hash8}",
        "its serial number is not on the list", ""},
    {STORE_VERDICT_VERIFIED, "id:12345678", NULL, "7f", true, "{manufacturer}-{serial}",
        "auto_enroll_name gives it no valid name", ""},
    {STORE_VERDICT_VERIFIED, "id:4E544300", NULL, "7f", true,
        "{manufacturer}.{model}.{version}.{hash8}", "", "NTC.NPCT75x.id:00070002.2ea8f001"},
    {STORE_VERDICT_VERIFIED, "id:4E544300", NULL, "7f", true, "{hash}", "",
        "2ea8f00100000000000000000000000000000000000000000000000000000000"},
};

START_TEST(decide_row_gives_its_verdict)
{
	struct store_evidence     evidence = genuine;
	const struct enroll_rule  rule = {&vendors, &roots, rows[_i].template};
	const struct enroll_facts facts = {&evidence, rows[_i].serial, rows[_i].listed, &ek, NULL};
	char                      name[IDENTIFIER_MAX + 1];
	char                      reason[ENROLL_REASON_SIZE];

	evidence.verdict = rows[_i].verdict;
	(void)strcpy(evidence.manufacturer, rows[_i].manufacturer);
	if (rows[_i].root != NULL)
		config_list_append(&roots, rows[_i].root);
	unit_ok(enroll_rule_roots_normalize(&roots, &err), &err);
	ck_assert_int_eq(enroll_rule_decide(&rule, &facts, name, reason),
	    rows[_i].reason[0] == '\0' ? ENROLL_ALLOW : ENROLL_DENY);
	ck_assert_str_eq(reason, rows[_i].reason);
	ck_assert_str_eq(name, rows[_i].name);
}
END_TEST

/* A number is on no list that cannot be read; the reason says so, and not that it is missing there. */
START_TEST(decide_list_with_a_fault_is_the_reason)
{
	static const char   fault[] = "auto_enroll_serials /x: opening /x: No such file or directory";
	struct store_evidence     evidence = genuine;
	const struct enroll_rule  rule = {&vendors, &roots, "{serial}"};
	struct enroll_facts       facts = {&evidence, "7f", true, &ek, fault};
	char                      name[IDENTIFIER_MAX + 1];
	char                      reason[ENROLL_REASON_SIZE];

	ck_assert_int_eq(enroll_rule_decide(&rule, &facts, name, reason), ENROLL_DENY);
	ck_assert_str_eq(reason, fault);
	ck_assert_str_eq(name, "");
	/* What was wrong without it still comes first. */
	evidence.verdict = STORE_VERDICT_REFUSED;
	ck_assert_int_eq(enroll_rule_decide(&rule, &facts, name, reason), ENROLL_DENY);
	ck_assert_str_eq(reason, "its EK certificate is not verified");
}
END_TEST

/* A certificate's model may hold what no name does, or too much of it. */
static const char *const models[] = {"a/b", "", "0123456789012345678901234567890123456789012345678901234567890123"};

START_TEST(decide_name_that_is_none_is_denied)
{
	static const char         template[] = "{model}{model}{model}{model}{serial}";
	struct store_evidence     evidence = genuine;
	const struct enroll_rule  rule = {&vendors, &roots, template};
	const struct enroll_facts facts = {&evidence, "7f", true, &ek, NULL};
	char                      name[IDENTIFIER_MAX + 1];
	char                      reason[ENROLL_REASON_SIZE];

	(void)strcpy(evidence.model, models[_i]);
	ck_assert_int_eq(enroll_rule_decide(&rule, &facts, name, reason), ENROLL_DENY);
	ck_assert_str_eq(reason, "auto_enroll_name gives it no valid name");
}
END_TEST

static const struct {
	const char *template;
	const char *detail; /* NULL: good */
} templates[] = {
    {"{serial}", NULL},
    {"laptop-{hash8}", NULL},
    {"{manufacturer} {model} {version} {hash}", NULL},
    {"laptop", "\"laptop\" would give every machine the same name: put {serial}, {hash} or {hash8} into it"},
    {"{model}", "\"{model}\" would give every machine the same name: put {serial}, {hash} or {hash8} into it"},
    {"{serial", "\"{serial\" has a { that begins none of {serial}, {manufacturer}, {model}, {version}, {hash}, {hash8}"},
    {"{Serial}", "\"{Serial}\" has a { that begins none of {serial}, {manufacturer}, {model}, {version}, {hash}, {hash8}"},
    {"{}{serial}", "\"{}{serial}\" has a { that begins none of {serial}, {manufacturer}, {model}, {version}, {hash}, {hash8}"},
    {"a/{serial}", "an identifier cannot hold a \"/\""},
};

START_TEST(name_check_template_is_good_or_says_why)
{
	if (templates[_i].detail == NULL)
		unit_ok(enroll_rule_name_check(templates[_i].template, &err), &err);
	else
		unit_fails(enroll_rule_name_check(templates[_i].template, &err), &err, ERROR_MALFORMED,
		    templates[_i].detail);
}
END_TEST

START_TEST(roots_normalize_no_fingerprint_is_malformed)
{
	config_list_append(&roots, "abcd");
	unit_fails(enroll_rule_roots_normalize(&roots, &err), &err, ERROR_MALFORMED,
	    "\"abcd\" is no fingerprint; \"trust list\" of attest-ca shows them");
	config_list_clear(&roots);
	config_list_append(&roots, ROOT("abcdabcd") "00"); /* an octet too many */
	ck_assert_int_eq(enroll_rule_roots_normalize(&roots, &err), -1);
}
END_TEST

/* A list that is changed is read again, and one that is not is not. */
START_TEST(refresh_reads_a_list_that_changed)
{
	char                        path[] = "/tmp/attest.XXXXXX";
	struct attestation_settings settings = {.auto_enroll_serials = path, .auto_enroll_name = (char[]){"{serial}"}};
	struct auto_enroll         *enroll = NULL;
	struct store_evidence       evidence = genuine;
	char                        name[IDENTIFIER_MAX + 1];
	char                        reason[ENROLL_REASON_SIZE];

	config_list_append(&settings.auto_enroll_vendors, "id:4E544300");
	unit_ok(ek_policy_vendors_normalize(&settings.auto_enroll_vendors, &err), &err);
	ck_assert_int_ge(close(mkstemp(path)), 0);
	unit_ok(auto_enroll_new(&settings, &enroll, &err), &err);
	for (int i = 0; i < 4; i++) {
		struct enroll_facts facts = {&evidence, "7f", false, &ek, NULL};
		bool                listed = i % 2 == 1;

		if (i != 0)
			unit_ok(file_replace(path, listed ? "7f\n" : "7e\n", 3, 0600, &err), &err);
		unit_ok(auto_enroll_refresh(enroll, false, &err), &err);
		ck_assert_msg(auto_enroll_decide(enroll, &facts, name, reason) == (listed ? ENROLL_ALLOW : ENROLL_DENY),
		    "%d: %s", i, reason);
	}
	/* What is wrong is said once. */
	unit_ok(file_replace(path, "no\n", 3, 0600, &err), &err);
	ck_assert_int_eq(auto_enroll_refresh(enroll, false, &err), -1);
	unit_ok(auto_enroll_refresh(enroll, false, &err), &err);
	auto_enroll_free(enroll);
	config_list_clear(&settings.auto_enroll_vendors);
	(void)unlink(path);
}
END_TEST

/* ---- the list ---- */

static const struct {
	const char *line;
	const char *serial; /* NULL: malformed */
} lines[] = {
    {"7f01", "7f01"},
    {"7F:01", "7f01"},
    {"  7f01\t\r", "7f01"},
    {"0x7f01", "7f01"},
    {"0X007F01 # Alice's", "7f01"},
    {"f01", "0f01"},
    {"00000001", "01"},
    {"1", "01"},
    {"123456789012345678901234567890123456789012345678901234567890123", "0123456789012345678901234567890123"
                                                                       "456789012345678901234567890123"},
    {"1234567890123456789012345678901234567890123456789012345678901234", NULL},
    {"0", NULL},
    {"00", NULL},
    {"0x", NULL},
    {":", NULL},
    {":7f", NULL},
    {"7f:", NULL},
    {"7g", NULL},
    {"7f 01", NULL},
    {"7f,01", NULL},
    {"-7f", NULL},
};

START_TEST(list_line_gives_its_number_or_none)
{
	struct serial_list *list = NULL;
	struct view text = view_text(lines[_i].line);

	if (lines[_i].serial == NULL) {
		ck_assert_int_eq(serial_list_parse(text, &list, &err), -1);
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strncmp(err.detail, "line 1 is no serial number in hexadecimal: \"", 43) == 0, "%s",
		    err.detail);
		return;
	}
	unit_ok(serial_list_parse(text, &list, &err), &err);
	ck_assert_uint_eq(serial_list_count(list), 1);
	ck_assert_msg(serial_list_has(list, lines[_i].serial), "%s", lines[_i].serial);
	ck_assert(!serial_list_has(list, ""));
	ck_assert(!serial_list_has(list, "7f02"));
	serial_list_free(list);
}
END_TEST

START_TEST(list_of_many_finds_each)
{
	struct serial_list *list = NULL;
	AUTO_BYTES          text = {0};
	char                line[32];

	bytes_append(&text, "# many\n\n", 8);
	for (int i = 1; i <= 5000; i++) {
		(void)snprintf(line, sizeof line, "%x\n", (unsigned)i * 7919);
		bytes_append(&text, line, strlen(line));
	}
	text.size--; /* the last line ends without a newline */
	unit_ok(serial_list_parse(bytes_view(&text), &list, &err), &err);
	ck_assert_uint_eq(serial_list_count(list), 5000);
	for (int i = 1; i <= 5000; i++) {
		(void)snprintf(line, sizeof line, "0%x", (unsigned)i * 7919);
		ck_assert(serial_list_has(list, line + strlen(line) % 2));
	}
	ck_assert(!serial_list_has(list, "1eee"));
	serial_list_free(list);
}
END_TEST

/* As other systems' editors write it; a mark anywhere else is no part of a number. */
static const struct {
	const char *text;
	const char *fault; /* NULL: it holds 7f01 and 7f02 */
} encodings[] = {
    {"\xef\xbb\xbf" "7f01\r\n7F02\r\n", NULL},
    {"\xef\xbb\xbf# laptops\r\n\r\n7f:01 # one\r\n7f:02", NULL},
    {"7f01\r\n7f02\r", NULL},
    {"7f01\r\n\xef\xbb\xbf" "7f02\r\n",
        "line 2 is no serial number in hexadecimal: \"\xef\xbb\xbf" "7f02\""},
    {"\xef\xbb\xbf\xef\xbb\xbf" "7f01\n",
        "line 1 is no serial number in hexadecimal: \"\xef\xbb\xbf" "7f01\""},
    {"\xef\xbb" "7f01\n", "line 1 is no serial number in hexadecimal: \"\xef\xbb" "7f01\""},
    {"\xff\xfe" "7", "it is UTF-16; save it as UTF-8"},
    {"\xfe\xff", "it is UTF-16; save it as UTF-8"},
};

START_TEST(list_encoding_is_read_or_named)
{
	struct serial_list *list = NULL;
	struct view         text = view_text(encodings[_i].text);

	if (encodings[_i].fault != NULL) {
		unit_fails(serial_list_parse(text, &list, &err), &err, ERROR_MALFORMED, encodings[_i].fault);
		return;
	}
	unit_ok(serial_list_parse(text, &list, &err), &err);
	ck_assert_uint_eq(serial_list_count(list), 2);
	ck_assert(serial_list_has(list, "7f01") && serial_list_has(list, "7f02"));
	serial_list_free(list);
}
END_TEST

START_TEST(list_wrong_line_is_named)
{
	static const char   text[] = "01\n# fine\n\nwrong\n02\n";
	struct serial_list *list = NULL;

	unit_fails(serial_list_parse((struct view){(const uint8_t *)text, sizeof text - 1}, &list, &err),
	    &err, ERROR_MALFORMED, "line 4 is no serial number in hexadecimal: \"wrong\"");
	unit_ok(serial_list_parse((struct view){NULL, 0}, &list, &err), &err);
	ck_assert(!serial_list_has(list, "01"));
	serial_list_free(list);
	unit_ok(serial_list_parse(view_text("\xef\xbb\xbf"), &list, &err), &err);
	ck_assert_uint_eq(serial_list_count(list), 0);
	serial_list_free(list);
	serial_list_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("enroll_rule");
	TCase *rule = tcase_create("rule");
	TCase *list = tcase_create("list");

	tcase_add_checked_fixture(rule, setup, teardown);
	tcase_add_loop_test(rule, decide_row_gives_its_verdict, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(rule, decide_list_with_a_fault_is_the_reason);
	tcase_add_loop_test(rule, decide_name_that_is_none_is_denied, 0, sizeof models / sizeof models[0]);
	tcase_add_loop_test(rule, name_check_template_is_good_or_says_why, 0,
	    sizeof templates / sizeof templates[0]);
	tcase_add_test(rule, refresh_reads_a_list_that_changed);
	tcase_add_test(rule, roots_normalize_no_fingerprint_is_malformed);
	suite_add_tcase(suite, rule);
	tcase_add_loop_test(list, list_line_gives_its_number_or_none, 0, sizeof lines / sizeof lines[0]);
	tcase_add_loop_test(list, list_encoding_is_read_or_named, 0, sizeof encodings / sizeof encodings[0]);
	tcase_add_test(list, list_of_many_finds_each);
	tcase_add_test(list, list_wrong_line_is_named);
	suite_add_tcase(suite, list);
	return unit_run(suite);
}
