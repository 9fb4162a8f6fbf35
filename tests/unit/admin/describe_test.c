/* Records as JSON and as text: each field, each number of items, and text that is no UTF-8. */
#include "config.h"

#include "admin/describe.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "pki/crl_reason.h"
#include "unit.h"
#include "util/bytes.h"

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"
#define HASH  "aa" ZEROS

static const char *const   name_texts[] = {"desk", "pc \xc3\xa9"};
static const char *const   tag_texts[] = {"lab", "x/y"};

static char                note[] = "n";
static struct store_device device;

static void
setup(void)
{
	device = (struct store_device){.ek_hash = {0xaa}, .names = (char **)(uintptr_t)name_texts, .name_count = 2,
	    .tags = (char **)(uintptr_t)tag_texts, .tag_count = 2, .note = note, .enabled = true,
	    .enrolled = 60, .seen = 3600};
}

static void
assert_json(json_t *json, const char *wanted)
{
	AUTO_FREE char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, wanted);
	json_decref(json);
}

/* What a function prints is compared with the text. */
#define ASSERT_PRINTS(wanted, ...)                              \
	do {                                                    \
		AUTO_FREE char *text = NULL;                    \
		size_t          size;                           \
		FILE           *out = open_memstream(&text, &size); \
                                                                \
		ck_assert_ptr_nonnull(out);                     \
		__VA_ARGS__;                                    \
		ck_assert_int_eq(fclose(out), 0);               \
		ck_assert_str_eq(text, wanted);                 \
	} while (0)

/* ---- JSON ---- */

START_TEST(octets_are_hexadecimal)
{
	const uint8_t octets[] = {0, 0x7f, 0xff};

	assert_json(describe_octets(octets, sizeof octets), "\"007fff\"");
	assert_json(describe_octets(octets, 0), "\"\"");
}
END_TEST

/* jansson would leave the name out, and the device with the note. */
START_TEST(device_json_shows_what_is_no_utf8)
{
	char               *names[] = {(char[]){"lap\xff"}};
	char               *tags[] = {(char[]){"\xfe"}};
	struct store_device bad = {.ek_hash = {0xff}, .names = names, .name_count = 1, .tags = tags, .tag_count = 1,
	    .note = (char[]){"A\xff"}};
	json_t             *object = describe_device_json(&bad);

	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "names"), 0)), "lap\\xff");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "tags"), 0)), "\\xfe");
	ck_assert_str_eq(json_string_value(json_object_get(object, "note")), "A\\xff");
	json_decref(object);
}
END_TEST

START_TEST(device_json_has_every_field)
{
	assert_json(describe_device_json(&device),
	    "{\"ek_hash\":\"" HASH "\",\"names\":[\"desk\",\"pc \xc3\xa9\"],\"identifiers\":[\"desk\",\"pc \xc3\xa9\"],"
	    "\"tags\":[\"lab\",\"x/y\"],\"note\":\"n\",\"enabled\":true,\"enrolled\":\"1970-01-01T00:01:00Z\","
	    "\"seen\":\"1970-01-01T01:00:00Z\"}");
}
END_TEST

START_TEST(device_json_without_a_name_is_identified_by_its_hash)
{
	device.name_count = 0;
	device.tag_count = 0;
	device.enabled = false;
	device.seen = 0;
	assert_json(describe_device_json(&device),
	    "{\"ek_hash\":\"" HASH "\",\"names\":[],\"identifiers\":[\"" HASH "\"],\"tags\":[],\"note\":\"n\","
	    "\"enabled\":false,\"enrolled\":\"1970-01-01T00:01:00Z\",\"seen\":null}");
}
END_TEST

