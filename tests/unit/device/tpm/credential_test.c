/* What becomes of the secret that the TPM gives. */
#include "config.h"

#include "device/tpm/device_credential.h"

#include <string.h>

#include "cleansed.h"
#include "device/tpm/device_ek.h"
#include "device/tpm/esys.h"
#include "unit.h"
#include "util/error.h"

static const char secret[] = "a secret that attestd draws";

/* In place of ESAPI's: a TPM that opens everything, and only with a password. */
TSS2_RC
Esys_ActivateCredential(ESYS_CONTEXT *context, ESYS_TR ak, ESYS_TR ek, ESYS_TR first, ESYS_TR second,
    ESYS_TR third, const TPM2B_ID_OBJECT *credential, const TPM2B_ENCRYPTED_SECRET *encrypted,
    TPM2B_DIGEST **opened)
{
	(void)context;
	(void)credential;
	(void)encrypted;
	ck_assert_uint_eq(ak, 7);
	ck_assert_uint_eq(ek, 8);
	ck_assert_uint_eq(first, ESYS_TR_PASSWORD);
	ck_assert_uint_eq(second, ESYS_TR_PASSWORD);
	ck_assert_uint_eq(third, ESYS_TR_NONE);
	*opened = calloc(1, sizeof **opened);
	ck_assert_ptr_nonnull(*opened);
	(*opened)->size = sizeof secret - 1;
	memcpy((*opened)->buffer, secret, sizeof secret - 1);
	return TSS2_RC_SUCCESS;
}

START_TEST(activate_leaves_the_secret_to_the_caller_alone)
{
	const struct device_ek              ek = {.public.objectAttributes = TPMA_OBJECT_USERWITHAUTH};
	const struct device_credential_keys keys = {&ek, 8, 7};
	const TPM2B_ID_OBJECT               credential = {0};
	const TPM2B_ENCRYPTED_SECRET        encrypted = {0};
	struct device_tpm                   tpm = {.open_count = 0};
	AUTO_BYTES                          opened = {0};
	struct error                        err = {0};

	cleansed_watch();
	unit_ok(device_credential_activate(&tpm, &keys, &credential, &encrypted, &opened, &err), &err);
	ck_assert(view_equal(bytes_view(&opened), view_text(secret)));
	ck_assert_uint_eq(cleansed_count(sizeof((TPM2B_DIGEST *)NULL)->buffer, view_text(secret)), 1);
	ck_assert_uint_eq(cleansed_count(0, view_text(secret)), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_credential");
	TCase *tc = tcase_create("device_credential");

	tcase_add_test(tc, activate_leaves_the_secret_to_the_caller_alone);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
