/* The module that is loaded, and what every use of it begins with. */
#include "config.h"

#include "p11.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/x509.h>

static CK_FUNCTION_LIST_PTR list;
static CK_SLOT_ID           slot; /* the first with a token */

__attribute__((format(printf, 1, 2), noreturn))
void
p11_wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
	_exit(1);
}

void
p11_load(const char *path)
{
	CK_C_GetFunctionList get = NULL;
	void                *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		p11_wrong("%s", dlerror());
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	MUST(get != NULL);
	OK(get(&list));
	MUST(list->version.major == 2 && list->version.minor == 40);
}

CK_FUNCTION_LIST_PTR
p11(void)
{
	return list;
}

static CK_RV
mutex_cb(void **mutex)
{
	*mutex = NULL;
	return CKR_OK;
}

static CK_RV
mutex_use_cb(void *mutex)
{
	return mutex == NULL ? CKR_OK : CKR_GENERAL_ERROR;
}

CK_C_INITIALIZE_ARGS
p11_locks(void)
{
	return (CK_C_INITIALIZE_ARGS){.CreateMutex = mutex_cb,
	    .DestroyMutex = mutex_use_cb,
	    .LockMutex = mutex_use_cb,
	    .UnlockMutex = mutex_use_cb};
}

void
p11_initialize_as(bool nss)
{
	CK_C_INITIALIZE_ARGS args = {.flags = 0};
	CK_ULONG             count = 1;

	if (nss)
		args = p11_locks();
	args.flags = CKF_OS_LOCKING_OK;
	OK(p11()->C_Initialize(&args));
	OK(p11()->C_GetSlotList(CK_TRUE, &slot, &count));
	MUST(count == 1);
}

void
p11_initialize(void)
{
	p11_initialize_as(false);
}

CK_SESSION_HANDLE
p11_session(CK_FLAGS flags)
{
	CK_SESSION_HANDLE handle;

	OK(p11()->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &handle));
	return handle;
}

CK_OBJECT_HANDLE
p11_find(CK_SESSION_HANDLE in, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG         found = 0;

	OK(p11()->C_FindObjectsInit(in, template, count));
	OK(p11()->C_FindObjects(in, &object, 1, &found));
	OK(p11()->C_FindObjectsFinal(in));
	return found == 1 ? object : 0;
}

CK_OBJECT_HANDLE
p11_find_class(CK_SESSION_HANDLE in, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}};

	return p11_find(in, template, COUNT(template));
}

CK_OBJECT_HANDLE
p11_find_id(CK_SESSION_HANDLE in, CK_OBJECT_CLASS class, struct bytes *id)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, id->data, id->size}};

	return p11_find(in, template, COUNT(template));
}

void
p11_value(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct bytes *out)
{
	CK_ATTRIBUTE attribute = {type, NULL, 0};

	bytes_clear(out);
	OK(p11()->C_GetAttributeValue(in, object, &attribute, 1));
	attribute.pValue = bytes_extend(out, attribute.ulValueLen);
	OK(p11()->C_GetAttributeValue(in, object, &attribute, 1));
}

CK_ULONG
p11_number(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG     got = 0;
	CK_ATTRIBUTE attribute = {type, &got, sizeof got};

	OK(p11()->C_GetAttributeValue(in, object, &attribute, 1));
	return got;
}

static void
pair_of(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE private, struct pair *pair)
{
	const unsigned char *at;
	X509                *certificate;

	*pair = (struct pair){.private = private};
	MUST(private != 0);
	pair->rsa = p11_number(in, private, CKA_KEY_TYPE) == CKK_RSA;
	p11_value(in, private, CKA_ID, &pair->id);
	p11_value(in, p11_find_id(in, CKO_CERTIFICATE, &pair->id), CKA_VALUE, &pair->der);
	at = pair->der.data;
	MUST((certificate = d2i_X509(NULL, &at, (long)pair->der.size)) != NULL);
	pair->public = X509_get_pubkey(certificate);
	X509_free(certificate);
}

void
p11_pair_find(CK_SESSION_HANDLE in, struct pair *pair)
{
	pair_of(in, p11_find_class(in, CKO_PRIVATE_KEY), pair);
}

void
p11_pair_clear(struct pair *pair)
{
	EVP_PKEY_free(pair->public);
	bytes_clear(&pair->id);
	bytes_clear(&pair->der);
}
