/*
 * A TPM that fails: whatever command it is that fails, and however, we say so or do without it, and leave
 * nothing loaded.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include <tss2/tss2_mu.h>

#include "device/tpm/ak_type.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/device_credential.h"
#include "device/tpm/device_ek.h"
#include "device/tpm/esys.h"
#include "device/tpm/key_file.h"
#include "device/tpm/key_sign.h"
#include "device/tpm/nv.h"
#include "device/tpm/parent.h"
#include "device/tpm/sign_key.h"
#include "device/tpm/template.h"
#include "failing.h"
#include "failing_tpm.h"
#include "tpm/ak.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "unit.h"
#include "util/error.h"

#define EK_HANDLE  0x81010001U
#define NV_UNREAD  0x01800001U /* not written */
#define NV_OWNED   0x01800002U /* the owner reads it */

static struct device_ak ak;  /* made before anything fails */
static struct device_key key;
static struct error     err;

/* How commands fail: in the TPM, by a password that it refuses, or not at all. */
static const TPM2_RC codes[] = {TPM2_RC_FAILURE, TPM2_RC_BAD_AUTH | TPM2_RC_S | TPM2_RC_1, 0};

typedef int operation(struct device_tpm *tpm, struct error *err);

static bool knows_passwords; /* passwords were given, the right ones: they are empty */

static void
release_all(struct device_tpm *tpm)
{
	while (tpm->open_count > 0) {
		uint32_t handle = tpm->open[0].handle;

		device_tpm_release(tpm, &handle);
	}
}

/*
 * From an open TPM to a closed one. What failed once is done again: a password that the TPM has refused is not
 * tried another time.
 */
static int
run(const void *arg, struct error *why)
{
	struct device_tpm *tpm = NULL;
	struct error       again;
	int                rc = device_tpm_open("of this test", &tpm, why);

	for (size_t i = 0; rc == 0 && i < DEVICE_AUTH_COUNT; i++)
		tpm->auth[i].known = knows_passwords;
	if (rc == 0 && (rc = (*(operation *const *)arg)(tpm, why)) != 0) {
		release_all(tpm); /* a TPM has room for three objects */
		(void)(*(operation *const *)arg)(tpm, &again);
	}
	failing_off();
	device_tpm_close(tpm);
	ck_assert_msg(failing_tpm_loaded() == 0, "%s: something stays loaded", why->detail);
	return rc;
}

static int
ek_authorize(struct device_tpm *tpm, struct error *why)
{
	AUTO_EK  ek = {0};
	uint32_t handle = DEVICE_HANDLE_NONE;
	uint32_t session;

	return device_ek_load_wanted(tpm, "p256", &ek, &handle, why) != 0 ||
	        device_ek_authorize(tpm, &ek, &session, why) != 0
	    ? -1
	    : 0;
}

/* A curve that no TPM has. */
static const struct sign_key_type lacking = {"ecc-none", TPM2_ALG_ECC, 0x7fff, TPM2_ALG_SHA256};

static int
ek_look(struct device_tpm *tpm, struct error *why)
{
	bool present;

	for (size_t i = 0; device_template_at(i) != NULL; i++)
		if (device_ek_present(tpm, device_template_at(i), &present, why) != 0)
			return -1;
	return 0;
}

static int
ak_make(struct device_tpm *tpm, struct error *why)
{
	AUTO_AK  made = {0};
	uint32_t handle;
	int      rc = device_ak_create(tpm, device_ak_type_find("p256"), &made, &handle, why);

	if (rc != 0)
		ck_assert_ptr_null(made.area.data);
	return rc;
}

/* As an attestation host does it. */
static void
credential_make(const struct device_ek *ek, TPM2B_ID_OBJECT *credential, TPM2B_ENCRYPTED_SECRET *secret)
{
	struct tpm_ek to = {0};
	struct tpm_ak of = {0};
	AUTO_BYTES    object = {0};
	AUTO_BYTES    encrypted = {0};
	size_t        offset = 0;

	unit_ok(tpm_ek_decode(bytes_view(&ek->spki), bytes_view(&ek->area), &to, &err), &err);
	unit_ok(tpm_ak_decode(bytes_view(&ak.area), &of, &err), &err);
	unit_ok(tpm_credential_make(&to, &of.name, view_text("a secret"), &object, &encrypted, &err), &err);
	ck_assert_uint_eq(Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(object.data, object.size, &offset, credential), 0);
	offset = 0;
	ck_assert_uint_eq(
	    Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(encrypted.data, encrypted.size, &offset, secret), 0);
	tpm_ek_clear(&to);
	tpm_ak_clear(&of);
}

