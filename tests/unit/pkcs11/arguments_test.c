/* What each call says before C_Initialize, to arguments that are none, and of what it does not have. */
#include "config.h"

#include "module_support.h"

static CK_SESSION_HANDLE session;

static void
setup(void)
{
	module_setup();
	session = module_session(0);
}

START_TEST(call_that_a_read_only_token_lacks_says_so)
{
	CK_FUNCTION_LIST_PTR list = NULL;

	ck_assert_uint_eq(C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetFunctionList(&list), CKR_OK);
	ck_assert_uint_eq(list->C_InitToken(0, NULL, 0, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_InitPIN(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_SetPIN(session, NULL, 0, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_GetOperationState(session, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_SetOperationState(session, NULL, 0, 0, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_CreateObject(session, NULL, 0, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_CopyObject(session, 0, NULL, 0, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DestroyObject(session, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_SetAttributeValue(session, 0, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_EncryptInit(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_Encrypt(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_EncryptUpdate(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_EncryptFinal(session, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DecryptInit(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_Decrypt(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DecryptUpdate(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DecryptFinal(session, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DigestKey(session, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_SignRecoverInit(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_SignRecover(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_VerifyInit(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_Verify(session, NULL, 0, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_VerifyUpdate(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_VerifyFinal(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_VerifyRecoverInit(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_VerifyRecover(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DigestEncryptUpdate(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DecryptDigestUpdate(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_SignEncryptUpdate(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DecryptVerifyUpdate(session, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_GenerateKey(session, NULL, NULL, 0, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_GenerateKeyPair(session, NULL, NULL, 0, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_WrapKey(session, NULL, 0, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_UnwrapKey(session, NULL, 0, NULL, 0, NULL, 0, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_DeriveKey(session, NULL, 0, NULL, 0, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(list->C_GetFunctionStatus(session), CKR_FUNCTION_NOT_PARALLEL);
	ck_assert_uint_eq(list->C_CancelFunction(session), CKR_FUNCTION_NOT_PARALLEL);
	ck_assert_uint_eq(list->C_SeedRandom(session, NULL, 0), CKR_RANDOM_SEED_NOT_SUPPORTED);
}
END_TEST

START_TEST(call_without_a_place_for_the_answer_is_refused)
{
	CK_ULONG count = 1;

	ck_assert_uint_eq(C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetSlotList(CK_FALSE, NULL, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetSlotInfo(0, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetTokenInfo(0, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetMechanismList(0, NULL, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetMechanismInfo(0, CKM_ECDSA, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetSessionInfo(session, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_FindObjectsInit(session, NULL, 1), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_FindObjects(session, NULL, 1, &count), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_FindObjects(session, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetAttributeValue(session, 1, NULL, 1), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetObjectSize(session, 1, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_Sign(session, NULL, 0, NULL, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_SignFinal(session, NULL, NULL), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_GetObjectSize(session, 12345, &count), CKR_OBJECT_HANDLE_INVALID);
	ck_assert_uint_eq(C_GetAttributeValue(session, 12345, NULL, 0), CKR_OBJECT_HANDLE_INVALID);
	ck_assert_uint_eq(C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

/* With a handle from before; nothing is read or written. */
static void
every_call_says(CK_RV wanted)
{
	CK_MECHANISM     mechanism = {CKM_ECDSA, NULL, 0};
	CK_MECHANISM     digest = {CKM_SHA256, NULL, 0};
	CK_SESSION_INFO  info;
	CK_OBJECT_HANDLE object;
	CK_ULONG         count = 1;
	CK_BYTE          octet = 0;

	ck_assert_uint_eq(C_CloseSession(session), wanted);
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), wanted);
	ck_assert_uint_eq(C_Login(session, CKU_USER, NULL, 0), wanted);
	ck_assert_uint_eq(C_Logout(session), wanted);
	ck_assert_uint_eq(C_GenerateRandom(session, &octet, 1), wanted);
	ck_assert_uint_eq(C_FindObjectsInit(session, NULL, 0), wanted);
	ck_assert_uint_eq(C_FindObjects(session, &object, 1, &count), wanted);
	ck_assert_uint_eq(C_FindObjectsFinal(session), wanted);
	ck_assert_uint_eq(C_GetAttributeValue(session, 1, NULL, 0), wanted);
	ck_assert_uint_eq(C_GetObjectSize(session, 1, &count), wanted);
	ck_assert_uint_eq(C_DigestInit(session, &digest), wanted);
	ck_assert_uint_eq(C_Digest(session, &octet, 1, &octet, &count), wanted);
	ck_assert_uint_eq(C_DigestUpdate(session, &octet, 1), wanted);
	ck_assert_uint_eq(C_DigestFinal(session, &octet, &count), wanted);
	ck_assert_uint_eq(C_SignInit(session, &mechanism, 1), wanted);
	ck_assert_uint_eq(C_Sign(session, NULL, 0, &octet, &count), wanted);
	ck_assert_uint_eq(C_SignUpdate(session, NULL, 0), wanted);
	ck_assert_uint_eq(C_SignFinal(session, &octet, &count), wanted);
}

START_TEST(call_by_a_handle_that_is_none_is_refused)
{
	ck_assert_uint_eq(C_CloseSession(session), CKR_OK);
	every_call_says(CKR_SESSION_HANDLE_INVALID);
}
END_TEST

START_TEST(call_before_initialize_is_refused)
{
	CK_INFO           info;
	CK_SLOT_INFO      slot;
	CK_TOKEN_INFO     token;
	CK_MECHANISM_INFO mechanism;
	CK_SLOT_ID        list;
	CK_ULONG          count = 1;
	CK_SESSION_HANDLE handle;

	ck_assert_uint_eq(C_Finalize(NULL), CKR_OK);
	every_call_says(CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_GetSlotList(CK_FALSE, &list, &count), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_GetSlotInfo(0, &slot), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_GetTokenInfo(0, &token), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_WaitForSlotEvent(0, &list, NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_GetMechanismList(0, NULL, &count), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_GetMechanismInfo(0, CKM_ECDSA, &mechanism), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &handle), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_CloseAllSessions(0), CKR_CRYPTOKI_NOT_INITIALIZED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arguments");
	TCase *tc = tcase_create("arguments");

	tcase_add_checked_fixture(tc, setup, module_teardown);
	tcase_add_test(tc, call_that_a_read_only_token_lacks_says_so);
	tcase_add_test(tc, call_without_a_place_for_the_answer_is_refused);
	tcase_add_test(tc, call_by_a_handle_that_is_none_is_refused);
	tcase_add_test(tc, call_before_initialize_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
