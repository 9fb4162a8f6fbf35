/* Sessions, attributes and signatures as far as the TPM: the module's own calls. */
#include "config.h"

#include <sys/random.h>

#include <errno.h>
#include <string.h>

#include "failing.h"
#include "failing_crypto.h"
#include "module_support.h"

#define SESSIONS_MAX 1024

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE  key;
static CK_BYTE           data[600];
static CK_BYTE           signature[65];

static void
setup(void)
{
	module_setup();
	session = module_session(0);
	key = module_object(session, CKO_PRIVATE_KEY);
}

/* ---- sessions ---- */

START_TEST(session_handle_of_another_or_of_a_closed_one_is_invalid)
{
	CK_SESSION_HANDLE other = module_session(0);
	CK_SESSION_INFO   info;

	ck_assert_uint_eq(C_GetSessionInfo(session + SESSIONS_MAX, &info), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(C_CloseSession(other), CKR_OK);
	ck_assert_uint_eq(C_CloseSession(other), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_ne(module_session(0), other);
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_OK);
	ck_assert_uint_eq(info.state, CKS_RO_PUBLIC_SESSION);
}
END_TEST

START_TEST(session_beyond_the_most_is_refused_and_the_others_stay)
{
	CK_SESSION_HANDLE handle;
	CK_SESSION_INFO   info;

	for (int i = 1; i < SESSIONS_MAX; i++)
		(void)module_session(0);
	ck_assert_uint_eq(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &handle), CKR_SESSION_COUNT);
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_OK);
	ck_assert_uint_eq(C_CloseSession(session), CKR_OK);
	handle = module_session(0);
	ck_assert_uint_eq(C_GetSessionInfo(handle, &info), CKR_OK);
}
END_TEST

START_TEST(close_all_sessions_closes_those_of_the_slot)
{
	CK_SESSION_HANDLE other;
	CK_SESSION_INFO   info;

	made_write(&two, directories[1], "device");
	other = module_session(1);
	ck_assert_uint_eq(C_CloseAllSessions(0), CKR_OK);
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(C_GetSessionInfo(other, &info), CKR_OK);
	ck_assert_uint_eq(info.slotID, 1);
}
END_TEST

START_TEST(session_that_is_older_than_a_renewal_is_told_once)
{
	CK_C_INITIALIZE_ARGS arguments = module_arguments();
	CK_SESSION_INFO      info;

	ck_assert_uint_eq(C_Finalize(NULL), CKR_OK);
	ck_assert_uint_eq(C_Initialize(&arguments), CKR_OK);
	session = module_session(0);
	key = module_object(session, CKO_PRIVATE_KEY);
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_OK);
	made_write(&two, directories[0], "device");
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_OK);
	ck_assert_uint_ne(module_object(session, CKO_PRIVATE_KEY), key);
	ck_assert_uint_eq(module_sign(session, key), CKR_DEVICE_ERROR); /* the old one is known */
}
END_TEST

START_TEST(session_that_is_older_than_a_renewal_stays_without_mutexes)
{
	CK_SESSION_INFO info;

	made_write(&two, directories[0], "device");
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_OK);
	ck_assert_uint_ne(module_object(session, CKO_PRIVATE_KEY), key);
}
END_TEST

START_TEST(attribute_is_not_written_where_it_has_no_room)
{
	CK_BYTE      room[16];
	CK_ATTRIBUTE id = {CKA_ID, room, 15};

	memset(room, 0x77, sizeof room);
	ck_assert_uint_eq(C_GetAttributeValue(session, key, &id, 1), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(id.ulValueLen, CK_UNAVAILABLE_INFORMATION);
	for (size_t i = 0; i < sizeof room; i++)
		ck_assert_uint_eq(room[i], 0x77);
}
END_TEST

START_TEST(random_fills_all_that_is_asked)
{
	CK_BYTE random[600] = {0};
	size_t  zeros = 0;

	ck_assert_uint_eq(C_GenerateRandom(session, random, sizeof random), CKR_OK);
	for (size_t i = sizeof random - 100; i < sizeof random; i++)
		zeros += random[i] == 0;
	ck_assert_uint_lt(zeros, 50);
	ck_assert_uint_eq(C_GenerateRandom(session, NULL, 1), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GenerateRandom(session, NULL, 0), CKR_OK);
}
END_TEST

/* Named so by the linker: the kernel's random numbers, of which a signal may interrupt the first call. */
static int fails_with; /* an errno; 0: it does not */

ssize_t __real_getrandom(void *out, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags);
ssize_t
__wrap_getrandom(void *out, size_t size, unsigned flags)
{
	int failed = fails_with;

	if (failed == EINTR)
		fails_with = 0;
	errno = failed;
	return failed != 0 ? -1 : __real_getrandom(out, size, flags);
}

START_TEST(random_that_is_interrupted_goes_on_and_without_any_says_so)
{
	static const CK_BYTE none[600];
	CK_BYTE              random[600] = {0};

	fails_with = EINTR;
	ck_assert_uint_eq(C_GenerateRandom(session, random, sizeof random), CKR_OK);
	ck_assert_int_eq(fails_with, 0);
	ck_assert_mem_ne(random, none, sizeof random);
	fails_with = ENOSYS;
	ck_assert_uint_eq(C_GenerateRandom(session, random, sizeof random), CKR_DEVICE_ERROR);
	fails_with = 0;
}
END_TEST

/* ---- digests ---- */

static CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};