static int
activate(struct device_tpm *tpm, struct error *why)
{
	AUTO_EK                       ek = {0};
	struct device_credential_keys keys = {.ek = &ek};
	TPM2B_ID_OBJECT               credential = {0};
	TPM2B_ENCRYPTED_SECRET        secret = {0};
	AUTO_BYTES                    opened = {0};

	if (device_ek_load_wanted(tpm, "p256", &ek, &keys.ek_handle, why) != 0 ||
	    device_ak_load(tpm, &ak, &keys.ak_handle, why) != 0)
		return -1;
	credential_make(&ek, &credential, &secret);
	if (device_credential_activate(tpm, &keys, &credential, &secret, &opened, why) != 0)
		return -1;
	ck_assert(view_equal(bytes_view(&opened), view_text("a secret")));
	return 0;
}

/* Takes the storage root key away that a run has kept in the TPM. */
static void
srk_remove(struct device_tpm *tpm)
{
	ESYS_TR handle;
	ESYS_TR gone;

	failing_off();
	if (Esys_TR_FromTPMPublic(tpm->esys, DEVICE_PARENT_SRK, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle) ==
	    TSS2_RC_SUCCESS)
		ck_assert_uint_eq(Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD,
		                      ESYS_TR_NONE, ESYS_TR_NONE, DEVICE_PARENT_SRK, &gone), TSS2_RC_SUCCESS);
}

/* Who gives the owner's password gets a storage root key that stays. */
static int
ak_make_owned(struct device_tpm *tpm, struct error *why)
{
	int rc;

	tpm->auth[DEVICE_AUTH_OWNER].known = true;
	rc = ak_make(tpm, why);
	srk_remove(tpm);
	return rc;
}

static int
key_make(struct device_tpm *tpm, struct error *why)
{
	struct device_key made;

	return sign_key_create(tpm, sign_key_type_find("ecc-p256"), &made, why) != 0 ||
	        sign_key_check(tpm, &made, why) != 0
	    ? -1
	    : 0;
}

static int questions;

/* So many commands later: of those behind which all fail, every seventh is tried. */
static int
key_make_later(struct device_tpm *tpm, struct error *why)
{
	struct device_tpm_info info;

	for (int i = 0; i < questions; i++)
		if (device_tpm_info_read(tpm, &info, why) != 0)
			return -1;
	return key_make(tpm, why);
}

static int
certify(struct device_tpm *tpm, struct error *why)
{
	struct sign_key_proof proof = {{0}, {0}, {0}};
	int                   rc = sign_key_certify(tpm, &ak, &key, "token.thumbprint", &proof, why);

	sign_key_proof_clear(&proof);
	return rc;
}

static const uint8_t digest[32] = {1};

static int
sign(struct device_tpm *tpm, struct error *why)
{
	TPMT_SIGNATURE signature;

	return sign_key_sign(tpm, &key, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, (struct view){digest, sizeof digest},
	    &signature, why);
}

/* The second signature remembers what the first found out, and does without it when that is wrong. */
static int
sign_twice(struct device_tpm *tpm, struct error *why)
{
	struct device_parent_known known = {0};
	TPMT_SIGNATURE             signature;
	int                        rc = 0;

	for (int i = 0; i < 2 && rc == 0; i++)
		rc = device_key_sign(tpm, &key, &known, TPM2_ALG_ECDSA, TPM2_ALG_SHA256,
		    (struct view){digest, sizeof digest}, &signature, why);
	device_parent_known_clear(&known);
	return rc;
}

/* Of a bare machine they are not there. */
static int
nv_read(struct device_tpm *tpm, struct error *why)
{
	AUTO_BYTES owned = {0};
	AUTO_BYTES unread = {0};

	if (device_nv_read(tpm, NV_OWNED, &owned, why) != 0 || device_nv_read(tpm, NV_UNREAD, &unread, why) != 0)
		return -1;
	ck_assert_uint_eq(unread.size, 0);
	return 0;
}

static int
certificates(struct device_tpm *tpm, struct error *why)
{
	struct bytes           found[4];
	size_t                 count;
	struct device_tpm_info info;

	device_ek_certificates(tpm, found, 4, &count);
	for (size_t i = 0; i < count; i++)
		bytes_clear(&found[i]);
	return device_tpm_info_read(tpm, &info, why);
}

