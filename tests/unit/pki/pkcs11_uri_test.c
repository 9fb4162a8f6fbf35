#include <stdio.h>
#include <string.h>

#include "pki/pkcs11_uri.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

START_TEST(parse_every_attribute_is_found)
{
	struct pkcs11_uri uri;
	struct error      err = {0};

	unit_ok(pkcs11_uri_parse("pkcs11:token=The%20CA;manufacturer=M;model=m%2f2;serial=12;"
	                         "object=issuing;id=%00%ff;type=private;slot-id=7;"
	                         "slot-manufacturer=S;slot-description=d"
	                         "?module-path=/usr/lib/x.so&pin-source=file:/run/pin",
	            &uri, &err), &err);
	ck_assert_str_eq(uri.token, "The CA");
	ck_assert_str_eq(uri.manufacturer, "M");
	ck_assert_str_eq(uri.model, "m/2");
	ck_assert_str_eq(uri.serial, "12");
	ck_assert_str_eq(uri.object, "issuing");
	ck_assert_str_eq(uri.slot_manufacturer, "S");
	ck_assert_str_eq(uri.slot_description, "d");
	ck_assert(uri.has_id);
	ck_assert_uint_eq(uri.id.size, 2);
	ck_assert_mem_eq(uri.id.data, "\x00\xff", 2);
	ck_assert(uri.has_slot);
	ck_assert_uint_eq(uri.slot, 7);
	ck_assert_str_eq(uri.module_path, "/usr/lib/x.so");
	ck_assert_str_eq(uri.pin_source, "/run/pin");
	pkcs11_uri_clear(&uri);
	ck_assert_ptr_null(uri.token);
}
END_TEST

START_TEST(parse_no_attribute_fits_anything)
{
	struct pkcs11_uri uri;
	struct error      err = {0};

	unit_ok(pkcs11_uri_parse("pkcs11:", &uri, &err), &err);
	ck_assert_ptr_null(uri.token);
	ck_assert(!uri.has_id);
	pkcs11_uri_clear(&uri);
}
END_TEST

static const struct {
	const char *source;
	const char *path;
} pin_sources[] = {
    {"/run/pin", "/run/pin"},
    {"file:/run/pin", "/run/pin"},
    {"file:///run/pin", "/run/pin"},
};

START_TEST(parse_pin_source_is_a_path)
{
	struct pkcs11_uri uri;
	struct error      err = {0};
	char              text[128];

	(void)snprintf(text, sizeof text, "pkcs11:token=a?pin-source=%s", pin_sources[_i].source);
	unit_ok(pkcs11_uri_parse(text, &uri, &err), &err);
	ck_assert_str_eq(uri.pin_source, pin_sources[_i].path);
	pkcs11_uri_clear(&uri);
}
END_TEST

static const struct {
	const char *text;
	const char *detail;
} refused[] = {
    {"file:/k", "a PKCS #11 URI begins with \"pkcs11:\""},
    {"pkcs11:token", "the PKCS #11 URI has a part that is no name=value"},
    {"pkcs11:=a", "the PKCS #11 URI has a part that is no name=value"},
    {"pkcs11:;token=a", "the PKCS #11 URI has a part that is no name=value"},
    {"pkcs11:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=a",
        "the PKCS #11 URI has a part that is no name=value"}, /* of 65 characters */
    {"pkcs11:token=", "\"token\" of the PKCS #11 URI is no text"},
    {"pkcs11:token=a%00", "\"token\" of the PKCS #11 URI is no text"},
    {"pkcs11:token=a;token=b", "the PKCS #11 URI has \"token\" twice"},
    {"pkcs11:id=%01;id=%02", "the PKCS #11 URI has \"id\" twice"},
    {"pkcs11:token=%4", "a % of the PKCS #11 URI is not followed by two hexadecimal digits"},
    {"pkcs11:token=%", "a % of the PKCS #11 URI is not followed by two hexadecimal digits"},
    {"pkcs11:token=%;id=4", "a % of the PKCS #11 URI is not followed by two hexadecimal digits"},
    {"pkcs11:token=%zz", "a % of the PKCS #11 URI is not followed by two hexadecimal digits"},
    {"pkcs11:token=a b", "a character of the PKCS #11 URI must be percent-encoded (%20)"},
    {"pkcs11:token=a/b", "a character of the PKCS #11 URI must be percent-encoded (%2f)"},
    {"pkcs11:type=cert", "the PKCS #11 URI names no private key: its type is not \"private\""},
    {"pkcs11:slot-id=x", "\"slot-id\" of the PKCS #11 URI is not one number"},
    {"pkcs11:slot-id=-1", "\"slot-id\" of the PKCS #11 URI is not one number"},
    {"pkcs11:slot-id=99999999999999999999", "\"slot-id\" of the PKCS #11 URI is not one number"},
    {"pkcs11:slot-id=1;slot-id=1", "\"slot-id\" of the PKCS #11 URI is not one number"},
    {"pkcs11:library-version=3", "the attribute \"library-version\" of the PKCS #11 URI is not supported"},
    {"pkcs11:module-path=a", "the attribute \"module-path\" of the PKCS #11 URI is not supported"},
    {"pkcs11:?token=a", "the attribute \"token\" of the PKCS #11 URI is not supported"},
    {"pkcs11:?pin-source=pin", "pin-source of the PKCS #11 URI is not the absolute path of a file"},
    {"pkcs11:?pin-source=|/bin/pin", "pin-source of the PKCS #11 URI is not the absolute path of a file"},
    {"pkcs11:?pin-value=1234",
        "a PKCS #11 URI must not hold the PIN (pin-value): it would be shown wherever the URI is; "
        "give it by descriptor, credential or file, or let pin-source name that"},
};

START_TEST(parse_bad_uri_says_why)
{
	struct pkcs11_uri uri;
	struct error      err = {0};

	unit_fails(pkcs11_uri_parse(refused[_i].text, &uri, &err), &err, ERROR_MALFORMED,
	    refused[_i].detail);
	ck_assert_ptr_null(uri.token);
}
END_TEST

START_TEST(parse_attribute_has_4096_octets_at_most)
{
	static const char begin[] = "pkcs11:token=";
	char              text[sizeof begin + 4097];
	struct pkcs11_uri uri;
	struct error      err = {0};

	memset(text, 'a', sizeof text);
	memcpy(text, begin, sizeof begin - 1);
	text[sizeof begin - 1 + 4096] = '\0';
	unit_ok(pkcs11_uri_parse(text, &uri, &err), &err);
	ck_assert_uint_eq(strlen(uri.token), 4096);
	pkcs11_uri_clear(&uri);
	memcpy(text + sizeof begin - 1 + 4096, "a", 2);
	unit_fails(pkcs11_uri_parse(text, &uri, &err), &err, ERROR_MALFORMED,
	    "an attribute of the PKCS #11 URI is too long");
	ck_assert_ptr_null(uri.token);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pkcs11_uri");
	TCase *tc = tcase_create("parse");

	tcase_add_test(tc, parse_every_attribute_is_found);
	tcase_add_test(tc, parse_no_attribute_fits_anything);
	tcase_add_loop_test(tc, parse_pin_source_is_a_path, 0,
	    sizeof pin_sources / sizeof pin_sources[0]);
	tcase_add_test(tc, parse_attribute_has_4096_octets_at_most);
	tcase_add_loop_test(tc, parse_bad_uri_says_why, 0, sizeof refused / sizeof refused[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