START_TEST(certificate_json_has_the_reason_of_one_that_is_revoked)
{
	struct store_certificate certificate = {.serial = {0x40, 1}, .serial_size = 2, .ak_name = {0, 0x0b},
	    .ak_name_size = 2, .not_before = 1, .not_after = 90, .reason = REASON_KEY_COMPROMISE};

	assert_json(describe_certificate_json(&certificate),
	    "{\"serial\":\"4001\",\"ak_name\":\"000b\",\"not_before\":\"1970-01-01T00:00:01Z\","
	    "\"not_after\":\"1970-01-01T00:01:30Z\",\"revoked\":null,\"reason\":null}");
	certificate.revoked = 61;
	assert_json(describe_certificate_json(&certificate),
	    "{\"serial\":\"4001\",\"ak_name\":\"000b\",\"not_before\":\"1970-01-01T00:00:01Z\","
	    "\"not_after\":\"1970-01-01T00:01:30Z\",\"revoked\":\"1970-01-01T00:01:01Z\",\"reason\":\"keyCompromise\"}");
	certificate.reason = 8; /* of another program */
	assert_json(describe_certificate_json(&certificate),
	    "{\"serial\":\"4001\",\"ak_name\":\"000b\",\"not_before\":\"1970-01-01T00:00:01Z\","
	    "\"not_after\":\"1970-01-01T00:01:30Z\",\"revoked\":\"1970-01-01T00:01:01Z\",\"reason\":null}");
}
END_TEST

/* ---- lists ---- */

START_TEST(lists_have_a_comma_between)
{
	AUTO_FREE char *names = describe_names(&device);
	AUTO_FREE char *tags = describe_tags(&device);

	ck_assert_str_eq(names, "desk, pc \xc3\xa9");
	ck_assert_str_eq(tags, "lab, x/y");
}
END_TEST

START_TEST(lists_of_one_and_of_none_have_no_comma)
{
	AUTO_FREE char *one = NULL;
	AUTO_FREE char *none = NULL;

	device.name_count = 1;
	device.tag_count = 0;
	one = describe_names(&device);
	none = describe_tags(&device);
	ck_assert_str_eq(one, "desk");
	ck_assert_str_eq(none, "");
}
END_TEST

static const struct {
	const char *recorded;
	const char *shown;
} recorded_texts[] = {{"", ""}, {"a", "a"}, {"a\nb", "a, b"}, {"a\nb\n", "a, b, ..."}};

START_TEST(recorded_names_that_did_not_fit_are_dots)
{
	AUTO_FREE char *shown = describe_recorded_names(recorded_texts[_i].recorded);

	ck_assert_str_eq(shown, recorded_texts[_i].shown);
}
END_TEST

static const struct {
	const char *actor;
	const char *shown;
} actors[] = {
    {"uid 0", "uid 0 (root)"},
    {"uid 987654321", "uid 987654321"},   /* nobody's */
    {"uid 0000000000", "uid 0000000000"}, /* longer than any */
    {"uid 0x", "uid 0x"},
    {"uid ", "uid "},
    {"uid", "uid"},
    {"UID 0", "UID 0"},
    {"attestd", "attestd"},
};

START_TEST(actor_of_a_known_user_has_its_name)
{
	AUTO_FREE char *shown = describe_actor(actors[_i].actor);

	ck_assert_str_eq(shown, actors[_i].shown);
}
END_TEST

/* ---- text ---- */

START_TEST(device_line_has_names_where_there_are_any)
{
	ASSERT_PRINTS("EK " HASH " (desk, pc \xc3\xa9)", describe_device_line(out, &device));
	device.name_count = 0;
	ASSERT_PRINTS("EK " HASH, describe_device_line(out, &device));
}
END_TEST

START_TEST(device_has_a_line_for_each_property)
{
	ASSERT_PRINTS("EK hash   " HASH "\n"
	              "name      desk\n"
	              "name      pc \xc3\xa9\n"
	              "tags      lab, x/y\n"
	              "note      n\n"
	              "state     enabled\n"
	              "enrolled  1970-01-01T00:01:00Z\n"
	              "seen      1970-01-01T01:00:00Z\n",
	    describe_device(out, &device));
}
END_TEST

START_TEST(device_has_no_line_for_what_is_not_set)
{
	device.name_count = 0;
	device.tag_count = 0;
	*device.note = '\0';
	device.enabled = false;
	device.seen = 0;
	ASSERT_PRINTS("EK hash   " HASH "\n"
	              "name      none: AK certificates carry the hash\n"
	              "state     disabled\n"
	              "enrolled  1970-01-01T00:01:00Z\n"
	              "seen      never\n",
	    describe_device(out, &device));
}
END_TEST