START_TEST(digest_without_its_arguments_is_refused)
{
	CK_MECHANISM parameter = {CKM_SHA256, data, 1};
	CK_BYTE      digest[32];
	CK_ULONG     size = sizeof digest;

	ck_assert_uint_eq(C_DigestInit(session, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_DigestInit(session, &parameter), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(C_DigestInit(session, &sha256), CKR_OK);
	ck_assert_uint_eq(C_Digest(session, data, 1, digest, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_DigestFinal(session, digest, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_Digest(session, NULL, 1, digest, &size), CKR_ARGUMENTS_BAD); /* which ends it */
	ck_assert_uint_eq(C_Digest(session, data, 1, digest, &size), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

/* Whatever fails, the digest is the right one or none, and the session is free for the next. */
static int
make_digest(const void *arg, struct error *err)
{
	CK_BYTE  digest[32] = {0};
	CK_ULONG size = sizeof digest;
	CK_RV    rv = C_DigestInit(session, &sha256);

	if (rv == CKR_OK && (rv = C_DigestUpdate(session, data, sizeof data)) == CKR_OK)
		rv = C_DigestFinal(session, digest, &size);
	failing_off();
	ck_assert_uint_eq(C_DigestFinal(session, digest, &size), CKR_OPERATION_NOT_INITIALIZED);
	if (rv == CKR_OK)
		ck_assert_mem_eq(digest, arg, sizeof digest);
	else
		ck_assert_uint_eq(rv, CKR_HOST_MEMORY);
	return rv == CKR_OK ? 0 : error_set(err, ERROR_INTERNAL, "no memory");
}

/* Of a mechanism with a hash of its own: it begins, or the session is free. */
static int
begin_signature(const void *arg, struct error *err)
{
	CK_MECHANISM own_hash = {CKM_ECDSA_SHA256, NULL, 0};
	CK_RV        rv = C_SignInit(session, &own_hash, key);

	(void)arg;
	failing_off();
	if (rv == CKR_OK) {
		CK_ULONG size = sizeof signature;

		ck_assert_uint_eq(C_Sign(session, data, 32, signature, &size), CKR_DEVICE_ERROR); /* no TPM */
		return 0;
	}
	ck_assert_uint_eq(rv, CKR_HOST_MEMORY);
	ck_assert_uint_eq(C_SignUpdate(session, data, 1), CKR_OPERATION_NOT_INITIALIZED);
	return error_set(err, ERROR_INTERNAL, "no memory");
}

START_TEST(digest_that_fails_says_so_and_ends)
{
	CK_BYTE wanted[32];

	ck_assert_int_eq(EVP_Digest(data, sizeof data, wanted, NULL, EVP_sha256(), NULL), 1);
	failing_each(make_digest, wanted);
	failing_each(begin_signature, NULL);
}
END_TEST

/* ---- signatures ---- */

START_TEST(sign_init_takes_a_private_key_once)
{
	CK_OBJECT_HANDLE certificate = module_object(session, CKO_CERTIFICATE);
	CK_ULONG         size = 64;

	ck_assert_uint_eq(C_Sign(session, data, 32, signature, &size), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(C_SignUpdate(session, data, 32), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(C_SignFinal(session, signature, &size), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(C_SignInit(session, NULL, key), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(module_sign_init(session, certificate), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_assert_uint_eq(module_sign_init(session, 12345), CKR_KEY_HANDLE_INVALID);
	ck_assert_uint_eq(module_sign_init(session, key), CKR_OK);
	ck_assert_uint_eq(module_sign_init(session, key), CKR_OPERATION_ACTIVE);
}
END_TEST

START_TEST(sign_into_less_than_its_size_writes_nothing_and_goes_on)
{
	CK_ULONG size = 0;

	memset(signature, 0x77, sizeof signature);
	ck_assert_uint_eq(module_sign_init(session, key), CKR_OK);
	ck_assert_uint_eq(C_Sign(session, data, 32, NULL, &size), CKR_OK);
	ck_assert_uint_eq(size, 64);
	size = 63;
	ck_assert_uint_eq(C_Sign(session, data, 32, signature, &size), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(size, 64);
	ck_assert_uint_eq(signature[0], 0x77);
	ck_assert_uint_eq(C_Sign(session, data, 32, signature, &size), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(C_Sign(session, data, 32, signature, &size), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

START_TEST(sign_after_a_part_wants_its_end)
{
	CK_ULONG size = 64;

	ck_assert_uint_eq(module_sign_init(session, key), CKR_OK);
	ck_assert_uint_eq(C_SignUpdate(session, data, 32), CKR_OK);
	ck_assert_uint_eq(C_Sign(session, data, 32, signature, &size), CKR_OPERATION_ACTIVE);
	ck_assert_uint_eq(C_SignFinal(session, signature, &size), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(C_SignFinal(session, signature, &size), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

START_TEST(sign_of_more_than_a_digest_is_refused_and_ends_it)
{
	CK_ULONG size = 64;

	ck_assert_uint_eq(module_sign_init(session, key), CKR_OK);
	ck_assert_uint_eq(C_SignUpdate(session, data, 512), CKR_OK);
	ck_assert_uint_eq(C_SignUpdate(session, data, 1), CKR_DATA_LEN_RANGE);
	ck_assert_uint_eq(C_SignFinal(session, signature, &size), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(module_sign_init(session, key), CKR_OK);
	ck_assert_uint_eq(C_SignUpdate(session, NULL, 1), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_SignUpdate(session, data, 1), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(module_sign_init(session, key), CKR_OK);
	ck_assert_uint_eq(C_Sign(session, data, 513, signature, &size), CKR_DATA_LEN_RANGE);
	ck_assert_uint_eq(C_Sign(session, data, 32, signature, &size), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

START_TEST(sign_by_a_mechanism_of_another_key_is_refused)
{
	CK_MECHANISM rsa = {CKM_RSA_PKCS, NULL, 0};
	CK_MECHANISM none = {CKM_AES_CBC, NULL, 0};
	CK_MECHANISM more = {CKM_ECDSA, data, 1};

	ck_assert_uint_eq(C_SignInit(session, &rsa, key), CKR_KEY_TYPE_INCONSISTENT);
	ck_assert_uint_eq(C_SignInit(session, &none, key), CKR_MECHANISM_INVALID);
	ck_assert_uint_eq(C_SignInit(session, &more, key), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(C_SignUpdate(session, data, 1), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("entry");
	TCase *tc = tcase_create("entry");

	failing_crypto();
	tcase_add_checked_fixture(tc, setup, module_teardown);
	tcase_add_test(tc, session_handle_of_another_or_of_a_closed_one_is_invalid);
	tcase_add_test(tc, session_beyond_the_most_is_refused_and_the_others_stay);
	tcase_add_test(tc, close_all_sessions_closes_those_of_the_slot);
	tcase_add_test(tc, session_that_is_older_than_a_renewal_is_told_once);
	tcase_add_test(tc, session_that_is_older_than_a_renewal_stays_without_mutexes);
	tcase_add_test(tc, attribute_is_not_written_where_it_has_no_room);
	tcase_add_test(tc, random_fills_all_that_is_asked);
	tcase_add_test(tc, random_that_is_interrupted_goes_on_and_without_any_says_so);
	tcase_add_test(tc, digest_without_its_arguments_is_refused);
	tcase_add_test(tc, digest_that_fails_says_so_and_ends);
	tcase_add_test(tc, sign_init_takes_a_private_key_once);
	tcase_add_test(tc, sign_into_less_than_its_size_writes_nothing_and_goes_on);
	tcase_add_test(tc, sign_after_a_part_wants_its_end);
	tcase_add_test(tc, sign_of_more_than_a_digest_is_refused_and_ends_it);
	tcase_add_test(tc, sign_by_a_mechanism_of_another_key_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
