#include "config.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "unit_hex.h"
#include "util/error.h"
#include "webauthn/format.h"
#include "webauthn/item.h"
#include "webauthn/object.h"

/* Members of an attestation object, spelled by hand after RFC 8949. */
#define FMT      "63666d74" "6374706d"
#define STMT     "6761747453746d74"
#define AUTHDATA "686175746844617461"
#define ALG      "63616c67" "390100"
#define SIG      "63736967" "43010203"
#define VER      "63766572" "63322e30"
#define X5C      "63783563" "82" "41aa" "42bbcc"
#define PUB      "6770756241726561" "420405"
#define CERT     "6863657274496e666f" "4106"
#define TPM      "a6" ALG SIG VER X5C PUB CERT
#define CANONICAL "a2" FMT STMT TPM

static int
decode(const char *hex, struct webauthn_object *object, struct bytes *input, struct error *err)
{
	return webauthn_object_decode(unit_hex(hex, input), object, err);
}

/* The same object in other spellings. */
static const char *const spellings[] = {
    CANONICAL,
    "a2" STMT TPM FMT,
    "a2" STMT "a6" CERT PUB X5C VER SIG ALG FMT,
    "a3" FMT STMT TPM AUTHDATA "44deadbeef",
    "a3" AUTHDATA "40" FMT STMT TPM,
    "bf" FMT STMT TPM "ff",
    "a2" FMT STMT "bf" ALG SIG VER X5C PUB CERT "ff",
    "a2" FMT STMT "a6" ALG SIG VER "63783563" "9f" "41aa" "42bbcc" "ff" PUB CERT,
    "a2" FMT STMT "a6" ALG "63736967" "5f" "4101" "40" "420203" "ff" VER X5C PUB CERT,
    "a2" FMT STMT "a6" ALG SIG VER "63783563" "82" "41aa" "5f41bb41ccff" PUB CERT,
    "a2" "63666d74" "7f61746270" "6dff" STMT TPM,
    "a2" "7f6166626d74ff" "6374706d" STMT TPM,
    "b802" FMT STMT TPM,                                    /* longer heads than needed */
    "a2" FMT STMT "a6" "63616c67" "3a00000100" SIG VER X5C PUB CERT,
    "a2" FMT STMT "a7" "6178" "820102" ALG SIG VER X5C PUB CERT, /* what we do not know */
    "a3" "6178" "a16179f6" FMT STMT TPM,
};

START_TEST(decode_any_spelling_gives_the_same)
{
	struct webauthn_object object;
	AUTO_BYTES             input = {0};
	struct error           err = {0};

	unit_ok(decode(spellings[_i], &object, &input, &err), &err);
	ck_assert(item_is(object.format, "tpm"));
	ck_assert(object.known);
	ck_assert_int_eq(object.statement.alg, -257);
	ck_assert_uint_eq(object.statement.chain_count, 2);
	ck_assert(item_is(object.statement.chain[0], "\xaa"));
	ck_assert(item_is(object.statement.chain[1], "\xbb\xcc"));
	ck_assert(item_is(object.statement.signature, "\x01\x02\x03"));
	ck_assert(item_is(object.statement.pub_area, "\x04\x05"));
	ck_assert(item_is(object.statement.cert_info, "\x06"));
	webauthn_object_clear(&object);
}
END_TEST

START_TEST(encode_tpm_is_canonical)
{
	struct webauthn_object object;
	AUTO_BYTES             input = {0};
	AUTO_BYTES             wanted = {0};
	AUTO_BYTES             out = {0};
	struct error           err = {0};

	unit_ok(decode(spellings[_i], &object, &input, &err), &err);
	webauthn_object_encode_tpm(&object.statement, &out);
	ck_assert(view_equal(bytes_view(&out), unit_hex(CANONICAL, &wanted)));
	webauthn_object_clear(&object);
}
END_TEST