START_TEST(revoked_certificates_are_counted_in_words)
{
	ASSERT_PRINTS("0 AK certificates revoked\n", describe_revoked(out, 0));
	ASSERT_PRINTS("1 AK certificate revoked\n", describe_revoked(out, 1));
	ASSERT_PRINTS("2 AK certificates revoked\n", describe_revoked(out, 2));
}
END_TEST

START_TEST(crl_is_hinted_at_where_something_was_revoked)
{
	ASSERT_PRINTS("", describe_crl_hint(out, 0));
	ASSERT_PRINTS("a running attestd signs the CRL within a second; without one, run \"attest-ca crl\"\n",
	    describe_crl_hint(out, 1));
}
END_TEST

#define HINT                                                                      \
	"the device certificates that it has stay good: unless attest-acmed has\n" \
	"revoke_with_attestation = true, revoke them on its host:\n"

START_TEST(acme_hint_is_for_the_ek_or_for_each_name)
{
	char *const odd[] = {(char[]){"desk"}, (char[]){"it's $HOME"}};

	ASSERT_PRINTS(HINT "  attest-acmed revoke --ek " HASH "\n", describe_acme_hint(out, device.ek_hash, NULL, 0));
	ASSERT_PRINTS(HINT "  attest-acmed revoke --ek " HASH " --name desk\n"
	                   "  attest-acmed revoke --ek " HASH " --name 'it'\"'\"'s $HOME'\n",
	    describe_acme_hint(out, device.ek_hash, odd, 2));
}
END_TEST

/* Of 64 characters, however many octets they have, it is whole. */
START_TEST(name_of_65_characters_is_warned_of)
{
	char  whole[2 * 64 + 1] = "";
	char  longer[66];
	char *both[] = {whole, longer};
	char  said[1024] = "";
	int   before = dup(STDERR_FILENO);
	FILE *file = tmpfile();

	for (int i = 0; i < 64; i++)
		(void)strcat(whole, "\xc3\xa9");
	memset(longer, 'a', 65);
	longer[65] = '\0';
	device.names = both;
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
	describe_long_names(&device);
	(void)dup2(before, STDERR_FILENO);
	(void)close(before);
	rewind(file);
	ck_assert_uint_gt(fread(said, 1, sizeof said - 1, file), 0);
	(void)fclose(file);
	ck_assert_str_eq(said,
	    "the name aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa has more than 64 characters: device"
	    " certificates of attest-acmed hold it whole as PermanentIdentifier, and as CN"
	    " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-635361c48bb9eab1\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("describe");
	TCase *tc = tcase_create("describe");

	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* as the program does it: which characters are printable */
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, octets_are_hexadecimal);
	tcase_add_test(tc, device_json_shows_what_is_no_utf8);
	tcase_add_test(tc, device_json_has_every_field);
	tcase_add_test(tc, device_json_without_a_name_is_identified_by_its_hash);
	tcase_add_test(tc, certificate_json_has_the_reason_of_one_that_is_revoked);
	tcase_add_test(tc, lists_have_a_comma_between);
	tcase_add_test(tc, lists_of_one_and_of_none_have_no_comma);
	tcase_add_loop_test(tc, recorded_names_that_did_not_fit_are_dots, 0,
	    sizeof recorded_texts / sizeof recorded_texts[0]);
	tcase_add_loop_test(tc, actor_of_a_known_user_has_its_name, 0, sizeof actors / sizeof actors[0]);
	tcase_add_test(tc, device_line_has_names_where_there_are_any);
	tcase_add_test(tc, device_has_a_line_for_each_property);
	tcase_add_test(tc, device_has_no_line_for_what_is_not_set);
	tcase_add_test(tc, revoked_certificates_are_counted_in_words);
	tcase_add_test(tc, crl_is_hinted_at_where_something_was_revoked);
	tcase_add_test(tc, acme_hint_is_for_the_ek_or_for_each_name);
	tcase_add_test(tc, name_of_65_characters_is_warned_of);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
