/* What a missing, refused or verified EK certificate means, row by row. */
#include "config.h"

#include "attestation/keeper/ek_policy.h"

#include <string.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define NTC  "id:4E544300"
#define INTC "id:494E5443"
#define NONE "id:00000000"

static struct config_list vendors;

static void
setup(void)
{
	struct error err = {0};

	config_list_append(&vendors, "NTC");
	config_list_append(&vendors, "Infineon");
	unit_ok(ek_policy_vendors_normalize(&vendors, &err), &err);
}

static void
teardown(void)
{
	config_list_clear(&vendors);
}

static const char *const every = "every machine needs an EK certificate of a trusted vendor, ";
static const char *const some = "a machine of this manufacturer needs an EK certificate of a trusted "
                                "vendor, ";

/* Mode, facts, and the verdict with the two parts of its reason. */
static const struct {
	enum ek_policy_mode    mode;
	struct ek_policy_facts facts;
	const char *const     *demand; /* NULL: allowed */
	const char            *why;
} rows[] = {
    /* A verified certificate is what anybody may want. */
    {EK_POLICY_REQUIRE, {STORE_VERDICT_VERIFIED, "", NTC, NTC, 1}, NULL, NULL},
    {EK_POLICY_RECORD, {STORE_VERDICT_VERIFIED, "", NTC, NTC, 1}, NULL, NULL},
    {EK_POLICY_IGNORE, {STORE_VERDICT_VERIFIED, "", NTC, NTC, 1}, NULL, NULL},
    /* `require` wants it of everybody, whatever is claimed. */
    {EK_POLICY_REQUIRE, {STORE_VERDICT_ABSENT, "", NONE, "", 0}, &every, "and none came; let the"},
    {EK_POLICY_REQUIRE, {STORE_VERDICT_ABSENT, "", INTC, "", 3}, &every,
        "and of the 3 that came none is for this EK; let the"},
    {EK_POLICY_REQUIRE, {STORE_VERDICT_REFUSED, "no issuer", INTC, INTC, 1}, &every,
        "and this one is not: no issuer; import its vendor's certificates with: attest-ca trust import"},
    /* `record` wants it of nobody … */
    {EK_POLICY_RECORD, {STORE_VERDICT_ABSENT, "", NONE, "", 0}, NULL, NULL},
    {EK_POLICY_RECORD, {STORE_VERDICT_ABSENT, "", INTC, "", 3}, NULL, NULL},
    {EK_POLICY_RECORD, {STORE_VERDICT_REFUSED, "no issuer", INTC, INTC, 1}, NULL, NULL},
    /* … but of machines that claim such a vendor, or whose certificate names one. */
    {EK_POLICY_RECORD, {STORE_VERDICT_ABSENT, "", NTC, "", 0}, &some, "and none came; let the"},
    {EK_POLICY_RECORD, {STORE_VERDICT_REFUSED, "forged", NTC, INTC, 1}, &some,
        "and this one is not: forged; import"},
    {EK_POLICY_RECORD, {STORE_VERDICT_REFUSED, "forged", INTC, NTC, 1}, &some,
        "and this one is not: forged; import"},
    {EK_POLICY_RECORD, {STORE_VERDICT_REFUSED, "forged", NONE, "id:49465800", 1}, &some,
        "and this one is not: forged; import"},
    /* A verified certificate of another vendor than is claimed: its facts go before the claim. */
    {EK_POLICY_RECORD, {STORE_VERDICT_VERIFIED, "", NTC, INTC, 1}, NULL, NULL},
    /* A liar gets on without one: the list keeps honest machines honest, no more. */
    {EK_POLICY_RECORD, {STORE_VERDICT_ABSENT, "", "id:53572020", "", 0}, NULL, NULL},
    /* `ignore` looks at nothing. */
    {EK_POLICY_IGNORE, {STORE_VERDICT_ABSENT, "", NTC, "", 0}, NULL, NULL},
    {EK_POLICY_IGNORE, {STORE_VERDICT_REFUSED, "forged", NTC, NTC, 1}, NULL, NULL},
};

START_TEST(decide_row_gives_its_verdict)
{
	const struct ek_policy policy = {rows[_i].mode, &vendors};
	char                   reason[EK_POLICY_REASON_SIZE];
	enum ek_policy_verdict verdict = ek_policy_decide(&policy, &rows[_i].facts, reason);

	if (rows[_i].demand == NULL) {
		ck_assert_int_eq(verdict, EK_POLICY_ALLOW);
		ck_assert_str_eq(reason, "");
		return;
	}
	ck_assert_int_eq(verdict, EK_POLICY_DENY);
	ck_assert_msg(strncmp(reason, *rows[_i].demand, strlen(*rows[_i].demand)) == 0, "%s", reason);
	reason[strlen(*rows[_i].demand) + strlen(rows[_i].why)] = '\0';
	ck_assert_str_eq(reason + strlen(*rows[_i].demand), rows[_i].why);
}
END_TEST

