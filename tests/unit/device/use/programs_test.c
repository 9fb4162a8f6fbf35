/* The table of programs: what holds for each row, and filling in. */
#include "config.h"

#include <string.h>

#include "device/use/facts.h"
#include "device/use/program.h"
#include "unit.h"
#include "util/bytes.h"

static const struct use_word more[] = {{"file", "F"}, {"config", "C"}, {"directory", "D"},
    {"port", "1"}, {"ca", "A"}, {"cert", "B"}, {"certkey", "B"}, {"anchor", "B"}, {NULL, NULL}};

static struct use_facts
facts_of_test(void)
{
	static char module[] = "M", engine[] = "E", directory[] = "/d", chain[] = "/d/device.pem";
	static char keyfile[] = "/d/device.key", key[] = "pkcs11:object=x", issuer[] = "I", name[] = "N";

	static char suffix[] = "-k", alias[] = "L", slot[] = "1";

	return (struct use_facts){.module = module, .engine = engine, .directory = directory, .chain = chain,
	    .keyfile = keyfile, .key = key, .issuer = issuer, .name = name, .alias = alias, .slot = slot, .suffix = suffix};
}

static void
filled(const char *text, const char *wanted)
{
	const struct use_facts facts = facts_of_test();
	AUTO_BYTES             out = {0};

	use_fill(text, &facts, more, &out);
	ck_assert_msg(view_equal(bytes_view(&out), view_text(wanted)), "%.*s", (int)out.size,
	    (const char *)out.data);
}

START_TEST(fill_puts_words_in_and_leaves_other_braces)
{
	filled("", "");
	filled("{module}{name}{engine}", "MNE");
	filled("{alias}{suffix}{slot}", "L-k1");
	filled("a {key} b", "a pkcs11:object=x b");
	filled("{port}", "1");
	filled("{unknown} {", "{unknown} {");
	filled("{\"a\": {\"{issuer}\"}}", "{\"a\": {\"I\"}}");
	filled("network={\n\tkey={chain}\n}", "network={\n\tkey=/d/device.pem\n}");
}
END_TEST

/* A word that is misspelt would stay in braces. */
static void
no_word_is_left(const char *text)
{
	const struct use_facts facts = facts_of_test();
	AUTO_BYTES             out = {0};

	if (text == NULL)
		return;
	use_fill(text, &facts, more, &out);
	bytes_append(&out, "", 1);
	for (const char *at = strchr((const char *)out.data, '{'); at != NULL; at = strchr(at + 1, '{')) {
		size_t letters = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");

		ck_assert_msg(letters == 0 || at[1 + letters] != '}', "%s", at);
	}
}

START_TEST(every_row_is_whole)
{
	const struct use_program *program;

	for (size_t i = 0; (program = use_program_at(i)) != NULL; i++) {
		ck_assert_ptr_eq(use_program_find(program->name), program);
		ck_assert_ptr_nonnull(program->about);
		ck_assert_ptr_nonnull(program->then);
		ck_assert_msg(program->file == NULL || program->text != NULL, "%s", program->name);
		ck_assert_msg((program->file == NULL) == (program->mode == 0), "%s", program->name);
		ck_assert_msg((program->check == NULL) == (program->checks == USE_CHECK_NONE), "%s",
		    program->name);
		/* What anybody can run, a test has; and a test runs a check, or the text. */
		ck_assert_msg(program->tested || program->checks == USE_CHECK_NONE, "%s", program->name);
		ck_assert_msg(program->text == NULL || program->text[strlen(program->text) - 1] == '\n', "%s",
		    program->name);
		no_word_is_left(program->text);
		no_word_is_left(program->then);
		no_word_is_left(program->needs);
		no_word_is_left(program->check);
		no_word_is_left(program->file);
		/* What a check sets, whoever runs the printed line must set as well. */
		ck_assert_msg(program->check == NULL || strstr(program->check, "PKCS11_MODULE_PATH") == NULL ||
		        strstr(program->then, "PKCS11_MODULE_PATH") != NULL, "%s", program->name);
		/* A text with a key is in a file of that key's. */
		ck_assert_msg(program->file == NULL || strstr(program->text, "{key}") == NULL ||
		        strstr(program->file, "{suffix}") != NULL, "%s", program->name);
	}
	ck_assert_uint_ge((size_t)(use_program_find("traefik") != NULL), 1);
	ck_assert_ptr_null(use_program_find("emacs"));
}
END_TEST

static void
variables_are(enum use_reads reads, const struct use_facts *facts, const char *wanted)
{
	AUTO_BYTES out = {0};

	use_variables(reads, facts, &out);
	ck_assert_msg(view_equal(bytes_view(&out), view_text(wanted)), "%.*s", (int)out.size,
	    (const char *)out.data);
}

START_TEST(variables_are_what_device_conf_does_not_say)
{
	static char      state[] = "/s", tpm[] = "swtpm:path=/x", none[] = "";
	struct use_facts facts = facts_of_test();

	variables_are(USE_READS_MODULE, &facts, "");
	variables_are(USE_READS_ONE_KEY, &facts, "ATTEST_PKCS11_STATE='/d' ");
	facts.suffix = none;
	variables_are(USE_READS_ONE_KEY, &facts, "");
	variables_are(USE_READS_PROVIDER, &facts, "");
	facts.tcti = tpm;
	variables_are(USE_READS_PROVIDER, &facts, "TPM2OPENSSL_TCTI='swtpm:path=/x' ");
	variables_are(USE_READS_MODULE, &facts, "");
	facts.state = state;
	facts.tpm = tpm;
	variables_are(USE_READS_MODULE, &facts, "ATTEST_PKCS11_STATE='/s' ATTEST_PKCS11_TPM='swtpm:path=/x' ");
	variables_are(USE_READS_NOTHING, &facts, "");
}
END_TEST

START_TEST(tool_that_is_missing_is_named)
{
	struct use_program program = {.name = "x"};
	char               tool[USE_TOOL_SIZE] = "";

	ck_assert(!use_program_tool_is_missing(&program, tool));
	program.tools = "sh cat";
	ck_assert(!use_program_tool_is_missing(&program, tool));
	program.tools = "sh no-such-tool no-other-tool";
	ck_assert(use_program_tool_is_missing(&program, tool));
	ck_assert_str_eq(tool, "no-such-tool");
}
END_TEST

START_TEST(installed_is_what_is_in_path)
{
	struct use_program program = {.name = "x", .binary = "sh"};

	ck_assert(use_program_is_installed(&program));
	program.binary = "no-such-program";
	ck_assert(!use_program_is_installed(&program));
	program.binary = NULL;
	ck_assert(use_program_is_installed(&program));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs");
	TCase *tc = tcase_create("programs");

	tcase_add_test(tc, fill_puts_words_in_and_leaves_other_braces);
	tcase_add_test(tc, every_row_is_whole);
	tcase_add_test(tc, variables_are_what_device_conf_does_not_say);
	tcase_add_test(tc, tool_that_is_missing_is_named);
	tcase_add_test(tc, installed_is_what_is_in_path);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