static operation *const operations[] = {
    ek_authorize, ek_look, ak_make, activate, key_make, certify, sign, sign_twice, nv_read, certificates,
    ak_make_owned /* the last: on a bare machine only */};

#define OPERATIONS (sizeof operations / sizeof operations[0])
#define CODES      (sizeof codes / sizeof codes[0])

START_TEST(command_that_fails_leaves_nothing_loaded)
{
	failing_tpm(codes[(size_t)_i % CODES]);
	failing_each(run, &operations[(size_t)_i / CODES]);
}
END_TEST

/* The owner's password is not needed, so that no storage root key is kept. */
START_TEST(command_whose_password_is_wrong_leaves_nothing_loaded)
{
	knows_passwords = true;
	failing_tpm(codes[1]);
	failing_each(run, &operations[_i]);
}
END_TEST

/* The storage root key's password is refused, and a key under another parent fails too. */
START_TEST(key_under_another_parent_that_fails_tells_its_own_failure)
{
	operation *const make = key_make_later;

	questions = 5 + _i;
	failing_tpm(codes[1]);
	failing_tpm_then(TPM2_RC_FAILURE);
	failing_each(run, &make);
}
END_TEST

START_TEST(key_of_a_curve_that_the_tpm_lacks_is_not_found)
{
	AUTO_TPM          tpm = NULL;
	struct device_key made;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	unit_fails(sign_key_create(tpm, &lacking, &made, &err), &err, ERROR_NOT_FOUND,
	    "this TPM makes no ecc-none keys; choose another --key-type");
}
END_TEST

START_TEST(certify_hashes_as_the_ak_does)
{
	AUTO_TPM              tpm = NULL;
	AUTO_AK               made = {0};
	struct sign_key_proof proof = {{0}, {0}, {0}};
	TPMS_ATTEST           attest;
	size_t                offset = 0;
	uint32_t              handle;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	unit_ok(device_ak_create(tpm, device_ak_type_find("p384"), &made, &handle, &err), &err);
	device_tpm_release(tpm, &handle);
	unit_ok(sign_key_certify(tpm, &made, &key, "token.thumbprint", &proof, &err), &err);
	ck_assert_uint_eq(Tss2_MU_TPMS_ATTEST_Unmarshal(proof.info.data, proof.info.size, &offset, &attest), 0);
	ck_assert_uint_eq(attest.extraData.size, 48); /* SHA-384 */
	sign_key_proof_clear(&proof);
}
END_TEST

START_TEST(check_of_a_key_that_is_no_ak_is_refused)
{
	struct device_ak no_ak = {.key = key};

	ck_assert_int_eq(device_ak_check(&no_ak, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);
	device_ak_clear(&no_ak);
}
END_TEST

START_TEST(sign_of_a_digest_that_is_too_long_is_refused)
{
	static const uint8_t octets[65] = {1};
	AUTO_TPM             tpm = NULL;
	TPMT_SIGNATURE       signature;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	unit_fails(sign_key_sign(tpm, &key, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, (struct view){octets, sizeof octets},
	               &signature, &err), &err, ERROR_INTERNAL, "a digest of 65 octets");
}
END_TEST

/* ---- the machine, twice: as it comes, and as somebody has set it up ---- */

static void
keys_make(void)
{
	AUTO_TPM tpm = NULL;
	uint32_t  handle;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	unit_ok(device_ak_create(tpm, device_ak_type_find("p256"), &ak, &handle, &err), &err);
	device_tpm_release(tpm, &handle);
	unit_ok(sign_key_create(tpm, sign_key_type_find("ecc-p256"), &key, &err), &err);
}

static void
nv_define(struct device_tpm *tpm, TPM2_HANDLE index, TPMA_NV attributes, const void *data, uint16_t size)
{
	const TPM2B_AUTH      none = {0};
	const TPM2B_NV_PUBLIC public = {.nvPublic = {.nvIndex = index,
	                                    .nameAlg = TPM2_ALG_SHA256,
	                                    .attributes = TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | attributes,
	                                    .dataSize = size}};
	ESYS_TR               handle;

	ck_assert_uint_eq(Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                      ESYS_TR_NONE, &none, &public, &handle), TSS2_RC_SUCCESS);
	for (uint16_t at = 0; data != NULL && at < size; at = (uint16_t)(at + 512)) {
		TPM2B_MAX_NV_BUFFER part = {.size = (uint16_t)(size - at < 512 ? size - at : 512)};

		memcpy(part.buffer, (const uint8_t *)data + at, part.size);
		ck_assert_uint_eq(Esys_NV_Write(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		                      ESYS_TR_NONE, &part, at), TSS2_RC_SUCCESS);
	}
	(void)Esys_TR_Close(tpm->esys, &handle);
}

