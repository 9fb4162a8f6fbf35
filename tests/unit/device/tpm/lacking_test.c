/* A TPM that lacks what is asked for: it has no memory, no keys, and one answer to TPM2_CreatePrimary. */
#include "config.h"

#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tcti.h>

#include "device/tpm/device_ek.h"
#include "device/tpm/esys.h"
#include "device/tpm/template.h"
#include "device/tpm/tpm.h"
#include "unit.h"
#include "util/error.h"

#define HEADER_SIZE 10

/* NV indices of EKs of the high range (TCG EK Credential Profile). */
#define HIGH_FIRST 0x01c00012U
#define HIGH_LAST  0x01c00fffU

static struct {
	uint32_t command;
	TPM2_RC  answer; /* to TPM2_CreatePrimary */
	unsigned created; /* times that it was asked */
	bool     high_fails; /* questions for indices of the high range */
	uint32_t first; /* of the handles that were asked for last */
} fake;

static uint32_t
number_read(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void
number_write(uint32_t number, uint8_t *at)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(number >> (24 - 8 * i));
}

static TSS2_RC
transmit(TSS2_TCTI_CONTEXT *tcti, size_t size, const uint8_t *command)
{
	(void)tcti;
	ck_assert_uint_ge(size, HEADER_SIZE);
	fake.command = number_read(command + 6);
	fake.first = fake.command == TPM2_CC_GetCapability ? number_read(command + HEADER_SIZE + 4) : 0;
	fake.created += fake.command == TPM2_CC_CreatePrimary;
	return TSS2_RC_SUCCESS;
}

/* No handles, and nothing in NV. */
static TSS2_RC
receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *response, int32_t timeout)
{
	uint8_t  answer[HEADER_SIZE + 9] = {0x80, 0x01};
	size_t   length = HEADER_SIZE;
	uint32_t code = TPM2_RC_HANDLE | TPM2_RC_1;

	(void)tcti;
	(void)timeout;
	if (fake.high_fails && fake.first >= HIGH_FIRST && fake.first <= HIGH_LAST) {
		code = TPM2_RC_FAILURE;
	} else if (fake.command == TPM2_CC_GetCapability) {
		length = sizeof answer;
		code = TPM2_RC_SUCCESS;
		number_write(TPM2_CAP_HANDLES, answer + HEADER_SIZE + 1);
	} else if (fake.command == TPM2_CC_CreatePrimary)
		code = fake.answer;
	number_write((uint32_t)length, answer + 2);
	number_write(code, answer + 6);
	if (response != NULL) {
		ck_assert_uint_ge(*size, length);
		memcpy(response, answer, length);
	}
	*size = length;
	return TSS2_RC_SUCCESS;
}

static TSS2_TCTI_CONTEXT_COMMON_V1 tcti = {
    .version = 1, .transmit = transmit, .receive = receive};

static struct device_tpm *
open_fake(TPM2_RC answer)
{
	struct device_tpm *tpm = memory_new(sizeof *tpm);

	fake.answer = answer;
	fake.created = 0;
	fake.high_fails = false;
	ck_assert_uint_eq(Esys_Initialize(&tpm->esys, (TSS2_TCTI_CONTEXT *)&tcti, NULL), TSS2_RC_SUCCESS);
	return tpm;
}

static const TPM2_RC lacking[] = {TPM2_RC_ASYMMETRIC, TPM2_RC_TYPE, TPM2_RC_VALUE, TPM2_RC_CURVE,
    TPM2_RC_KEY_SIZE, TPM2_RC_HASH, TPM2_RC_SYMMETRIC};

/* Every template is tried, and the last word is that there is none. */
START_TEST(load_of_a_kind_that_the_tpm_lacks_finds_none)
{
	struct device_tpm *tpm = open_fake(lacking[_i] | TPM2_RC_P | TPM2_RC_2);
	struct device_ek   ek;
	uint32_t           handle;
	struct error       err = {0};

	unit_fails(device_ek_load(tpm, device_template_find("p256"), &ek, &handle, &err), &err, ERROR_NOT_FOUND,
	    "this TPM makes no P-256 EK (L-2)");
	ck_assert_uint_eq(handle, DEVICE_HANDLE_NONE);
	fake.created = 0;
	unit_fails(device_ek_load_wanted(tpm, NULL, &ek, &handle, &err), &err, ERROR_NOT_FOUND,
	    "this TPM makes no EK that TCG's templates describe");
	ck_assert_uint_ge(fake.created, 2);
	device_tpm_close(tpm);
}
END_TEST

START_TEST(load_of_a_kind_that_nobody_knows_is_malformed)
{
	struct device_tpm *tpm = open_fake(TPM2_RC_FAILURE);
	struct device_ek   ek;
	uint32_t           handle;
	struct error       err = {0};

	unit_fails(device_ek_load_wanted(tpm, "dsa", &ek, &handle, &err), &err, ERROR_MALFORMED,
	    "there is no EK kind \"dsa\"");
	ck_assert_uint_eq(fake.created, 0);
	device_tpm_close(tpm);
}
END_TEST

/* The low range is tried; whether there is a high one, the TPM does not say. */
START_TEST(load_whose_search_fails_ends)
{
	struct device_tpm *tpm = open_fake(TPM2_RC_VALUE | TPM2_RC_P | TPM2_RC_2);
	struct device_ek   ek;
	uint32_t           handle;
	struct error       err = {0};

	fake.high_fails = true;
	ck_assert_int_eq(device_ek_load_wanted(tpm, NULL, &ek, &handle, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strncmp(err.detail, "asking the TPM what it is: ", 27) == 0, "%s", err.detail);
	device_tpm_close(tpm);
}
END_TEST

START_TEST(info_of_what_the_tpm_does_not_tell_is_zero)
{
	struct device_tpm     *tpm = open_fake(TPM2_RC_FAILURE);
	struct device_tpm_info info = {.manufacturer = 1, .nv_buffer_max = 1};
	struct error           err = {0};

	unit_ok(device_tpm_info_read(tpm, &info, &err), &err);
	ck_assert_uint_eq(info.manufacturer, 0);
	ck_assert_uint_eq(info.nv_buffer_max, 0);
	ck_assert_str_eq(info.firmware, "0.0");
	device_tpm_close(tpm);
}
END_TEST

/* What is no lack ends the search. */
START_TEST(load_from_a_tpm_that_fails_says_so)
{
	struct device_tpm *tpm = open_fake(TPM2_RC_FAILURE);
	struct device_ek   ek;
	uint32_t           handle;
	struct error       err = {0};

	ck_assert_int_eq(device_ek_load_wanted(tpm, NULL, &ek, &handle, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_uint_eq(fake.created, 1);
	ck_assert_ptr_nonnull(strstr(err.detail, "making the "));
	device_tpm_close(tpm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lacking");
	TCase *tc = tcase_create("lacking");

	tcase_add_loop_test(tc, load_of_a_kind_that_the_tpm_lacks_finds_none, 0,
	    sizeof lacking / sizeof lacking[0]);
	tcase_add_test(tc, load_of_a_kind_that_nobody_knows_is_malformed);
	tcase_add_test(tc, load_whose_search_fails_ends);
	tcase_add_test(tc, info_of_what_the_tpm_does_not_tell_is_zero);
	tcase_add_test(tc, load_from_a_tpm_that_fails_says_so);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
