/* What the standard and the programs expect of the calls. */
#include "config.h"

#include "p11.h"

#include <stddef.h>
#include <string.h>

static void
rules_of_initialize(void)
{
	CK_C_INITIALIZE_ARGS all = p11_locks();
	CK_C_INITIALIZE_ARGS system = {.flags = CKF_OS_LOCKING_OK};
	CK_C_INITIALIZE_ARGS some = {.CreateMutex = all.CreateMutex};
	CK_C_INITIALIZE_ARGS reserved = {.pReserved = &some};
	CK_C_INITIALIZE_ARGS none = {.flags = 0};
	CK_INFO              info;

	RETURNS(p11()->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	RETURNS(p11()->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	RETURNS(p11()->C_Initialize(&some), CKR_ARGUMENTS_BAD);
	RETURNS(p11()->C_Initialize(&reserved), CKR_ARGUMENTS_BAD);
	for (CK_C_INITIALIZE_ARGS **args = (CK_C_INITIALIZE_ARGS *[]){&all, &system, &none, NULL};
	     *args != NULL; args++) {
		OK(p11()->C_Initialize(*args));
		RETURNS(p11()->C_Initialize(*args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
		RETURNS(p11()->C_Finalize(&info), CKR_ARGUMENTS_BAD);
		OK(p11()->C_Finalize(NULL));
	}
	OK(p11()->C_Initialize(NULL));
	OK(p11()->C_GetInfo(&info));
	RETURNS(p11()->C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
}

static void
rules_of_slots(void)
{
	CK_SLOT_ID        only = 99;
	CK_ULONG          count = 0;
	CK_SLOT_INFO      slot_info;
	CK_TOKEN_INFO     token;
	CK_MECHANISM_INFO mechanism;
	CK_MECHANISM_TYPE types[64];

	OK(p11()->C_GetSlotList(CK_TRUE, NULL, &count));
	MUST(count == 1);
	count = 0;
	RETURNS(p11()->C_GetSlotList(CK_TRUE, &only, &count), CKR_BUFFER_TOO_SMALL);
	MUST(count == 1 && only == 99);
	OK(p11()->C_GetSlotList(CK_FALSE, &only, &count));
	MUST(only == 0);
	OK(p11()->C_GetSlotInfo(0, &slot_info));
	MUST(slot_info.flags == (CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE | CKF_HW_SLOT));
	RETURNS(p11()->C_GetSlotInfo(1, &slot_info), CKR_SLOT_ID_INVALID);
	OK(p11()->C_GetTokenInfo(0, &token));
	MUST((token.flags & CKF_LOGIN_REQUIRED) == 0 && (token.flags & CKF_TOKEN_INITIALIZED) != 0);
	MUST(memcmp(token.label, "attest-ca laptop                ", 32) == 0);
	RETURNS(p11()->C_GetTokenInfo(1, &token), CKR_SLOT_ID_INVALID);
	count = 0;
	RETURNS(p11()->C_GetMechanismList(0, types, &count), CKR_BUFFER_TOO_SMALL);
	OK(p11()->C_GetMechanismList(0, types, &count));
	for (CK_ULONG i = 0; i < count; i++) {
		OK(p11()->C_GetMechanismInfo(0, types[i], &mechanism));
		MUST((mechanism.flags & (CKF_SIGN | CKF_DIGEST)) != 0);
	}
	RETURNS(p11()->C_GetMechanismInfo(0, CKM_AES_CBC, &mechanism), CKR_MECHANISM_INVALID);
	RETURNS(p11()->C_WaitForSlotEvent(CKF_DONT_BLOCK, &only, NULL), CKR_NO_EVENT);
	RETURNS(p11()->C_WaitForSlotEvent(0, &only, NULL), CKR_FUNCTION_NOT_SUPPORTED);
}

static void
rules_of_sessions(void)
{
	CK_SESSION_HANDLE one;
	CK_SESSION_HANDLE two = p11_session(CKF_RW_SESSION);
	CK_SESSION_INFO   info;
	uint8_t           random[2][32] = {{0}, {0}};

	RETURNS(p11()->C_OpenSession(0, 0, NULL, NULL, &one), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	RETURNS(p11()->C_OpenSession(7, CKF_SERIAL_SESSION, NULL, NULL, &one), CKR_SLOT_ID_INVALID);
	one = p11_session(0);
	OK(p11()->C_GetSessionInfo(one, &info));
	MUST(info.state == CKS_RO_PUBLIC_SESSION && info.slotID == 0);
	OK(p11()->C_GetSessionInfo(two, &info));
	MUST(info.state == CKS_RW_PUBLIC_SESSION);
	OK(p11()->C_Login(one, CKU_USER, (CK_UTF8CHAR_PTR) "1", 1));
	OK(p11()->C_Logout(one));
	OK(p11()->C_GenerateRandom(one, random[0], sizeof random[0]));
	OK(p11()->C_GenerateRandom(one, random[1], sizeof random[1]));
	MUST(memcmp(random[0], random[1], sizeof random[0]) != 0);
	RETURNS(p11()->C_SeedRandom(one, random[0], 1), CKR_RANDOM_SEED_NOT_SUPPORTED);
	OK(p11()->C_CloseSession(one));
	RETURNS(p11()->C_CloseSession(one), CKR_SESSION_HANDLE_INVALID);
	MUST(p11_session(0) != one);
	OK(p11()->C_CloseAllSessions(0));
	RETURNS(p11()->C_GetSessionInfo(two, &info), CKR_SESSION_HANDLE_INVALID);
	for (int i = 0; i < 1024; i++)
		(void)p11_session(0);
	RETURNS(p11()->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &one), CKR_SESSION_COUNT);
	OK(p11()->C_CloseAllSessions(0));
}

static void
rules_of_objects(void)
{
	CK_SESSION_HANDLE in = p11_session(0);
	CK_OBJECT_HANDLE  key = p11_find_class(in, CKO_PRIVATE_KEY);
	CK_OBJECT_HANDLE  objects[16];
	CK_ULONG          count = 0;
	CK_BBOOL          flag = CK_TRUE;
	uint8_t           room[4096];
	CK_ATTRIBUTE      private = {CKA_PRIVATE, &flag, sizeof flag};
	CK_ATTRIBUTE      mixed[] = {{CKA_PRIVATE_EXPONENT, room, sizeof room},
	         {CKA_ALLOWED_MECHANISMS, room, sizeof room}, {CKA_LABEL, room, 1}, {CKA_ID, NULL, 0}};

	OK(p11()->C_GetAttributeValue(in, key, &private, 1));
	MUST(flag == CK_FALSE);
	RETURNS(p11()->C_GetAttributeValue(in, key, &mixed[0], 1), CKR_ATTRIBUTE_SENSITIVE);
	RETURNS(p11()->C_GetAttributeValue(in, key, &mixed[1], 1), CKR_ATTRIBUTE_TYPE_INVALID);
	RETURNS(p11()->C_GetAttributeValue(in, key, &mixed[2], 1), CKR_BUFFER_TOO_SMALL);
	MUST(p11()->C_GetAttributeValue(in, key, mixed, COUNT(mixed)) != CKR_OK);
	MUST(mixed[0].ulValueLen == CK_UNAVAILABLE_INFORMATION && mixed[3].ulValueLen == 20);
	RETURNS(p11()->C_GetAttributeValue(in, 4711, &private, 1), CKR_OBJECT_HANDLE_INVALID);
	OK(p11()->C_GetObjectSize(in, key, &count));
	MUST(count > 100);

	RETURNS(p11()->C_FindObjects(in, objects, 1, &count), CKR_OPERATION_NOT_INITIALIZED);
	RETURNS(p11()->C_FindObjectsFinal(in), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11()->C_FindObjectsInit(in, NULL, 0));
	RETURNS(p11()->C_FindObjectsInit(in, NULL, 0), CKR_OPERATION_ACTIVE);
	OK(p11()->C_FindObjects(in, objects, 3, &count));
	MUST(count == 3);
	OK(p11()->C_FindObjects(in, objects, COUNT(objects), &count));
	MUST(count == 1); /* private, public, certificate, its issuer */
	OK(p11()->C_FindObjects(in, objects, COUNT(objects), &count));
	MUST(count == 0);
	OK(p11()->C_FindObjectsFinal(in));
	RETURNS(p11()->C_DestroyObject(in, key), CKR_FUNCTION_NOT_SUPPORTED);
	OK(p11()->C_CloseSession(in));
}

static void
rules_of_signing(void)
{
	CK_SESSION_HANDLE in = p11_session(0);
	CK_OBJECT_HANDLE  key = p11_find_class(in, CKO_PRIVATE_KEY);
	bool              rsa = p11_number(in, key, CKA_KEY_TYPE) == CKK_RSA;
	CK_MECHANISM      right = {rsa ? CKM_RSA_PKCS : CKM_ECDSA, NULL, 0};
	CK_MECHANISM      other = {rsa ? CKM_ECDSA : CKM_RSA_PKCS, NULL, 0};
	CK_MECHANISM      pss = {CKM_RSA_PKCS_PSS, NULL, 0};
	CK_MECHANISM      unknown = {CKM_AES_CBC, NULL, 0};
	uint8_t           data[1024] = {0};
	uint8_t           out[SIGNATURE_MAX];
	CK_ULONG          size = sizeof out;

	RETURNS(p11()->C_Sign(in, data, 32, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	RETURNS(p11()->C_SignInit(in, &unknown, key), CKR_MECHANISM_INVALID);
	RETURNS(p11()->C_SignInit(in, &other, key), CKR_KEY_TYPE_INCONSISTENT);
	RETURNS(p11()->C_SignInit(in, &right, 4711), CKR_KEY_HANDLE_INVALID);
	RETURNS(p11()->C_SignInit(in, &right, p11_find_class(in, CKO_CERTIFICATE)),
	    CKR_KEY_FUNCTION_NOT_PERMITTED);
	if (rsa)
		RETURNS(p11()->C_SignInit(in, &pss, key), CKR_MECHANISM_PARAM_INVALID);
	OK(p11()->C_SignInit(in, &right, key));
	RETURNS(p11()->C_SignInit(in, &right, key), CKR_OPERATION_ACTIVE);
	OK(p11()->C_Sign(in, data, 32, NULL, &size));
	MUST(size == (rsa ? 256 : size) && size >= 64);
	size = 3;
	RETURNS(p11()->C_Sign(in, data, 32, out, &size), CKR_BUFFER_TOO_SMALL);
	MUST(size >= 64);
	if (rsa) {
		RETURNS(p11()->C_Sign(in, data, 32, out, &size), CKR_DATA_INVALID);
		OK(p11()->C_SignInit(in, &right, key));
	}
	RETURNS(p11()->C_SignUpdate(in, data, sizeof data), CKR_DATA_LEN_RANGE);
	RETURNS(p11()->C_SignFinal(in, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11()->C_SignInit(in, &right, key));
	OK(p11()->C_SignUpdate(in, data, 32));
	RETURNS(p11()->C_Sign(in, data, 32, out, &size), CKR_OPERATION_ACTIVE);
	OK(p11()->C_CloseSession(in));
}

static void
rules_of_digests(void)
{
	CK_SESSION_HANDLE in = p11_session(0);
	CK_MECHANISM      mechanism = {CKM_SHA384, NULL, 0};
	CK_MECHANISM      signing = {CKM_SHA384_RSA_PKCS, NULL, 0};
	uint8_t           wanted[48];
	uint8_t           out[64];
	CK_ULONG          size = sizeof out;

	MUST(EVP_Digest("abc", 3, wanted, NULL, EVP_sha384(), NULL) == 1);
	RETURNS(p11()->C_Digest(in, (CK_BYTE_PTR) "abc", 3, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	RETURNS(p11()->C_DigestInit(in, &signing), CKR_MECHANISM_INVALID);
	RETURNS(p11()->C_SignInit(in, &mechanism, p11_find_class(in, CKO_PRIVATE_KEY)), CKR_MECHANISM_INVALID);
	OK(p11()->C_DigestInit(in, &mechanism));
	RETURNS(p11()->C_DigestInit(in, &mechanism), CKR_OPERATION_ACTIVE);
	OK(p11()->C_Digest(in, (CK_BYTE_PTR) "abc", 3, NULL, &size));
	MUST(size == sizeof wanted);
	size = 47;
	RETURNS(p11()->C_Digest(in, (CK_BYTE_PTR) "abc", 3, out, &size), CKR_BUFFER_TOO_SMALL);
	MUST(size == sizeof wanted);
	OK(p11()->C_Digest(in, (CK_BYTE_PTR) "abc", 3, out, &size));
	MUST(memcmp(out, wanted, sizeof wanted) == 0);
	OK(p11()->C_DigestInit(in, &mechanism));
	OK(p11()->C_DigestUpdate(in, (CK_BYTE_PTR) "a", 1));
	OK(p11()->C_DigestUpdate(in, NULL, 0));
	RETURNS(p11()->C_Digest(in, (CK_BYTE_PTR) "bc", 2, out, &size), CKR_OPERATION_ACTIVE);
	OK(p11()->C_DigestUpdate(in, (CK_BYTE_PTR) "bc", 2));
	memset(out, 0, sizeof out);
	OK(p11()->C_DigestFinal(in, out, &size));
	MUST(size == sizeof wanted && memcmp(out, wanted, sizeof wanted) == 0);
	RETURNS(p11()->C_DigestFinal(in, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11()->C_DigestInit(in, &mechanism));
	RETURNS(p11()->C_DigestUpdate(in, NULL, 1), CKR_ARGUMENTS_BAD);
	RETURNS(p11()->C_DigestUpdate(in, NULL, 0), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11()->C_DigestInit(in, &mechanism)); /* freed with the session */
	OK(p11()->C_CloseSession(in));
}

void
p11_rules(void)
{
	CK_ULONG count = (sizeof *p11() - offsetof(CK_FUNCTION_LIST, C_Initialize)) / sizeof(void *);

	for (CK_ULONG i = 0; i < count; i++)
		MUST(((void **)(void *)&p11()->C_Initialize)[i] != NULL);
	rules_of_initialize();
	rules_of_slots();
	rules_of_sessions();
	rules_of_objects();
	rules_of_signing();
	rules_of_digests();
}
