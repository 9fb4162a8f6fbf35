#include "config.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "device/tpm/key_file.h"
#include "unit.h"
#include "util/error.h"

/* Made by tpm2-openssl 1.1.1 on swtpm: openssl genpkey -provider tpm2 -algorithm EC. */
static const char tpm2_openssl[] =
    "-----BEGIN TSS2 PRIVATE KEY-----\n"
    "MIHwBgZngQUKAQOgAwEBAQIEQAAAAQRYAFYAIwALAAYAcgAAABAAEAADABAAINWx\n"
    "vPtwFNAglfjZcfDK6YsuVR7U11tq09preTuZQQ0aACDoBFQDELxrCOEAz3JlhllN\n"
    "50m6LDoXx+IcbDQTnNMQTASBgAB+ACCebiHJTwHsOCqNCd87iNqiRY3d6g8JtBPZ\n"
    "57jLskmbXgAQUG/KJLTApn7ezxAbFPpt8O16KkNkaQXiFwObl/+86wx0GuqssxSI\n"
    "YCpwz3MxEwAVByH1GHZDfTmno0kJ4kWNAhz3YF5EUAG967n0xtDzVjcpWFaY+iRi\n"
    "bALc\n"
    "-----END TSS2 PRIVATE KEY-----\n";

START_TEST(decode_key_of_tpm2_openssl_gives_its_parts)
{
	struct device_key key;
	struct error      err = {0};

	unit_ok(device_key_decode(view_text(tpm2_openssl), &key, &err), &err);
	ck_assert_uint_eq(key.parent, 0x40000001);
	ck_assert_uint_eq(key.public.publicArea.type, TPM2_ALG_ECC);
	ck_assert_uint_eq(key.public.publicArea.parameters.eccDetail.curveID, TPM2_ECC_NIST_P256);
	ck_assert_uint_eq(key.public.publicArea.unique.ecc.x.buffer[0], 0xd5);
	ck_assert_uint_eq(key.private.size, 0x7e);
}
END_TEST

START_TEST(both_ways_key_stays_the_same)
{
	struct device_key key, again;
	AUTO_BYTES        pem = {0};
	struct error      err = {0};

	unit_ok(device_key_decode(view_text(tpm2_openssl), &key, &err), &err);
	key.parent = 0x81000001;
	unit_ok(device_key_encode(&key, &pem, &err), &err);
	unit_ok(device_key_decode(bytes_view(&pem), &again, &err), &err);
	ck_assert_uint_eq(again.parent, 0x81000001);
	ck_assert_mem_eq(&again.public.publicArea.unique, &key.public.publicArea.unique,
	    sizeof key.public.publicArea.unique.ecc);
	ck_assert_uint_eq(again.private.size, key.private.size);
	ck_assert_mem_eq(again.private.buffer, key.private.buffer, key.private.size);
}
END_TEST

START_TEST(decode_key_behind_another_block_is_found)
{
	static const char other[] =
	    "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
	AUTO_BYTES        both = {0};
	struct device_key key;
	struct error      err = {0};

	bytes_append(&both, other, sizeof other - 1);
	bytes_append(&both, tpm2_openssl, sizeof tpm2_openssl - 1);
	unit_ok(device_key_decode(bytes_view(&both), &key, &err), &err);
}
END_TEST

#define PEM(body) "-----BEGIN TSS2 PRIVATE KEY-----\n" body "\n-----END TSS2 PRIVATE KEY-----\n"

static const struct {
	const char *pem;
	const char *detail;
} refused[] = {
    {"", "no TSS2 PRIVATE KEY"},
    {"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "no TSS2 PRIVATE KEY"},
    /* SEQUENCE { 2.23.133.10.1.4 (importable), [0] TRUE, 1, '', '' } */
    {PEM("MBYGBmeBBQoBBKADAQH/AgEBBAEABAEA"), "TPM key of another type than 2.23.133.10.1.3"},
    /* the loadable type, without [0] */
    {PEM("MBEGBmeBBQoBAwIBAQQBAAQBAA=="), "TPM key with a password"},
    /* with [0] FALSE */
    {PEM("MBYGBmeBBQoBA6ADAQEAAgEBBAEABAEA"), "TPM key with a password"},
    /* parent -1 */
    {PEM("MBYGBmeBBQoBA6ADAQH/AgH/BAEABAEA"), "TPM key whose parent is no handle"},
    /* public area of one octet */
    {PEM("MBYGBmeBBQoBA6ADAQH/AgEBBAEABAEA"), "TPM key whose public area does not decode"},
};

START_TEST(decode_what_is_no_key_of_ours_is_malformed)
{
	struct device_key key;
	struct error      err = {0};

	unit_fails(device_key_decode(view_text(refused[_i].pem), &key, &err), &err, ERROR_MALFORMED,
	    refused[_i].detail);
}
END_TEST

START_TEST(decode_octets_left_over_is_malformed)
{
	struct device_key key;
	struct error      err = {0};

	/* SEQUENCE {} would miss its members; here the last is followed by NULL. */
	ck_assert_int_eq(device_key_decode(view_text(PEM("MBYGBmeBBQoBA6ADAQH/AgEBBAEABAEABQA=")),
	                     &key, &err),
	    -1);
	ck_assert_int_eq((int)err.kind, (int)ERROR_MALFORMED);
	ck_assert_str_eq(err.detail, "TPM key that does not decode");
}
END_TEST

/* The private area says that it has one octet more. */
START_TEST(decode_private_area_that_is_cut_off_is_malformed)
{
	static const uint8_t private[] = {0x04, 0x81, 0x80, 0x00, 0x7e};
	BIO                 *bio = BIO_new_mem_buf(tpm2_openssl, -1);
	BIO                 *out = BIO_new(BIO_s_mem());
	char                *name;
	char                *header;
	char                *text;
	unsigned char       *der;
	uint8_t             *at;
	long                 size;
	struct device_key    key;
	struct error         err = {0};

	ck_assert_int_eq(PEM_read_bio(bio, &name, &header, &der, &size), 1);
	at = memmem(der, (size_t)size, private, sizeof private);
	ck_assert_ptr_nonnull(at);
	at[4]++;
	ck_assert_int_gt(PEM_write_bio(out, name, "", der, size), 0);
	size = BIO_get_mem_data(out, &text);
	unit_fails(device_key_decode((struct view){(uint8_t *)text, (size_t)size}, &key, &err), &err,
	    ERROR_MALFORMED, "TPM key whose private area does not decode");
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	BIO_free(out);
}
END_TEST

START_TEST(encode_public_area_of_an_unknown_type_is_refused)
{
	struct device_key key = {.public.publicArea.type = TPM2_ALG_AES};
	AUTO_BYTES        pem = {0};
	struct error      err = {0};

	ck_assert_int_eq(device_key_encode(&key, &pem, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)ERROR_INTERNAL);
	ck_assert_uint_eq(pem.size, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("key_file");
	TCase *tc = tcase_create("key_file");

	tcase_add_test(tc, decode_key_of_tpm2_openssl_gives_its_parts);
	tcase_add_test(tc, both_ways_key_stays_the_same);
	tcase_add_test(tc, decode_key_behind_another_block_is_found);
	tcase_add_loop_test(tc, decode_what_is_no_key_of_ours_is_malformed, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, decode_octets_left_over_is_malformed);
	tcase_add_test(tc, decode_private_area_that_is_cut_off_is_malformed);
	tcase_add_test(tc, encode_public_area_of_an_unknown_type_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