/* An unknown format is no failure of the decoder: who asks decides. */
START_TEST(decode_unknown_format_leaves_the_statement)
{
	struct webauthn_object object;
	AUTO_BYTES             input = {0};
	struct error           err = {0};

	unit_ok(decode("a2" "63666d74" "656170706c65" STMT "a1" "63783563" "8141aa", &object, &input,
	            &err), &err);
	ck_assert(item_is(object.format, "apple"));
	ck_assert(!object.known);
	ck_assert_uint_eq(object.statement.chain_count, 0);
	webauthn_object_clear(&object);
}
END_TEST

/* Each character that a format's name may have. */
START_TEST(decode_format_of_any_letter_is_unknown)
{
	struct webauthn_object object;
	AUTO_BYTES             input = {0};
	struct error           err = {0};

	unit_ok(decode("a2" "63666d74" "68" "617a" "415a" "3039" "2d5f" STMT "a0", &object, &input, &err), &err);
	ck_assert(item_is(object.format, "azAZ09-_"));
	ck_assert(!object.known);
	webauthn_object_clear(&object);
}
END_TEST

#define NINE "41aa41aa41aa41aa41aa41aa41aa41aa41aa"

static const struct {
	const char *hex;
	const char *detail;
} refused[] = {
    {"", "the attestation object: the CBOR ends where an item is wanted"},
    {"f6", "the attestation object is no map"},
    {"80", "the attestation object is no map"},
    {"c0" CANONICAL, "the attestation object is no map"},
    {CANONICAL "00", "1 octets are left over after the CBOR"},
    {"a0", "the attestation object has no fmt"},
    {"a1" STMT TPM, "the attestation object has no fmt"},
    {"a1" FMT, "the attestation object has no attStmt"},
    {"a3" FMT FMT STMT TPM, "the key \"fmt\" stands twice in a map"},
    {"a3" FMT STMT TPM STMT TPM, "the key \"attStmt\" stands twice in a map"},
    {"a4" FMT STMT TPM AUTHDATA "40" AUTHDATA "40", "the key \"authData\" stands twice in a map"},
    {"a4" FMT STMT TPM "6178" "00" "7f6178ff" "00", "the key \"x\" stands twice in a map"},
    {"a3" FMT STMT TPM "00" "00", "a key of a map is no text string"},
    {"a2" "63666d74" "4374706d" STMT TPM, "fmt is no text string"},
    {"a2" "63666d74" "60" STMT TPM, "fmt is empty"},
    {"a2" "63666d74" "6374700a" STMT TPM, "fmt has characters that no format's name has"},
    {"a2" "63666d74" "62c328" STMT TPM, "fmt is no UTF-8"},
    {"a2" "63666d74" "7821" "616161616161616161616161616161616161616161616161616161616161616161" STMT TPM,
        "fmt is longer than 32 octets"},
    {"a2" FMT STMT "80", "attStmt is no map"},
    {"a2" FMT STMT "a5" SIG VER X5C PUB CERT, "attStmt has no alg"},
    {"a2" FMT STMT "a5" ALG VER X5C PUB CERT, "attStmt has no sig"},
    {"a2" FMT STMT "a5" ALG SIG X5C PUB CERT, "attStmt has no ver"},
    {"a2" FMT STMT "a5" ALG SIG VER PUB CERT, "attStmt has no x5c"},
    {"a2" FMT STMT "a5" ALG SIG VER X5C CERT, "attStmt has no pubArea"},
    {"a2" FMT STMT "a5" ALG SIG VER X5C PUB, "attStmt has no certInfo"},
    {"a2" FMT STMT "a7" ALG ALG SIG VER X5C PUB CERT, "the key \"alg\" stands twice in a map"},
    {"a2" FMT STMT "bf" ALG SIG VER X5C PUB CERT SIG "ff", "the key \"sig\" stands twice in a map"},
    {"a2" FMT STMT "a6" "63616c67" "6161" SIG VER X5C PUB CERT, "alg is no integer"},
    {"a2" FMT STMT "a6" "63616c67" "1bffffffffffffffff" SIG VER X5C PUB CERT, "alg is out of range"},
    {"a2" FMT STMT "a6" ALG "63736967" "63010203" VER X5C PUB CERT, "sig is no byte string"},
    {"a2" FMT STMT "a6" ALG "63736967" "40" VER X5C PUB CERT, "sig is empty"},
    {"a2" FMT STMT "a6" ALG "63736967" "5fff" VER X5C PUB CERT, "sig is empty"},
    {"a2" FMT STMT "a6" ALG "63736967" "5f6161ff" VER X5C PUB CERT,
        "a string has a piece that is no definite string of its kind"},
    {"a2" FMT STMT "a6" ALG "63736967" "5f5f41aaffff" VER X5C PUB CERT,
        "a string has a piece that is no definite string of its kind"},
    {"a2" FMT STMT "a6" ALG SIG "63766572" "63312e32" X5C PUB CERT, "ver is not \"2.0\""},
    {"a2" FMT STMT "a6" ALG SIG VER "63783563" "80" PUB CERT, "x5c holds no certificate"},
    {"a2" FMT STMT "a6" ALG SIG VER "63783563" "41aa" PUB CERT, "x5c is no list"},
    {"a2" FMT STMT "a6" ALG SIG VER "63783563" "8140" PUB CERT, "a certificate of x5c is empty"},
    {"a2" FMT STMT "a6" ALG SIG VER "63783563" "8101" PUB CERT, "a certificate of x5c is no byte string"},
    {"a2" FMT STMT "a6" ALG SIG VER "63783563" "89" NINE PUB CERT, "x5c is a list of more than 8"},
    {"a2" FMT STMT "a6" ALG SIG VER "63783563" "9f" NINE "ff" PUB CERT, "x5c has more than 8 entries"},
    {"a2" FMT STMT "a6" ALG SIG VER X5C "6770756241726561" "40" CERT, "pubArea is empty"},
    {"a2" FMT STMT "a6" ALG SIG VER X5C PUB "6863657274496e666f" "40", "certInfo is empty"},
    {"a3" FMT STMT TPM "6178" "8180", NULL}, /* three deep: the last that passes */
    {"a3" FMT STMT TPM "6178" "818180", "maps and lists inside each other, more than 3"},
    {"a3" FMT STMT TPM "6178" "9f9f9fffffff", "maps and lists inside each other, more than 3"},
    {"a3" FMT STMT TPM "6178" "a16179a1617aa0", "maps and lists inside each other, more than 3"},
    {"a3" FMT STMT TPM "6178" "a2616100616101", "the key \"a\" stands twice in a map"},
    {"a3" FMT STMT TPM "6178" "c100", "a CBOR tag or break where a value is wanted"},
    {"a3" FMT STMT TPM "6178" "ff", "a CBOR tag or break where a value is wanted"},
    {"a3" FMT STMT TPM, "a key of a map: the CBOR ends where an item is wanted"},
    {"bf" FMT STMT TPM, "a map: the CBOR ends where an item is wanted"},
    {"bf" FMT STMT TPM "6178" "ff", "a CBOR tag or break where a value is wanted"},
    {"bbffffffffffffffff" FMT STMT TPM, "the attestation object is a map of more than 16"},
    {"b1" FMT STMT TPM, "the attestation object is a map of more than 16"},
    {"a3" FMT STMT TPM "6178" "9affffffff", "a list is a list of more than 64"},
    {"a3" FMT STMT TPM "6178" "5bffffffffffffffff00", "the CBOR is cut off or broken"},
};

