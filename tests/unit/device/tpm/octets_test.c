/* Structures encode as tss2-mu decodes them, and what has no encoding leaves nothing behind. */
#include "config.h"

#include "device/tpm/octets.h"

#include <tss2/tss2_mu.h>

#include "device/tpm/ak_type.h"
#include "device/tpm/template.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

START_TEST(append_follows_what_is_there)
{
	TPMT_PUBLIC  area = device_ak_type_public(device_ak_type_at(0));
	TPMT_PUBLIC  back;
	AUTO_BYTES   out = {0};
	struct error err = {0};
	size_t       offset = 1;

	bytes_append_u8(&out, 7);
	unit_ok(device_public_append(&area, &out, &err), &err);
	ck_assert_uint_eq(out.data[0], 7);
	ck_assert_uint_eq(Tss2_MU_TPMT_PUBLIC_Unmarshal(out.data, out.size, &offset, &back), TSS2_RC_SUCCESS);
	ck_assert_uint_eq(offset, out.size);
	ck_assert(device_template_equal(&area, &back));
}
END_TEST

START_TEST(append_of_an_unknown_selector_appends_nothing)
{
	TPMT_PUBLIC    area = {.type = TPM2_ALG_AES};
	TPMT_SIGNATURE signature = {.sigAlg = TPM2_ALG_AES};
	AUTO_BYTES     out = {0};
	struct error   err = {0};

	unit_fails(device_public_append(&area, &out, &err), &err, ERROR_INTERNAL, "a public area does not encode");
	unit_fails(device_signature_append(&signature, &out, &err), &err, ERROR_INTERNAL,
	    "a signature does not encode");
	ck_assert_uint_eq(out.size, 0);
	ck_assert(!device_template_equal(&area, &area));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("octets");
	TCase *tc = tcase_create("octets");

	tcase_add_test(tc, append_follows_what_is_there);
	tcase_add_test(tc, append_of_an_unknown_selector_appends_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
