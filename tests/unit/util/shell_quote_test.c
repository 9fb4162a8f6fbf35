#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/shell_quote.h"
#include "unit.h"

static const struct {
	const char *text;
	const char *quoted;
} texts[] = {
    {"", "''"},
    {"/var/lib/attest-ca/root.key", "'/var/lib/attest-ca/root.key'"},
    {"x; id > pwned", "'x; id > pwned'"},
    {"$(id)`id`\"$HOME\"", "'$(id)`id`\"$HOME\"'"},
    {"it's", "'it'\"'\"'s'"},
    {"a\\b", "'a\\b'"},
    {"a\nb\x1b[31m\x7f", "$'a\\012b\\033[31m\\177'"},
    {"caf\xc3\xa9\xff", "$'caf\\303\\251\\377'"},
    {"'; id; '", "''\"'\"'; id; '\"'\"''"},
    {"\x01'\\", "$'\\001\\047\\134'"},
    {"-rf", "'-rf'"},
    {"a1\x01" "1", "$'a1\\0011'"},
};

START_TEST(quote_makes_one_word)
{
	char *quoted = shell_quote(texts[_i].text);

	ck_assert_str_eq(quoted, texts[_i].quoted);
	free(quoted);
}
END_TEST

START_TEST(word_is_quoted_only_when_a_shell_would_change_it)
{
	static const struct {
		const char *text;
		const char *word;
	} words[] = {
	    {"/var/lib/attest-ca", "/var/lib/attest-ca"},
	    {"sqlite:/a_b+c@d.e", "sqlite:/a_b+c@d.e"},
	    {"", "''"},
	    {"~root", "'~root'"},
	    {"a=b", "'a=b'"},
	    {"a b", "'a b'"},
	    {"{a,b}", "'{a,b}'"},
	    {"a\n", "$'a\\012'"},
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		char *word = shell_word(words[i].text);

		ck_assert_str_eq(word, words[i].word);
		free(word);
	}
}
END_TEST

/* What a shell makes of it is the text again, whatever it holds. */
START_TEST(quote_of_random_text_is_read_back_by_a_shell)
{
	char  text[64];
	char  back[sizeof text + 1];
	char  script[8 * sizeof text];
	char *quoted;
	FILE *shell;

	srandom((unsigned)_i);
	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = (char)(random() % 255 + 1);
	text[sizeof text - 1] = '\0';
	quoted = shell_quote(text);
	(void)snprintf(script, sizeof script, "printf %%s %s", quoted);
	ck_assert_int_eq(setenv("SCRIPT", script, 1), 0);
	shell = popen("exec bash -c \"$SCRIPT\"", "r");
	ck_assert_ptr_nonnull(shell);
	ck_assert_uint_eq(fread(back, 1, sizeof back, shell), sizeof text - 1);
	ck_assert_int_eq(pclose(shell), 0);
	ck_assert_int_eq(memcmp(back, text, sizeof text - 1), 0);
	free(quoted);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shell_quote");
	TCase *tc = tcase_create("quote");

	tcase_add_test(tc, word_is_quoted_only_when_a_shell_would_change_it);
	tcase_add_loop_test(tc, quote_makes_one_word, 0, (int)(sizeof texts / sizeof texts[0]));
	tcase_add_loop_test(tc, quote_of_random_text_is_read_back_by_a_shell, 0, 20);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
