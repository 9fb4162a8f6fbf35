/* NV indices as a TPM describes and reads them that does not do what it says. */
#include "config.h"

#include "device/tpm/nv.h"

#include <stdlib.h>
#include <string.h>

#include "device/tpm/esys.h"
#include "unit.h"
#include "util/error.h"

#define INDEX  0x01c0000aU
#define HANDLE 7U

static struct {
	uint16_t size;     /* as it is described */
	TPMA_NV  attributes;
	uint16_t readable; /* octets; nothing is read behind them */
	uint16_t chunk_max;
} fake;

/* In place of ESAPI's: one index. */
TSS2_RC
Esys_GetCapability(ESYS_CONTEXT *context, ESYS_TR first, ESYS_TR second, ESYS_TR third, TPM2_CAP capability,
    UINT32 property, UINT32 count, TPMI_YES_NO *more, TPMS_CAPABILITY_DATA **out)
{
	(void)context, (void)first, (void)second, (void)third, (void)property, (void)count, (void)more;
	*out = calloc(1, sizeof **out);
	ck_assert_ptr_nonnull(*out);
	(*out)->capability = capability;
	if (capability == TPM2_CAP_HANDLES) {
		(*out)->data.handles.count = 1;
		(*out)->data.handles.handle[0] = INDEX;
	}
	return TSS2_RC_SUCCESS;
}

TSS2_RC
Esys_TR_FromTPMPublic(ESYS_CONTEXT *context, TPM2_HANDLE index, ESYS_TR first, ESYS_TR second, ESYS_TR third,
    ESYS_TR *handle)
{
	(void)context, (void)first, (void)second, (void)third;
	ck_assert_uint_eq(index, INDEX);
	*handle = HANDLE;
	return TSS2_RC_SUCCESS;
}

TSS2_RC
Esys_TR_Close(ESYS_CONTEXT *context, ESYS_TR *handle)
{
	(void)context;
	ck_assert_uint_eq(*handle, HANDLE);
	return TSS2_RC_SUCCESS;
}

TSS2_RC
Esys_NV_ReadPublic(ESYS_CONTEXT *context, ESYS_TR index, ESYS_TR first, ESYS_TR second, ESYS_TR third,
    TPM2B_NV_PUBLIC **public, TPM2B_NAME **name)
{
	(void)context, (void)index, (void)first, (void)second, (void)third, (void)name;
	*public = calloc(1, sizeof **public);
	ck_assert_ptr_nonnull(*public);
	(*public)->nvPublic = (TPMS_NV_PUBLIC){.nvIndex = INDEX, .attributes = fake.attributes, .dataSize = fake.size};
	return TSS2_RC_SUCCESS;
}

TSS2_RC
Esys_NV_Read(ESYS_CONTEXT *context, ESYS_TR authority, ESYS_TR index, ESYS_TR first, ESYS_TR second,
    ESYS_TR third, UINT16 size, UINT16 offset, TPM2B_MAX_NV_BUFFER **data)
{
	uint16_t left = offset < fake.readable ? (uint16_t)(fake.readable - offset) : 0;

	(void)context, (void)index, (void)first, (void)second, (void)third;
	ck_assert_uint_eq(authority, (fake.attributes & TPMA_NV_AUTHREAD) != 0 ? HANDLE : ESYS_TR_RH_OWNER);
	ck_assert_uint_le(size, 512);
	*data = calloc(1, sizeof **data);
	ck_assert_ptr_nonnull(*data);
	(*data)->size = size < left ? size : left;
	if (fake.chunk_max != 0 && (*data)->size > fake.chunk_max)
		(*data)->size = fake.chunk_max;
	memset((*data)->buffer, 7, (*data)->size);
	return TSS2_RC_SUCCESS;
}

static struct device_tpm tpm;
static struct error      err;

START_TEST(read_gives_all_octets_in_pieces)
{
	AUTO_BYTES out = {0};

	fake.size = fake.readable = 1300;
	fake.attributes = TPMA_NV_WRITTEN | (_i == 0 ? TPMA_NV_AUTHREAD : 0);
	fake.chunk_max = _i == 0 ? 0 : 100; /* fewer than were asked for */
	unit_ok(device_nv_read(&tpm, INDEX, &out, &err), &err);
	ck_assert_uint_eq(out.size, 1300);
	ck_assert_uint_eq(tpm.open_count, 0);
}
END_TEST

START_TEST(read_of_what_was_never_written_is_empty)
{
	AUTO_BYTES out = {0};

	fake.size = fake.readable = 100;
	fake.attributes = TPMA_NV_AUTHREAD;
	unit_ok(device_nv_read(&tpm, INDEX, &out, &err), &err);
	ck_assert_uint_eq(out.size, 0);
}
END_TEST

START_TEST(read_of_more_than_any_certificate_has_is_refused)
{
	AUTO_BYTES out = {0};

	fake.size = fake.readable = 16385;
	fake.attributes = TPMA_NV_WRITTEN | TPMA_NV_AUTHREAD;
	unit_fails(device_nv_read(&tpm, INDEX, &out, &err), &err, ERROR_INTERNAL,
	    "NV index 0x01c0000a has 16385 octets");
	ck_assert_uint_eq(out.size, 0);
	fake.size = fake.readable = 16384;
	unit_ok(device_nv_read(&tpm, INDEX, &out, &err), &err);
}
END_TEST

START_TEST(read_that_stops_giving_octets_ends)
{
	AUTO_BYTES out = {0};

	fake.size = 1000;
	fake.readable = 700;
	fake.attributes = TPMA_NV_WRITTEN | TPMA_NV_AUTHREAD;
	unit_fails(device_nv_read(&tpm, INDEX, &out, &err), &err, ERROR_INTERNAL,
	    "NV index 0x01c0000a ends at octet 700 of 1000");
	ck_assert_uint_eq(tpm.open_count, 0);
}
END_TEST

/* One wrong password, one try: more would lock the TPM. */
START_TEST(read_with_a_password_that_was_refused_is_not_tried)
{
	AUTO_BYTES out = {0};

	fake.size = fake.readable = 100;
	fake.attributes = TPMA_NV_WRITTEN;
	tpm.auth[DEVICE_AUTH_OWNER].refused = true;
	unit_fails(device_nv_read(&tpm, INDEX, &out, &err), &err, ERROR_INTERNAL,
	    "reading NV index 0x01c0000a: the owner hierarchy has a password; name the file that holds it with"
	    " --owner-auth-file");
	ck_assert_uint_eq(out.size, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("nv");
	TCase *tc = tcase_create("nv");

	tcase_add_loop_test(tc, read_gives_all_octets_in_pieces, 0, 2);
	tcase_add_test(tc, read_of_what_was_never_written_is_empty);
	tcase_add_test(tc, read_of_more_than_any_certificate_has_is_refused);
	tcase_add_test(tc, read_that_stops_giving_octets_ends);
	tcase_add_test(tc, read_with_a_password_that_was_refused_is_not_tried);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