START_TEST(decode_what_breaks_a_rule_is_malformed)
{
	struct webauthn_object object;
	AUTO_BYTES             input = {0};
	struct error           err = {0};

	if (refused[_i].detail == NULL)
		unit_ok(decode(refused[_i].hex, &object, &input, &err), &err);
	else
		unit_fails(decode(refused[_i].hex, &object, &input, &err), &err, ERROR_MALFORMED,
		    refused[_i].detail);
	webauthn_object_clear(&object);
}
END_TEST

/* Cut off anywhere, in memory of exactly that size. */
START_TEST(decode_cut_off_is_malformed)
{
	AUTO_BYTES whole = {0};

	(void)unit_hex(spellings[_i], &whole);
	for (size_t size = 0; size < whole.size; size++) {
		struct webauthn_object object;
		AUTO_FREE uint8_t     *cut = memory_new(size);
		struct error           err = {0};

		memcpy(cut, whole.data, size);
		ck_assert_int_eq(webauthn_object_decode((struct view){cut, size}, &object, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
		webauthn_object_clear(&object);
	}
}
END_TEST

/* What object.c has passed over already, cut off anywhere: the format's own decoder sees it too. */
START_TEST(decode_statement_cut_off_is_malformed)
{
	AUTO_BYTES whole = {0};

	(void)unit_hex(TPM, &whole);
	for (size_t size = 0; size < whole.size; size++) {
		struct webauthn_statement statement = {0};
		struct item_reader        reader;
		AUTO_FREE uint8_t        *cut = memory_new(size);
		AUTO_BYTES                store = {0};
		struct error              err = {0};

		memcpy(cut, whole.data, size);
		item_reader_init(&reader, (struct view){cut, size}, &store);
		ck_assert_int_eq(webauthn_tpm_decode(&reader, &statement, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
}
END_TEST

static int
read_text(struct item_reader *reader, struct error *err)
{
	struct view text;

	return item_text(reader, "it", 16, &text, err);
}

static int
read_bytes(struct item_reader *reader, struct error *err)
{
	struct view bytes;

	return item_bytes(reader, "it", 16, &bytes, err);
}

static int
read_integer(struct item_reader *reader, struct error *err)
{
	int64_t number;

	return item_integer(reader, "it", &number, err);
}

static int
read_list(struct item_reader *reader, struct error *err)
{
	struct item_walk list;

	return item_list(reader, "it", 2, &list, err);
}

static int
read_map(struct item_reader *reader, struct error *err)
{
	struct item_walk map;

	return item_map(reader, "it", &map, err);
}

static int
read_any(struct item_reader *reader, struct error *err)
{
	return item_skip(reader, 0, err);
}

static const struct {
	int (*read)(struct item_reader *reader, struct error *err);
	const char *hex;
	const char *detail; /* begins so */
} items[] = {
    {read_text, "", "it: "},
    {read_bytes, "", "it: "},
    {read_integer, "", "it: "},
    {read_list, "", "it: "},
    {read_map, "", "it: "},
    {read_any, "", ""},
    {read_text, "7f6161" "61ff" "ff", "it "}, /* the second piece is no UTF-8 */
    {read_any, "b1", "a map "},               /* of 17 keys */
    {read_any, "9841", "a list "},
};

START_TEST(read_item_that_breaks_a_rule_is_malformed)
{
	AUTO_BYTES         input = {0};
	AUTO_BYTES         store = {0};
	struct item_reader reader;
	struct error       err = {0};

	item_reader_init(&reader, unit_hex(items[_i].hex, &input), &store);
	ck_assert_int_eq(items[_i].read(&reader, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_msg(strncmp(err.detail, items[_i].detail, strlen(items[_i].detail)) == 0, "%s", err.detail);
}
END_TEST

/* Views point into the store, so that it never grows. */
START_TEST(read_pieces_that_do_not_fit_is_refused)
{
	AUTO_BYTES         input = {0};
	AUTO_BYTES         store = {0};
	struct item_reader reader;
	struct error       err = {0};

	item_reader_init(&reader, unit_hex("7f6161626262ff", &input), &store);
	reader.room = 2;
	unit_fails(read_text(&reader, &err), &err, ERROR_INTERNAL, "it does not fit");
}
END_TEST

/* One member of the statement with `size` octets in it, whole or in pieces. */
static void
statement_with(size_t size, bool pieces, struct bytes *out)
{
	AUTO_FREE uint8_t *octets = memory_new(size);

	(void)unit_hex("a2" FMT STMT "a6" ALG VER X5C PUB CERT "63736967", out);
	if (!pieces) {
		cbor_write_bytes(out, octets, size);
		return;
	}
	bytes_append_u8(out, 0x5f);
	cbor_write_bytes(out, octets, size / 2);
	cbor_write_bytes(out, octets, size - size / 2);
	bytes_append_u8(out, 0xff);
}

START_TEST(decode_large_member_is_malformed)
{
	for (int pieces = 0; pieces < 2; pieces++) {
		struct webauthn_object object;
		AUTO_BYTES             most = {0};
		AUTO_BYTES             above = {0};
		struct error           err = {0};

		statement_with(WEBAUTHN_STRUCTURE_MAX, pieces, &most);
		unit_ok(webauthn_object_decode(bytes_view(&most), &object, &err), &err);
		ck_assert_uint_eq(object.statement.signature.size, WEBAUTHN_STRUCTURE_MAX);
		webauthn_object_clear(&object);
		statement_with(WEBAUTHN_STRUCTURE_MAX + 1, pieces, &above);
		unit_fails(webauthn_object_decode(bytes_view(&above), &object, &err), &err,
		    ERROR_MALFORMED, "sig is longer than 4096 octets");
		webauthn_object_clear(&object);
	}
}
END_TEST

START_TEST(decode_large_object_is_malformed)
{
	struct webauthn_object object;
	AUTO_FREE uint8_t     *octets = memory_new(WEBAUTHN_OBJECT_MAX + 1);
	struct error           err = {0};

	unit_fails(webauthn_object_decode((struct view){octets, WEBAUTHN_OBJECT_MAX + 1}, &object,
	               &err), &err, ERROR_MALFORMED,
	    "the attestation object is larger than 65536 octets");
	webauthn_object_clear(&object);
	unit_fails(webauthn_object_decode((struct view){octets, WEBAUTHN_OBJECT_MAX}, &object, &err), &err,
	    ERROR_MALFORMED, "the attestation object is no map");
	webauthn_object_clear(&object);
}
END_TEST

/* Nesting costs no stack: a body of nothing but opening brackets. */
START_TEST(decode_deep_nesting_is_malformed)
{
	static const uint8_t   openings[] = {0x81, 0x9f, 0xa1, 0xbf, 0xc1};
	struct webauthn_object object;
	AUTO_BYTES             input = {0};
	struct error           err = {0};

	(void)unit_hex("a3" FMT STMT TPM "6178", &input);
	for (size_t i = 0; i < 60000; i++)
		bytes_append_u8(&input, openings[_i]);
	ck_assert_int_eq(webauthn_object_decode(bytes_view(&input), &object, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	webauthn_object_clear(&object);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("webauthn");
	TCase *decoding = tcase_create("decode");
	int    spelling_count = (int)(sizeof spellings / sizeof spellings[0]);

	tcase_add_loop_test(decoding, decode_any_spelling_gives_the_same, 0, spelling_count);
	tcase_add_loop_test(decoding, encode_tpm_is_canonical, 0, spelling_count);
	tcase_add_test(decoding, decode_statement_cut_off_is_malformed);
	tcase_add_loop_test(decoding, read_item_that_breaks_a_rule_is_malformed, 0,
	    (int)(sizeof items / sizeof items[0]));
	tcase_add_test(decoding, read_pieces_that_do_not_fit_is_refused);
	tcase_add_loop_test(decoding, decode_cut_off_is_malformed, 0, spelling_count);
	tcase_add_loop_test(decoding, decode_what_breaks_a_rule_is_malformed, 0,
	    (int)(sizeof refused / sizeof refused[0]));
	tcase_add_test(decoding, decode_format_of_any_letter_is_unknown);
	tcase_add_test(decoding, decode_unknown_format_leaves_the_statement);
	tcase_add_test(decoding, decode_large_member_is_malformed);
	tcase_add_test(decoding, decode_large_object_is_malformed);
	tcase_add_loop_test(decoding, decode_deep_nesting_is_malformed, 0, 5);
	suite_add_tcase(suite, decoding);
	return unit_run(suite);
}