static void
persist(struct device_tpm *tpm, ESYS_TR object, TPM2_HANDLE where)
{
	ESYS_TR handle;

	ck_assert_uint_eq(Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, object, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                      ESYS_TR_NONE, where, &handle), TSS2_RC_SUCCESS);
	(void)Esys_TR_Close(tpm->esys, &handle);
}

/* A storage root key by TCG's template, an EK with a nonce at its handle, and a certificate in NV. */
static void
provision(void)
{
	const struct device_template *p256 = device_template_find("p256");
	const TPM2B_SENSITIVE_CREATE  sensitive = {0};
	const TPM2B_PUBLIC            storage = {.publicArea = device_template_storage(TPM2_ALG_ECC, false)};
	const TPM2B_DATA              outside = {0};
	const TPML_PCR_SELECTION      pcrs = {0};
	uint8_t                       certificate[900] = {0x30, 0x82, 0x03, 0x60};
	const uint8_t                 nonce[8] = {7};
	AUTO_TPM tpm = NULL;
	AUTO_EK                       ek = {0};
	uint32_t                      handle;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	ck_assert_uint_eq(Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                      ESYS_TR_NONE, &sensitive, &storage, &outside, &pcrs, &handle, NULL, NULL, NULL, NULL),
	    TSS2_RC_SUCCESS);
	device_tpm_keep(tpm, handle, true);
	persist(tpm, handle, DEVICE_PARENT_SRK);
	device_tpm_release(tpm, &handle);
	nv_define(tpm, p256->nv_certificate, TPMA_NV_AUTHREAD, certificate, sizeof certificate);
	nv_define(tpm, p256->nv_nonce, TPMA_NV_AUTHREAD, nonce, sizeof nonce);
	nv_define(tpm, NV_OWNED, 0, nonce, sizeof nonce);
	nv_define(tpm, NV_UNREAD, TPMA_NV_AUTHREAD, NULL, sizeof nonce);
	unit_ok(device_ek_load(tpm, p256, &ek, &handle, &err), &err);
	ck_assert_uint_eq(ek.certificate.size, 4 + 0x360);
	persist(tpm, handle, EK_HANDLE);
	device_tpm_release(tpm, &handle);
}

/* The first case provisions, for those behind it too. */
static void
setup_provisioned(void)
{
	AUTO_TPM tpm = NULL;
	bool     present = false;
	uint32_t parent;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	present = device_parent_srk(tpm, &parent, &err) == 0;
	device_tpm_cleanup(&tpm);
	if (!present)
		provision();
	keys_make();
	ck_assert_uint_eq(key.parent, DEVICE_PARENT_SRK);
}

static void
teardown(void)
{
	device_ak_clear(&ak);
}

int
main(void)
{
	Suite *suite = suite_create("failing_tpm");
	TCase *bare = tcase_create("bare");
	TCase *provisioned = tcase_create("provisioned");

	tcase_set_timeout(bare, 60);
	tcase_set_timeout(provisioned, 60);
	tcase_add_checked_fixture(bare, keys_make, teardown);
	tcase_add_checked_fixture(provisioned, setup_provisioned, teardown);
	tcase_add_loop_test(bare, command_that_fails_leaves_nothing_loaded, 0, OPERATIONS * CODES);
	tcase_add_test(bare, key_of_a_curve_that_the_tpm_lacks_is_not_found);
	tcase_add_test(bare, certify_hashes_as_the_ak_does);
	tcase_add_test(bare, check_of_a_key_that_is_no_ak_is_refused);
	tcase_add_test(bare, sign_of_a_digest_that_is_too_long_is_refused);
	tcase_add_loop_test(provisioned, command_whose_password_is_wrong_leaves_nothing_loaded, 0, OPERATIONS - 1);
	tcase_add_loop_test(provisioned, key_under_another_parent_that_fails_tells_its_own_failure, 0, 3);
	tcase_add_loop_test(provisioned, command_that_fails_leaves_nothing_loaded, 0, (OPERATIONS - 1) * CODES);
	suite_add_tcase(suite, bare);
	suite_add_tcase(suite, provisioned);
	return failing_tpm_run(suite);
}
