/* A TPM that is full: what killed programs of ours left there gives way, and nothing else does. */
#include "config.h"

#include <string.h>

#include "device/tpm/ak_type.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/esys.h"
#include "device/tpm/key_file.h"
#include "device/tpm/room.h"
#include "device/tpm/sign_key.h"
#include "device/tpm/template.h"
#include "failing.h"
#include "failing_tpm.h"
#include "unit.h"
#include "util/error.h"

#define ROOM 3U /* objects of a software TPM */

static struct device_key key;
static struct error      err;

/* Primary objects: an SRK and a key as ours are, an SRK that is somebody's, and a key with a policy. */
enum object { OBJECT_SRK, OBJECT_KEY, OBJECT_ADMIN, OBJECT_POLICY };

static TPMT_PUBLIC
object_public(enum object object)
{
	TPMT_PUBLIC public = device_template_storage(TPM2_ALG_ECC, true);

	if (object == OBJECT_ADMIN)
		public.objectAttributes |= TPMA_OBJECT_ADMINWITHPOLICY;
	if (object == OBJECT_POLICY)
		public.authPolicy.size = TPM2_SHA256_DIGEST_SIZE;
	if (object == OBJECT_KEY || object == OBJECT_POLICY) {
		public.objectAttributes = DEVICE_KEY_ATTRIBUTES;
		public.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
	}
	return public;
}

/* Loads so many, which nobody flushes. */
static void
leave(size_t count, enum object object)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	TPM2B_PUBLIC                 public = {.publicArea = object_public(object)};
	const TPM2B_DATA             outside = {0};
	const TPML_PCR_SELECTION     pcrs = {0};
	AUTO_TPM                     tpm = NULL;
	ESYS_TR                      handle;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		                      ESYS_TR_NONE, &sensitive, &public, &outside, &pcrs, &handle, NULL, NULL, NULL, NULL),
		    TSS2_RC_SUCCESS);
}

/* Empties the TPM. */
static void
setup(void)
{
	AUTO_TPM tpm = NULL;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	unit_ok(sign_key_create(tpm, sign_key_type_find("ecc-p256"), &key, &err), &err);
	ck_assert_uint_eq(failing_tpm_loaded(), 0);
}

static void
flush_all(void)
{
	TPM2_HANDLE handles[ROOM];
	size_t      count = ROOM;
	AUTO_TPM    tpm = NULL;
	ESYS_TR     object;

	failing_off();
	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	unit_ok(device_tpm_handles(tpm, (TPM2_HANDLE)TPM2_HT_TRANSIENT << TPM2_HR_SHIFT, handles, &count, &err), &err);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(Esys_TR_FromTPMPublic(tpm->esys, handles[i], ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
		                      &object), TSS2_RC_SUCCESS);
		ck_assert_uint_eq(Esys_FlushContext(tpm->esys, object), TSS2_RC_SUCCESS);
	}
}

START_TEST(room_is_made_of_what_programs_of_ours_left)
{
	AUTO_TPM tpm = NULL;

	leave(ROOM, _i == 0 ? OBJECT_SRK : OBJECT_KEY);
	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	tpm->alone = true;
	unit_ok(sign_key_check(tpm, &key, &err), &err);
	ck_assert_uint_eq(failing_tpm_loaded(), 0);
}
END_TEST

START_TEST(room_is_not_made_of_what_is_somebodys)
{
	AUTO_TPM tpm = NULL;

	leave(ROOM, _i == 0 ? OBJECT_ADMIN : OBJECT_POLICY);
	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	ck_assert(!device_room_again(tpm, TPM2_RC_OBJECT_MEMORY, DEVICE_TPM_TRIES - 1));
	ck_assert_uint_eq(failing_tpm_loaded(), ROOM);
}
END_TEST

/* In a TPM that others use, too, they are given the time of all retries first. */
START_TEST(room_is_made_at_the_last_try_where_others_work)
{
	AUTO_TPM tpm = NULL;

	leave(1, OBJECT_SRK);
	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	tpm->alone = false;
	(void)device_room_again(tpm, TPM2_RC_OBJECT_MEMORY, 0);
	ck_assert_uint_eq(failing_tpm_loaded(), 1);
	ck_assert(device_room_again(tpm, TPM2_RC_OBJECT_MEMORY, DEVICE_TPM_TRIES - 1));
	ck_assert_uint_eq(failing_tpm_loaded(), 0);
	ck_assert(!device_room_again(tpm, TPM2_RC_OBJECT_MEMORY, DEVICE_TPM_TRIES - 1));
}
END_TEST

/* What this program has open is none of the leftovers, although it looks the same. */
START_TEST(room_keeps_what_is_open)
{
	AUTO_TPM tpm = NULL;
	AUTO_AK  ak = {0};
	uint32_t handle;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	tpm->alone = false;
	unit_ok(device_ak_create(tpm, device_ak_type_find("p256"), &ak, &handle, &err), &err);
	ck_assert_uint_eq(failing_tpm_loaded(), 1);
	ck_assert(!device_room_again(tpm, TPM2_RC_OBJECT_HANDLES, DEVICE_TPM_TRIES - 1));
	leave(1, OBJECT_SRK);
	ck_assert_uint_eq(failing_tpm_loaded(), 2);
	ck_assert(device_room_again(tpm, TPM2_RC_OBJECT_HANDLES, DEVICE_TPM_TRIES - 1));
	ck_assert_uint_eq(failing_tpm_loaded(), 1);
	device_tpm_release(tpm, &handle);
	ck_assert_uint_eq(failing_tpm_loaded(), 0);
}
END_TEST

/* Its handle may be another's by now, which is not to be flushed when the TPM is closed. */
START_TEST(object_that_was_lost_is_not_flushed)
{
	AUTO_AK            ak = {0};
	struct device_tpm *tpm = NULL;
	uint32_t           handle;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	unit_ok(device_ak_create(tpm, device_ak_type_find("p256"), &ak, &handle, &err), &err);
	ck_assert(!device_room_again(tpm, TPM2_RC_REFERENCE_H0, 0));
	ck_assert(tpm->lost);
	device_tpm_close(tpm);
	ck_assert_uint_eq(failing_tpm_loaded(), 1);
}
END_TEST

/* Two leftovers stand in the way, of which one or both stay when the TPM fails; it is said, then. */
static int
check_full(const void *arg, struct error *why)
{
	struct device_tpm *tpm = NULL;
	int                rc;

	(void)arg;
	failing_off();
	leave(ROOM, OBJECT_SRK);
	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	tpm->alone = true;
	failing_on();
	rc = sign_key_check(tpm, &key, why);
	failing_off();
	device_tpm_close(tpm);
	flush_all();
	return rc;
}

START_TEST(room_in_a_tpm_that_fails_is_made_or_it_is_said)
{
	failing_tpm(TPM2_RC_FAILURE);
	failing_each(check_full, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("room");
	TCase *tc = tcase_create("room");

	tcase_add_checked_fixture(tc, setup, flush_all);
	tcase_add_loop_test(tc, room_is_made_of_what_programs_of_ours_left, 0, 2);
	tcase_add_loop_test(tc, room_is_not_made_of_what_is_somebodys, 0, 2);
	tcase_add_test(tc, room_is_made_at_the_last_try_where_others_work);
	tcase_add_test(tc, room_keeps_what_is_open);
	tcase_add_test(tc, object_that_was_lost_is_not_flushed);
	tcase_add_test(tc, room_in_a_tpm_that_fails_is_made_or_it_is_said);
	suite_add_tcase(suite, tc);
	return failing_tpm_run(suite);
}
