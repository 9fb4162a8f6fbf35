/* The module in this process: two directories, a key in the first, and no TPM. */
#ifndef TESTS_UNIT_PKCS11_MODULE_SUPPORT_H
#define TESTS_UNIT_PKCS11_MODULE_SUPPORT_H

#include <p11-kit/pkcs11.h>

#include "material_support.h"

#define MODULE_SLOTS 2

static char       *directories[MODULE_SLOTS]; /* of slot 0 and 1 */
static struct made one;                       /* in the first */
static struct made two;                       /* nowhere yet */

static inline CK_RV
module_make_cb(void **mutex)
{
	*mutex = NULL;
	return CKR_OK;
}

static inline CK_RV
module_mutex_cb(void *mutex)
{
	(void)mutex;
	return CKR_OK;
}

/* What NSS gives to C_Initialize. */
static inline CK_C_INITIALIZE_ARGS
module_arguments(void)
{
	return (CK_C_INITIALIZE_ARGS){.CreateMutex = module_make_cb, .DestroyMutex = module_mutex_cb,
	    .LockMutex = module_mutex_cb, .UnlockMutex = module_mutex_cb};
}

static inline void
module_setup(void)
{
	char list[512];

	for (size_t i = 0; i < MODULE_SLOTS; i++)
		directories[i] = pki_directory();
	made_new(&one, "laptop", NULL);
	made_new(&two, "desktop", NULL);
	made_write(&one, directories[0], "device");
	(void)snprintf(list, sizeof list, "%s:%s", directories[0], directories[1]);
	(void)setenv("ATTEST_PKCS11_STATE", list, 1);
	(void)snprintf(list, sizeof list, "device:%s/tpm", directories[0]);
	(void)setenv("ATTEST_PKCS11_TPM", list, 1);
	(void)unsetenv("ATTEST_PKCS11_DEBUG");
	ck_assert_uint_eq(C_Initialize(NULL), CKR_OK);
}

static inline void
module_teardown(void)
{
	(void)C_Finalize(NULL);
	made_clear(&one);
	made_clear(&two);
	for (size_t i = 0; i < MODULE_SLOTS; i++)
		pki_directory_remove(directories[i]);
}

static inline CK_SESSION_HANDLE
module_session(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE handle = 0;

	ck_assert_uint_eq(C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &handle), CKR_OK);
	return handle;
}

/* The only object of a class. */
static inline CK_OBJECT_HANDLE
module_object(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE     template = {CKA_CLASS, &class, sizeof class};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG         count = 0;

	ck_assert_uint_eq(C_FindObjectsInit(session, &template, 1), CKR_OK);
	ck_assert_uint_eq(C_FindObjects(session, found, 2, &count), CKR_OK);
	ck_assert_uint_eq(C_FindObjectsFinal(session), CKR_OK);
	ck_assert_uint_eq(count, 1);
	return found[0];
}

/* Begins a signature by a mechanism without a hash of its own. */
static inline CK_RV
module_sign_init(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};

	return C_SignInit(session, &mechanism, key);
}

/* What a whole signature gives: CKR_DEVICE_ERROR, since there is no TPM. */
static inline CK_RV
module_sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_BYTE  digest[32] = {1};
	CK_BYTE  signature[64];
	CK_ULONG size = sizeof signature;
	CK_RV    rv = module_sign_init(session, key);

	return rv == CKR_OK ? C_Sign(session, digest, sizeof digest, signature, &size) : rv;
}

#endif