/* What nobody filled in trusts nobody. */
START_TEST(decide_zero_values_deny)
{
	const struct config_list none = {0};
	const struct ek_policy   policy = {.vendors = &none};
	struct ek_policy_facts   facts = {.reason = "", .claimed = "", .certified = ""};
	char                     reason[EK_POLICY_REASON_SIZE];

	ck_assert_int_eq(ek_policy_decide(&policy, &facts, reason), EK_POLICY_DENY);
	ck_assert_int_eq(EK_POLICY_DENY, 0);
}
END_TEST

/* The longest reason there can be, with the hash before it, is no longer than an error's detail. */
START_TEST(decide_long_reason_keeps_its_remedy)
{
	const struct ek_policy policy = {EK_POLICY_RECORD, &vendors};
	char                   long_reason[STORE_REASON_MAX + 1];
	struct ek_policy_facts facts = {STORE_VERDICT_REFUSED, long_reason, NTC, NTC, 1};
	char                   reason[EK_POLICY_REASON_SIZE];

	memset(long_reason, 'x', sizeof long_reason - 1);
	long_reason[sizeof long_reason - 1] = '\0';
	ck_assert_int_eq(ek_policy_decide(&policy, &facts, reason), EK_POLICY_DENY);
	ck_assert_str_eq(reason + strlen(reason) - strlen("attest-ca trust import"),
	    "attest-ca trust import");
	ck_assert_uint_lt(strlen(reason) + 90, sizeof ((struct error *)0)->detail);
}
END_TEST

START_TEST(mode_parse_reads_its_words_only)
{
	enum ek_policy_mode mode;
	struct error        err = {0};

	unit_ok(ek_policy_mode_parse("ignore", &mode, &err), &err);
	ck_assert_int_eq(mode, EK_POLICY_IGNORE);
	unit_ok(ek_policy_mode_parse("record", &mode, &err), &err);
	ck_assert_int_eq(mode, EK_POLICY_RECORD);
	unit_ok(ek_policy_mode_parse("require", &mode, &err), &err);
	ck_assert_int_eq(mode, EK_POLICY_REQUIRE);
	unit_fails(ek_policy_mode_parse("Require", &mode, &err), &err, ERROR_MALFORMED,
	    "ek_certificate \"Require\" is none of ignore, record, require");
	unit_fails(ek_policy_mode_parse("", &mode, &err), &err, ERROR_MALFORMED,
	    "ek_certificate \"\" is none of ignore, record, require");
}
END_TEST

START_TEST(vendors_of_any_form_are_one_vendor)
{
	struct error err = {0};

	ck_assert(ek_policy_vendors_have(&vendors, NTC));
	ck_assert(ek_policy_vendors_have(&vendors, "id:49465800"));
	ck_assert(!ek_policy_vendors_have(&vendors, INTC));
	ck_assert(!ek_policy_vendors_have(&vendors, NONE));
	ck_assert(!ek_policy_vendors_have(&vendors, ""));
	config_list_append(&vendors, "1229870147"); /* as TPM2_GetCapability says it: INTC */
	config_list_append(&vendors, "id:12345678"); /* one that TCG has not named */
	unit_ok(ek_policy_vendors_normalize(&vendors, &err), &err);
	ck_assert(ek_policy_vendors_have(&vendors, INTC));
	ck_assert(ek_policy_vendors_have(&vendors, "id:12345678"));
	config_list_append(&vendors, "Acme");
	unit_fails(ek_policy_vendors_normalize(&vendors, &err), &err, ERROR_MALFORMED,
	    "\"Acme\" is no TPM manufacturer; write its code at the TCG, as in \"NTC\" or \"INTC\"");
}
END_TEST

/* swtpm's certificates write IBM's number as a vendor of PCI devices. */
START_TEST(vendors_swtpm_is_ibm)
{
	struct error err = {0};

	config_list_append(&vendors, "IBM");
	unit_ok(ek_policy_vendors_normalize(&vendors, &err), &err);
	ck_assert(ek_policy_vendors_have(&vendors, "id:49424D00"));
	ck_assert(ek_policy_vendors_have(&vendors, "id:00001014"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_policy");
	TCase *tc = tcase_create("policy");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, decide_row_gives_its_verdict, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, decide_zero_values_deny);
	tcase_add_test(tc, decide_long_reason_keeps_its_remedy);
	tcase_add_test(tc, mode_parse_reads_its_words_only);
	tcase_add_test(tc, vendors_of_any_form_are_one_vendor);
	tcase_add_test(tc, vendors_swtpm_is_ibm);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
