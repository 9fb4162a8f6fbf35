/* EKs of a machine where NV holds what it should not, or where no host would take any of them. */
#include "config.h"

#include <string.h>

#include "device/tpm/device_ek.h"
#include "device/tpm/esys.h"
#include "device/tpm/template.h"
#include "failing_tpm.h"
#include "tpm/ek.h"
#include "unit.h"
#include "util/error.h"

static bool         refuses; /* each EK */
static struct error err;

int __real_tpm_ek_decode(struct view spki, struct view public, struct tpm_ek *ek, struct error *why);
int __wrap_tpm_ek_decode(struct view spki, struct view public, struct tpm_ek *ek, struct error *why);
int
__wrap_tpm_ek_decode(struct view spki, struct view public, struct tpm_ek *ek, struct error *why)
{
	return refuses ? error_set(why, ERROR_BAD_ATTESTATION, "hosts of this test want another")
	               : __real_tpm_ek_decode(spki, public, ek, why);
}

/* What NV holds at an index. */
static void
nv_define(struct device_tpm *tpm, TPM2_HANDLE index, const void *data, uint16_t size)
{
	const TPM2B_AUTH      none = {0};
	const TPM2B_NV_PUBLIC public = {.nvPublic = {.nvIndex = index,
	                                    .nameAlg = TPM2_ALG_SHA256,
	                                    .attributes = TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD,
	                                    .dataSize = size}};
	TPM2B_MAX_NV_BUFFER   content = {.size = size};
	ESYS_TR               handle;

	memcpy(content.buffer, data, size);
	ck_assert_uint_eq(Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                      ESYS_TR_NONE, &none, &public, &handle), TSS2_RC_SUCCESS);
	ck_assert_uint_eq(Esys_NV_Write(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                      ESYS_TR_NONE, &content, 0), TSS2_RC_SUCCESS);
	(void)Esys_TR_Close(tpm->esys, &handle);
}

static void
nv_undefine(struct device_tpm *tpm, TPM2_HANDLE index)
{
	ESYS_TR handle;

	ck_assert_uint_eq(Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
	                      &handle), TSS2_RC_SUCCESS);
	ck_assert_uint_eq(Esys_NV_UndefineSpace(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                      ESYS_TR_NONE), TSS2_RC_SUCCESS);
}

/* The nonce that NV holds for the EK, of so many octets. */
static void
nonce_define(struct device_tpm *tpm, const struct device_template *template, uint16_t size)
{
	uint8_t nonce[64];

	memset(nonce, 7, sizeof nonce);
	nv_define(tpm, template->nv_nonce, nonce, size);
}

static void
nonce_undefine(struct device_tpm *tpm, const struct device_template *template)
{
	nv_undefine(tpm, template->nv_nonce);
}

/* A coordinate of P-256 has 32. */
START_TEST(load_with_a_nonce_longer_than_a_coordinate_is_an_error)
{
	const struct device_template *p256 = device_template_find("p256");
	AUTO_TPM                      tpm = NULL;
	AUTO_EK                       with = {0};
	AUTO_EK                       ek = {0};
	uint32_t                      handle;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	nonce_define(tpm, p256, 33);
	unit_fails(device_ek_load(tpm, p256, &ek, &handle, &err), &err, ERROR_INTERNAL, "the EK nonce in NV has 33 octets");
	nonce_undefine(tpm, p256);
	nonce_define(tpm, p256, 32);
	unit_ok(device_ek_load(tpm, p256, &with, &handle, &err), &err);
	device_tpm_release(tpm, &handle);
	nonce_undefine(tpm, p256);
	unit_ok(device_ek_load(tpm, p256, &ek, &handle, &err), &err);
	device_tpm_release(tpm, &handle);
	ck_assert_mem_ne(ek.hash.bytes, with.hash.bytes, sizeof ek.hash.bytes);
}
END_TEST

/* The first that is there is told of. */
START_TEST(load_where_every_ek_is_refused_says_why)
{
	AUTO_TPM tpm = NULL;
	AUTO_EK  ek = {0};
	uint32_t handle;

	refuses = true;
	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	unit_fails(device_ek_load_wanted(tpm, NULL, &ek, &handle, &err), &err, ERROR_BAD_ATTESTATION,
	    "this TPM has no EK that can be used: the RSA-2048 EK of this TPM is refused: hosts of this test want another");
	unit_fails(device_ek_load_wanted(tpm, "p256", &ek, &handle, &err), &err, ERROR_BAD_ATTESTATION,
	    "the P-256 EK of this TPM is refused: hosts of this test want another");
	ck_assert_uint_eq(failing_tpm_loaded(), 0);
}
END_TEST

/* Of every template, in the order of the table; what is no certificate is left out. */
START_TEST(certificates_are_those_of_every_template)
{
	static const uint8_t          first[] = {0x30, 0x82, 0x00, 0x02, 0xa1, 0xa2};
	static const uint8_t          second[] = {0x30, 0x82, 0x00, 0x01, 0xb1, 0xff}; /* with an octet of padding */
	static const uint8_t          none[] = {0xff, 0xff, 0xff, 0xff, 0xff};
	const struct device_template *p256 = device_template_find("p256");
	AUTO_TPM                      tpm = NULL;
	struct bytes                  found[4];
	size_t                        count = 0;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	nv_define(tpm, device_template_at(0)->nv_certificate, first, sizeof first);
	nv_define(tpm, p256->nv_certificate, second, sizeof second);
	nv_define(tpm, device_template_at(3)->nv_certificate, none, sizeof none);
	device_ek_certificates(tpm, found, 4, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert(view_equal(bytes_view(&found[0]), (struct view){first, 6}));
	ck_assert(view_equal(bytes_view(&found[1]), (struct view){second, 5}));
	bytes_clear(&found[0]);
	bytes_clear(&found[1]);
	device_ek_certificates(tpm, found, 1, &count);
	ck_assert_uint_eq(count, 1);
	bytes_clear(&found[0]);
	nv_undefine(tpm, device_template_at(0)->nv_certificate);
	nv_undefine(tpm, p256->nv_certificate);
	nv_undefine(tpm, device_template_at(3)->nv_certificate);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_ek");
	TCase *tc = tcase_create("device_ek");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, load_with_a_nonce_longer_than_a_coordinate_is_an_error);
	tcase_add_test(tc, load_where_every_ek_is_refused_says_why);
	tcase_add_test(tc, certificates_are_those_of_every_template);
	suite_add_tcase(suite, tc);
	return failing_tpm_run(suite);
}
