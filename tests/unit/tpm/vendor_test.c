#include "config.h"

#include "tpm/vendor.h"
#include "unit.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static const struct {
	const char *claim;
	const char *id;
} manufacturers[] = {
    {"1314145024", "id:4E544300"}, /* what step sends for a Nuvoton */
    {"1229081856", "id:49424D00"}, /* and for swtpm */
    {"4294967295", "id:FFFFFFFF"},
    {"305419896", "id:12345678"}, /* not in the registry, and still what the TPM says */
    {"Nuvoton Technology", "id:4E544300"}, /* what attezt sends */
    {"Infineon", "id:49465800"},
    {"ST Microelectronics", "id:53544D20"},
    {"STMicroelectronics", "id:53544D20"},
    {"Intel", "id:494E5443"},
    {"AMD", "id:414D4400"},
    {"IBM", "id:49424D00"},
    {"Microsoft", "id:4D534654"},
    {"National Semiconductor", "id:4E534D20"},
    {"NTC", "id:4E544300"},
    {"ntc", "id:4E544300"},
    {"STM", "id:53544D20"},
    {"STM ", "id:53544D20"},
    {"INTC", "id:494E5443"},
    {"id:4E544300", "id:4E544300"},
    {"id:4e544300", "id:4E544300"},
    {"", "id:00000000"},
    {" ", "id:00000000"},
    {"0", "id:00000000"},
    {"4294967296", "id:00000000"},
    {"18446744073709551617", "id:00000000"},
    {"12a", "id:00000000"},
    {"-1", "id:00000000"},
    {"id:4E5443", "id:00000000"},
    {"id:4E54430000", "id:00000000"},
    {"id:4E54430g", "id:00000000"},
    {"Acme", "id:00000000"},
    {"N\xc3\xbcvoton", "id:00000000"},
};

START_TEST(vendor_id_claim_gives_registered_id)
{
	char id[TPM_VENDOR_ID_SIZE];

	tpm_vendor_id(manufacturers[_i].claim, id);
	ck_assert_str_eq(id, manufacturers[_i].id);
}
END_TEST

/* What chips say in TPM2_PT_VENDOR_STRING_1 to 4. */
static const struct {
	char        octets[17];
	const char *text;
} chips[] = {
    {"NPCT75x\"!!4rls\0\0", "NPCT75x\"!!4rls"},
    {"NPCT75x\0\2\1\0$rls\0", "NPCT75x$rls"},
    {"SLB9\0\0\0\0\0\0\0\0\0\0\0\0", "SLB9"},
    {"SLB9670\0\0\0\0\0\0\0\0\0", "SLB9670"},
    {"    ST33HTPHAHD8", "ST33HTPHAHD8"},
    {"\0\0\0 ST33TPHF2E  ", "ST33TPHF2E"},
    {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", ""},
    {"                ", ""},
    {"AMD\0\0\0\0\0\0\0\0\0\0\0\0\0", "AMD"},
    {"SW   TPM\0\0\0\0\0\0\0\0", "SW TPM"},
    {"a\x7f\x1b[2J\n\r\tb\xc3\xbc\xff" "c d", "a[2Jb c d"},
};

START_TEST(vendor_string_of_a_chip_is_cleaned)
{
	uint32_t parts[4] = {0};
	char     text[TPM_VENDOR_STRING_SIZE];

	for (size_t i = 0; i < 16; i++)
		parts[i / 4] = parts[i / 4] << 8 | (uint8_t)chips[_i].octets[i];
	tpm_vendor_string(parts, text);
	ck_assert_str_eq(text, chips[_i].text);
}
END_TEST

START_TEST(vendor_clean_is_bounded)
{
	char text[5] = "unset";

	tpm_vendor_clean((const uint8_t *)"\0 abc def", 9, text, sizeof text);
	ck_assert_str_eq(text, "abc");
	tpm_vendor_clean((const uint8_t *)"abcdefgh", 8, text, sizeof text);
	ck_assert_str_eq(text, "abcd");
	tpm_vendor_clean(NULL, 0, text, sizeof text);
	ck_assert_str_eq(text, "");
}
END_TEST

static const struct {
	const char *version;
	const char *id;
} versions[] = {
    {"7.2", "id:00070002"},
    {"65535.65535", "id:FFFFFFFF"},
    {"0.0", "id:00000000"},
    {"8215.1547", "id:2017060B"},
    {"id:00070002", "id:00070002"},
    {"id:0007000b", "id:0007000B"},
    {"", "id:00000000"},
    {"7", "id:00000000"},
    {"7.", "id:00000000"},
    {".2", "id:00000000"},
    {"7.2.1", "id:00000000"},
    {"7.2 ", "id:00000000"},
    {"65536.0", "id:00000000"},
    {"0.65536", "id:00000000"},
    {"-7.2", "id:00000000"},
    {"id:7", "id:00000000"},
    {"seven", "id:00000000"},
};

START_TEST(version_id_version_gives_major_and_minor)
{
	char id[TPM_VENDOR_ID_SIZE];

	tpm_version_id(versions[_i].version, id);
	ck_assert_str_eq(id, versions[_i].id);
}
END_TEST

static const struct {
	const char *id;
	const char *code;
	const char *name;
} vendors[] = {
    {"id:4E544300", "NTC", "Nuvoton"},
    {"id:4e544300", "NTC", "Nuvoton"},
    {"id:53544D20", "STM", "STMicroelectronics"}, /* whose code ends with a space */
    {"id:414D4400", "AMD", "AMD"},
    {"id:49424D00", "IBM", "IBM"},
    {"id:00001014", "IBM", "IBM"}, /* in certificates of swtpm_localca */
    {"id:43524F53", "", ""},
    {"id:00000000", "", ""},
    {"NTC", "", ""},
    {"", "", ""},
};

START_TEST(vendor_code_and_name_are_of_the_registry)
{
	char code[TPM_VENDOR_CODE_SIZE];

	tpm_vendor_code(vendors[_i].id, code);
	ck_assert_str_eq(code, vendors[_i].code);
	ck_assert_str_eq(tpm_vendor_name(vendors[_i].id), vendors[_i].name);
}
END_TEST

static const struct {
	const char *version;
	const char *id;
} certificate_versions[] = {
    {"id:00070002", "id:00070002"},
    {"id:000a0005", "id:000A0005"},
    {"id:0D0C", "id:000D000C"},
    {"id:13", "id:00010003"},
    {"id:010203", ""},
    {"id:073", ""},
    {"id:", ""},
    {"id:0007000200", ""},
    {"id:000g", ""},
    {"7.2", ""},
    {"", ""},
};

START_TEST(version_of_certificate_is_two_halves)
{
	char id[TPM_VENDOR_ID_SIZE];

	tpm_version_of_certificate(certificate_versions[_i].version, id);
	ck_assert_str_eq(id, certificate_versions[_i].id);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vendor");
	TCase *tc = tcase_create("vendor");

	tcase_add_loop_test(tc, vendor_string_of_a_chip_is_cleaned, 0, COUNT(chips));
	tcase_add_test(tc, vendor_clean_is_bounded);
	tcase_add_loop_test(tc, vendor_id_claim_gives_registered_id, 0, COUNT(manufacturers));
	tcase_add_loop_test(tc, version_id_version_gives_major_and_minor, 0, COUNT(versions));
	tcase_add_loop_test(tc, vendor_code_and_name_are_of_the_registry, 0, COUNT(vendors));
	tcase_add_loop_test(tc, version_of_certificate_is_two_halves, 0, COUNT(certificate_versions));
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
