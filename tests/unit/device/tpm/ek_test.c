#include "config.h"

#include <string.h>

#include "device/exhibits.h"
#include "device/tpm/device_ek.h"
#include "device/tpm/esys.h"
#include "unit.h"

/* What NV indices hold, and how much of it, from where, is the certificate. */
static const struct {
	const char *what;
	uint8_t     raw[16];
	size_t      size;
	size_t      from;
	size_t      length; /* 0: none */
} indices[] = {
    {"long form", {0x30, 0x82, 0x00, 0x03, 1, 2, 3}, 7, 0, 7},
    {"short long form", {0x30, 0x81, 0x03, 1, 2, 3}, 6, 0, 6},
    {"padded with ones", {0x30, 0x82, 0x00, 0x02, 1, 2, 0xff, 0xff, 0xff}, 9, 0, 6},
    {"padded with zeros", {0x30, 0x82, 0x00, 0x02, 1, 2, 0, 0}, 8, 0, 6},
    {"TPM 1.2 header", {0x10, 0x01, 0x00, 0x00, 0x06, 0x30, 0x82, 0x00, 0x02, 1, 2}, 11, 5, 6},
    {"TPM 1.2 header, full certificate",
        {0x10, 0x01, 0x00, 0x00, 0x08, 0x10, 0x02, 0x30, 0x82, 0x00, 0x02, 1, 2, 0xff}, 14, 7, 6},
    {"cut off", {0x30, 0x82, 0x00, 0x03, 1, 2}, 6, 0, 0},
    {"nothing", {0}, 0, 0, 0},
    {"ones", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 6, 0, 0},
    {"zeros", {0, 0, 0, 0, 0, 0}, 6, 0, 0},
    {"a SET", {0x31, 0x82, 0x00, 0x02, 1, 2}, 6, 0, 0},
    {"indefinite length", {0x30, 0x80, 1, 2, 0, 0}, 6, 0, 0},
    {"a header alone", {0x10, 0x01, 0x00, 0x00, 0x00, 0x30}, 6, 0, 0},
};

START_TEST(certificate_trim_leaves_the_certificate)
{
	struct view der = device_ek_certificate_trim((struct view){indices[_i].raw, indices[_i].size});

	ck_assert_msg(der.size == indices[_i].length, "%s: %zu octets", indices[_i].what, der.size);
	if (der.size > 0)
		ck_assert_ptr_eq(der.data, indices[_i].raw + indices[_i].from);
}
END_TEST

/* A chain in NV: one certificate behind the other, and where each begins. */
static const struct {
	const char *what;
	uint8_t     raw[20];
	size_t      size;
	size_t      count;
	size_t      from[3];
} chains[] = {
    {"nothing", {0}, 0, 0, {0}},
    {"one", {0x30, 0x81, 0x01, 7}, 4, 1, {0}},
    {"two", {0x30, 0x81, 0x01, 7, 0x30, 0x82, 0x00, 0x02, 8, 9}, 10, 2, {0, 4}},
    {"two, padded", {0x30, 0x81, 0x01, 7, 0, 0xff, 0x30, 0x81, 0x01, 8, 0xff, 0xff}, 12, 2, {0, 6}},
    {"padding alone", {0xff, 0xff, 0xff, 0, 0}, 5, 0, {0}},
    {"one and what is cut off", {0x30, 0x81, 0x01, 7, 0x30, 0x81, 0x05, 8}, 8, 1, {0}},
    {"one and something else", {0x30, 0x81, 0x01, 7, 0x31, 0x30, 0x81, 0x01, 8}, 9, 1, {0}},
    {"more than are wanted",
        {0x30, 0x81, 0x01, 7, 0x30, 0x81, 0x01, 8, 0x30, 0x81, 0x01, 9, 0x30, 0x81, 0x01, 10}, 16, 3,
        {0, 4, 8}},
};

START_TEST(exhibits_split_finds_each_certificate)
{
	struct view found[3];
	size_t      count =
	    device_exhibits_split((struct view){chains[_i].raw, chains[_i].size}, found, 3);

	ck_assert_msg(count == chains[_i].count, "%s: %zu", chains[_i].what, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_ptr_eq(found[i].data, chains[_i].raw + chains[_i].from[i]);
}
END_TEST

static const struct {
	TSS2_RC rc;
	TPM2_RC code;
} codes[] = {
    {TPM2_RC_SUCCESS, 0},
    {TPM2_RC_OBJECT_MEMORY, TPM2_RC_OBJECT_MEMORY},
    {TSS2_RESMGR_TPM_RC_LAYER | TPM2_RC_RETRY, TPM2_RC_RETRY},
    /* parameter 2, session 1: the number of which is no part of the code */
    {TPM2_RC_VALUE | TPM2_RC_P | TPM2_RC_2, TPM2_RC_VALUE},
    {TPM2_RC_BAD_AUTH | TPM2_RC_S | TPM2_RC_1, TPM2_RC_BAD_AUTH},
    {TSS2_TCTI_RC_IO_ERROR, 0},
    {TSS2_ESYS_RC_BAD_VALUE, 0},
};

START_TEST(code_of_response_is_the_tpms)
{
	ck_assert_uint_eq(device_tpm_code(codes[_i].rc), codes[_i].code);
}
END_TEST

START_TEST(error_known_code_has_a_remedy)
{
	struct error err = {0};

	ck_assert_int_eq(device_tpm_error(&err, TPM2_RC_INITIALIZE, "asking"), -1);
	/* What stands behind, in parentheses, is the library's own wording. */
	ck_assert_ptr_eq(strstr(err.detail,
	                     "asking: the TPM was not started; run \"tpm2_startup -c\" ("),
	    err.detail);
	ck_assert_int_eq((int)err.kind, (int)ERROR_INTERNAL);
}
END_TEST

START_TEST(again_other_failures_get_no_second_try)
{
	ck_assert(!device_tpm_again(TPM2_RC_VALUE, 0));
	ck_assert(!device_tpm_again(TPM2_RC_LOCKOUT, 0));
	ck_assert(!device_tpm_again(TSS2_TCTI_RC_IO_ERROR, 0));
	ck_assert(!device_tpm_again(TPM2_RC_RETRY, 6)); /* the last try */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_ek");
	TCase *tc = tcase_create("device_ek");

	tcase_add_loop_test(tc, certificate_trim_leaves_the_certificate, 0,
	    sizeof indices / sizeof indices[0]);
	tcase_add_loop_test(tc, exhibits_split_finds_each_certificate, 0,
	    sizeof chains / sizeof chains[0]);
	tcase_add_loop_test(tc, code_of_response_is_the_tpms, 0, sizeof codes / sizeof codes[0]);
	tcase_add_test(tc, error_known_code_has_a_remedy);
	tcase_add_test(tc, again_other_failures_get_no_second_try);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
