/*
 * An application that uses a PKCS #11 module in the ways in which programs do, and checks what it
 * gets. It says the first thing that is wrong, and exits with 1. What it is asked:
 *
 *   module_driver MODULE rules             what the standard and the programs expect of the calls
 *   module_driver MODULE sign              every mechanism of the key, verified by OpenSSL
 *   module_driver MODULE threads N COUNT   N threads, each COUNT signatures: rate and longest wait
 *   module_driver MODULE fork [UID]        signs before and after a fork, in parent and child, as UID
 *   module_driver MODULE fork-threads      forks while other threads sign
 *   module_driver MODULE renewal COMMAND   holds on to what it found while the command changes it, as NSS
 *   module_driver MODULE renewal-java COMMAND  the same as Java, for which no session may end
 *   module_driver MODULE fails             a signature is refused, the environment stays as it was
 *   module_driver MODULE forever           signs until it is killed
 *   module_driver MODULE label             prints the labels of the tokens
 */
#include "config.h"

#include <sys/wait.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>

#include "tpm/signature.h"
#include "util/bytes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SIGNATURE_MAX 512

static CK_FUNCTION_LIST_PTR p11;
static CK_SLOT_ID           slot; /* the first with a token */

__attribute__((format(printf, 1, 2), noreturn))
static void
wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
	_exit(1);
}

#define MUST(what)                                                        \
	do {                                                              \
		if (!(what))                                              \
			wrong("line %d: not so: %s", __LINE__, #what);    \
	} while (0)

#define RETURNS(call, wanted)                                             \
	do {                                                              \
		CK_RV rv_ = (call);                                       \
		if (rv_ != (wanted))                                      \
			wrong("line %d: %s gives 0x%lx, not %s", __LINE__, #call, rv_, #wanted); \
	} while (0)

#define OK(call) RETURNS(call, CKR_OK)

static CK_FUNCTION_LIST_PTR
module_load(const char *path)
{
	CK_C_GetFunctionList get = NULL;
	CK_FUNCTION_LIST_PTR list = NULL;
	void                *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		wrong("%s", dlerror());
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	MUST(get != NULL);
	OK(get(&list));
	MUST(list->version.major == 2 && list->version.minor == 40);
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

static void
initialize_as(bool nss)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_ULONG             count = 1;

	if (nss)
		args = (CK_C_INITIALIZE_ARGS){.CreateMutex = mutex_cb, .DestroyMutex = mutex_use_cb,
		    .LockMutex = mutex_use_cb, .UnlockMutex = mutex_use_cb, .flags = CKF_OS_LOCKING_OK};
	OK(p11->C_Initialize(&args));
	OK(p11->C_GetSlotList(CK_TRUE, &slot, &count));
	MUST(count == 1);
}

static void
initialize(void)
{
	initialize_as(false);
}

static CK_SESSION_HANDLE
session(CK_FLAGS flags)
{
	CK_SESSION_HANDLE handle;

	OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &handle));
	return handle;
}

/* The first object that matches; 0 for none. */
static CK_OBJECT_HANDLE
find(CK_SESSION_HANDLE in, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG         found = 0;

	OK(p11->C_FindObjectsInit(in, template, count));
	OK(p11->C_FindObjects(in, &object, 1, &found));
	OK(p11->C_FindObjectsFinal(in));
	return found == 1 ? object : 0;
}

static CK_OBJECT_HANDLE
find_class(CK_SESSION_HANDLE in, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}};

	return find(in, template, COUNT(template));
}

static CK_OBJECT_HANDLE
find_id(CK_SESSION_HANDLE in, CK_OBJECT_CLASS class, struct bytes *id)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, id->data, id->size}};

	return find(in, template, COUNT(template));
}

static void
value(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct bytes *out)
{
	CK_ATTRIBUTE attribute = {type, NULL, 0};

	bytes_clear(out);
	OK(p11->C_GetAttributeValue(in, object, &attribute, 1));
	attribute.pValue = bytes_extend(out, attribute.ulValueLen);
	OK(p11->C_GetAttributeValue(in, object, &attribute, 1));
}

static CK_ULONG
number(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG     got = 0;
	CK_ATTRIBUTE attribute = {type, &got, sizeof got};

	OK(p11->C_GetAttributeValue(in, object, &attribute, 1));
	return got;
}

/* What is signed with: a private key, and the key of the certificate that has its ID. */
struct pair {
	CK_OBJECT_HANDLE private;
	EVP_PKEY        *public;
	bool             rsa;
	struct bytes     id;
	struct bytes     der;
};

static void
pair_of(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE private, struct pair *pair)
{
	const unsigned char *at;
	X509                *certificate;

	*pair = (struct pair){.private = private};
	MUST(private != 0);
	pair->rsa = number(in, private, CKA_KEY_TYPE) == CKK_RSA;
	value(in, private, CKA_ID, &pair->id);
	value(in, find_id(in, CKO_CERTIFICATE, &pair->id), CKA_VALUE, &pair->der);
	at = pair->der.data;
	MUST((certificate = d2i_X509(NULL, &at, (long)pair->der.size)) != NULL);
	pair->public = X509_get_pubkey(certificate);
	X509_free(certificate);
}

static void
pair_find(CK_SESSION_HANDLE in, struct pair *pair)
{
	pair_of(in, find_class(in, CKO_PRIVATE_KEY), pair);
}

static void
pair_clear(struct pair *pair)
{
	EVP_PKEY_free(pair->public);
	bytes_clear(&pair->id);
	bytes_clear(&pair->der);
}

/* One mechanism: how it is asked for, and how OpenSSL verifies. */
struct kind {
	CK_MECHANISM_TYPE type;
	bool              rsa;
	const char       *hash;     /* of the signature */
	bool              hashes;   /* the module does */
	int               salt;     /* of PSS; -1: no PSS */
	CK_MECHANISM_TYPE pss_hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
};

static const struct kind kinds[] = {
    {CKM_ECDSA, false, "SHA256", false, -1, 0, 0},
    {CKM_ECDSA, false, "SHA1", false, -1, 0, 0},
    {CKM_ECDSA, false, "SHA384", false, -1, 0, 0},
    {CKM_ECDSA, false, "SHA512", false, -1, 0, 0},
    {CKM_ECDSA_SHA256, false, "SHA256", true, -1, 0, 0},
    {CKM_ECDSA_SHA384, false, "SHA384", true, -1, 0, 0},
    {CKM_ECDSA_SHA512, false, "SHA512", true, -1, 0, 0},
    {CKM_RSA_PKCS, true, "SHA1", false, -1, 0, 0},
    {CKM_RSA_PKCS, true, "SHA256", false, -1, 0, 0},
    {CKM_RSA_PKCS, true, "SHA384", false, -1, 0, 0},
    {CKM_RSA_PKCS, true, "SHA512", false, -1, 0, 0},
    {CKM_SHA256_RSA_PKCS, true, "SHA256", true, -1, 0, 0},
    {CKM_SHA384_RSA_PKCS, true, "SHA384", true, -1, 0, 0},
    {CKM_SHA512_RSA_PKCS, true, "SHA512", true, -1, 0, 0},
    {CKM_RSA_PKCS_PSS, true, "SHA256", false, 32, CKM_SHA256, CKG_MGF1_SHA256},
    {CKM_RSA_PKCS_PSS, true, "SHA384", false, 48, CKM_SHA384, CKG_MGF1_SHA384},
    {CKM_SHA256_RSA_PKCS_PSS, true, "SHA256", true, 32, CKM_SHA256, CKG_MGF1_SHA256},
    {CKM_SHA384_RSA_PKCS_PSS, true, "SHA384", true, 48, CKM_SHA384, CKG_MGF1_SHA384},
    {CKM_SHA512_RSA_PKCS_PSS, true, "SHA512", true, 64, CKM_SHA512, CKG_MGF1_SHA512},
};

/* The DigestInfo of RFC 8017 §9.2 by OpenSSL's own encoder. */
static void
digest_info(const EVP_MD *md, struct view digest, struct bytes *out)
{
	X509_SIG          *info = X509_SIG_new();
	X509_ALGOR        *algorithm = NULL;
	ASN1_OCTET_STRING *octets = NULL;
	unsigned char     *der = NULL;
	int                size;

	X509_SIG_getm(info, &algorithm, &octets);
	MUST(X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL, NULL) == 1);
	MUST(ASN1_OCTET_STRING_set(octets, digest.data, (int)digest.size) == 1);
	MUST((size = i2d_X509_SIG(info, &der)) > 0);
	bytes_append(out, der, (size_t)size);
	OPENSSL_free(der);
	X509_SIG_free(info);
}

static bool
verifies(const struct pair *pair, const struct kind *kind, struct view digest,
    const uint8_t *signature, size_t size)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair->public, NULL);
	AUTO_BYTES    der = {0};
	bool          good;

	if (pair->rsa)
		bytes_append(&der, signature, size);
	else
		ecdsa_signature_encode((struct view){signature, size / 2},
		    (struct view){signature + size / 2, size / 2}, &der);
	MUST(EVP_PKEY_verify_init(ctx) == 1);
	if (pair->rsa) {
		MUST(EVP_PKEY_CTX_set_rsa_padding(ctx,
		         kind->salt < 0 ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING) == 1);
		MUST(EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(kind->hash)) == 1);
		if (kind->salt >= 0)
			MUST(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, kind->salt) == 1);
	}
	good = EVP_PKEY_verify(ctx, der.data, der.size, digest.data, digest.size) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

/* Signs a text and verifies; in one call or in several. Returns C_SignInit's or C_Sign's answer. */
static CK_RV
sign(CK_SESSION_HANDLE in, const struct pair *pair, const struct kind *kind, bool in_parts)
{
	char                   text[] = "What the TPM is asked to sign.";
	const EVP_MD          *md = EVP_get_digestbyname(kind->hash);
	CK_RSA_PKCS_PSS_PARAMS pss = {kind->pss_hash, kind->mgf, (CK_ULONG)kind->salt};
	CK_MECHANISM           mechanism = {kind->type, kind->salt >= 0 ? &pss : NULL,
	              kind->salt >= 0 ? sizeof pss : 0};
	AUTO_BYTES             input = {0};
	uint8_t                digest[EVP_MAX_MD_SIZE];
	unsigned               digest_size = 0;
	uint8_t                signature[SIGNATURE_MAX];
	CK_ULONG               size = sizeof signature;
	CK_RV                  rv;

	MUST(EVP_Digest(text, sizeof text, digest, &digest_size, md, NULL) == 1);
	if (kind->hashes)
		bytes_append(&input, text, sizeof text);
	else if (kind->type == CKM_RSA_PKCS)
		digest_info(md, (struct view){digest, digest_size}, &input);
	else
		bytes_append(&input, digest, digest_size);
	if ((rv = p11->C_SignInit(in, &mechanism, pair->private)) != CKR_OK)
		return rv;
	if (in_parts) {
		OK(p11->C_SignUpdate(in, input.data, 7));
		OK(p11->C_SignUpdate(in, input.data + 7, input.size - 7));
		rv = p11->C_SignFinal(in, signature, &size);
	} else {
		rv = p11->C_Sign(in, input.data, input.size, signature, &size);
	}
	if (rv == CKR_OK && !verifies(pair, kind, (struct view){digest, digest_size}, signature, size))
		wrong("a signature by mechanism 0x%lx with %s does not verify", kind->type, kind->hash);
	return rv;
}

/* The mechanism that TLS uses with the key. */
static const struct kind *
usual(const struct pair *pair)
{
	return pair->rsa ? &kinds[8] : &kinds[0];
}

/* ---- rules ---- */

static void
rules_of_initialize(void)
{
	CK_C_INITIALIZE_ARGS all = {.CreateMutex = mutex_cb,
	    .DestroyMutex = mutex_use_cb,
	    .LockMutex = mutex_use_cb,
	    .UnlockMutex = mutex_use_cb};
	CK_C_INITIALIZE_ARGS system = {.flags = CKF_OS_LOCKING_OK};
	CK_C_INITIALIZE_ARGS some = {.CreateMutex = mutex_cb};
	CK_C_INITIALIZE_ARGS reserved = {.pReserved = &some};
	CK_C_INITIALIZE_ARGS none = {.flags = 0};
	CK_INFO              info;

	RETURNS(p11->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	RETURNS(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	RETURNS(p11->C_Initialize(&some), CKR_ARGUMENTS_BAD);
	RETURNS(p11->C_Initialize(&reserved), CKR_ARGUMENTS_BAD);
	for (CK_C_INITIALIZE_ARGS **args = (CK_C_INITIALIZE_ARGS *[]){&all, &system, &none, NULL};
	     *args != NULL; args++) {
		OK(p11->C_Initialize(*args));
		RETURNS(p11->C_Initialize(*args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
		RETURNS(p11->C_Finalize(&info), CKR_ARGUMENTS_BAD);
		OK(p11->C_Finalize(NULL));
	}
	OK(p11->C_Initialize(NULL));
	OK(p11->C_GetInfo(&info));
	RETURNS(p11->C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
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

	OK(p11->C_GetSlotList(CK_TRUE, NULL, &count));
	MUST(count == 1);
	count = 0;
	RETURNS(p11->C_GetSlotList(CK_TRUE, &only, &count), CKR_BUFFER_TOO_SMALL);
	MUST(count == 1 && only == 99);
	OK(p11->C_GetSlotList(CK_FALSE, &only, &count));
	MUST(only == 0);
	OK(p11->C_GetSlotInfo(0, &slot_info));
	MUST(slot_info.flags == (CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE | CKF_HW_SLOT));
	RETURNS(p11->C_GetSlotInfo(1, &slot_info), CKR_SLOT_ID_INVALID);
	OK(p11->C_GetTokenInfo(0, &token));
	MUST((token.flags & CKF_LOGIN_REQUIRED) == 0 && (token.flags & CKF_TOKEN_INITIALIZED) != 0);
	MUST(memcmp(token.label, "attest-ca laptop                ", 32) == 0);
	RETURNS(p11->C_GetTokenInfo(1, &token), CKR_SLOT_ID_INVALID);
	count = 0;
	RETURNS(p11->C_GetMechanismList(0, types, &count), CKR_BUFFER_TOO_SMALL);
	OK(p11->C_GetMechanismList(0, types, &count));
	for (CK_ULONG i = 0; i < count; i++) {
		OK(p11->C_GetMechanismInfo(0, types[i], &mechanism));
		MUST((mechanism.flags & (CKF_SIGN | CKF_DIGEST)) != 0);
	}
	RETURNS(p11->C_GetMechanismInfo(0, CKM_AES_CBC, &mechanism), CKR_MECHANISM_INVALID);
	RETURNS(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &only, NULL), CKR_NO_EVENT);
	RETURNS(p11->C_WaitForSlotEvent(0, &only, NULL), CKR_FUNCTION_NOT_SUPPORTED);
}

static void
rules_of_sessions(void)
{
	CK_SESSION_HANDLE one;
	CK_SESSION_HANDLE two = session(CKF_RW_SESSION);
	CK_SESSION_INFO   info;
	uint8_t           random[2][32] = {{0}, {0}};

	RETURNS(p11->C_OpenSession(0, 0, NULL, NULL, &one), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	RETURNS(p11->C_OpenSession(7, CKF_SERIAL_SESSION, NULL, NULL, &one), CKR_SLOT_ID_INVALID);
	one = session(0);
	OK(p11->C_GetSessionInfo(one, &info));
	MUST(info.state == CKS_RO_PUBLIC_SESSION && info.slotID == 0);
	OK(p11->C_GetSessionInfo(two, &info));
	MUST(info.state == CKS_RW_PUBLIC_SESSION);
	OK(p11->C_Login(one, CKU_USER, (CK_UTF8CHAR_PTR) "1", 1));
	OK(p11->C_Logout(one));
	OK(p11->C_GenerateRandom(one, random[0], sizeof random[0]));
	OK(p11->C_GenerateRandom(one, random[1], sizeof random[1]));
	MUST(memcmp(random[0], random[1], sizeof random[0]) != 0);
	RETURNS(p11->C_SeedRandom(one, random[0], 1), CKR_RANDOM_SEED_NOT_SUPPORTED);
	OK(p11->C_CloseSession(one));
	RETURNS(p11->C_CloseSession(one), CKR_SESSION_HANDLE_INVALID);
	MUST(session(0) != one);
	OK(p11->C_CloseAllSessions(0));
	RETURNS(p11->C_GetSessionInfo(two, &info), CKR_SESSION_HANDLE_INVALID);
	for (int i = 0; i < 1024; i++)
		(void)session(0);
	RETURNS(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &one), CKR_SESSION_COUNT);
	OK(p11->C_CloseAllSessions(0));
}

static void
rules_of_objects(void)
{
	CK_SESSION_HANDLE in = session(0);
	CK_OBJECT_HANDLE  key = find_class(in, CKO_PRIVATE_KEY);
	CK_OBJECT_HANDLE  objects[16];
	CK_ULONG          count = 0;
	CK_BBOOL          flag = CK_TRUE;
	uint8_t           room[4096];
	CK_ATTRIBUTE      private = {CKA_PRIVATE, &flag, sizeof flag};
	CK_ATTRIBUTE      mixed[] = {{CKA_PRIVATE_EXPONENT, room, sizeof room},
	         {CKA_ALLOWED_MECHANISMS, room, sizeof room}, {CKA_LABEL, room, 1}, {CKA_ID, NULL, 0}};

	OK(p11->C_GetAttributeValue(in, key, &private, 1));
	MUST(flag == CK_FALSE);
	RETURNS(p11->C_GetAttributeValue(in, key, &mixed[0], 1), CKR_ATTRIBUTE_SENSITIVE);
	RETURNS(p11->C_GetAttributeValue(in, key, &mixed[1], 1), CKR_ATTRIBUTE_TYPE_INVALID);
	RETURNS(p11->C_GetAttributeValue(in, key, &mixed[2], 1), CKR_BUFFER_TOO_SMALL);
	MUST(p11->C_GetAttributeValue(in, key, mixed, COUNT(mixed)) != CKR_OK);
	MUST(mixed[0].ulValueLen == CK_UNAVAILABLE_INFORMATION && mixed[3].ulValueLen == 20);
	RETURNS(p11->C_GetAttributeValue(in, 4711, &private, 1), CKR_OBJECT_HANDLE_INVALID);
	OK(p11->C_GetObjectSize(in, key, &count));
	MUST(count > 100);

	RETURNS(p11->C_FindObjects(in, objects, 1, &count), CKR_OPERATION_NOT_INITIALIZED);
	RETURNS(p11->C_FindObjectsFinal(in), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11->C_FindObjectsInit(in, NULL, 0));
	RETURNS(p11->C_FindObjectsInit(in, NULL, 0), CKR_OPERATION_ACTIVE);
	OK(p11->C_FindObjects(in, objects, 3, &count));
	MUST(count == 3);
	OK(p11->C_FindObjects(in, objects, COUNT(objects), &count));
	MUST(count == 1); /* private, public, certificate, its issuer */
	OK(p11->C_FindObjects(in, objects, COUNT(objects), &count));
	MUST(count == 0);
	OK(p11->C_FindObjectsFinal(in));
	RETURNS(p11->C_DestroyObject(in, key), CKR_FUNCTION_NOT_SUPPORTED);
	OK(p11->C_CloseSession(in));
}

static void
rules_of_signing(void)
{
	CK_SESSION_HANDLE in = session(0);
	CK_OBJECT_HANDLE  key = find_class(in, CKO_PRIVATE_KEY);
	bool              rsa = number(in, key, CKA_KEY_TYPE) == CKK_RSA;
	CK_MECHANISM      right = {rsa ? CKM_RSA_PKCS : CKM_ECDSA, NULL, 0};
	CK_MECHANISM      other = {rsa ? CKM_ECDSA : CKM_RSA_PKCS, NULL, 0};
	CK_MECHANISM      pss = {CKM_RSA_PKCS_PSS, NULL, 0};
	CK_MECHANISM      unknown = {CKM_AES_CBC, NULL, 0};
	uint8_t           data[1024] = {0};
	uint8_t           out[SIGNATURE_MAX];
	CK_ULONG          size = sizeof out;

	RETURNS(p11->C_Sign(in, data, 32, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	RETURNS(p11->C_SignInit(in, &unknown, key), CKR_MECHANISM_INVALID);
	RETURNS(p11->C_SignInit(in, &other, key), CKR_KEY_TYPE_INCONSISTENT);
	RETURNS(p11->C_SignInit(in, &right, 4711), CKR_KEY_HANDLE_INVALID);
	RETURNS(p11->C_SignInit(in, &right, find_class(in, CKO_CERTIFICATE)),
	    CKR_KEY_FUNCTION_NOT_PERMITTED);
	if (rsa)
		RETURNS(p11->C_SignInit(in, &pss, key), CKR_MECHANISM_PARAM_INVALID);
	OK(p11->C_SignInit(in, &right, key));
	RETURNS(p11->C_SignInit(in, &right, key), CKR_OPERATION_ACTIVE);
	OK(p11->C_Sign(in, data, 32, NULL, &size));
	MUST(size == (rsa ? 256 : size) && size >= 64);
	size = 3;
	RETURNS(p11->C_Sign(in, data, 32, out, &size), CKR_BUFFER_TOO_SMALL);
	MUST(size >= 64);
	if (rsa) {
		RETURNS(p11->C_Sign(in, data, 32, out, &size), CKR_DATA_INVALID);
		OK(p11->C_SignInit(in, &right, key));
	}
	RETURNS(p11->C_SignUpdate(in, data, sizeof data), CKR_DATA_LEN_RANGE);
	RETURNS(p11->C_SignFinal(in, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11->C_SignInit(in, &right, key));
	OK(p11->C_SignUpdate(in, data, 32));
	RETURNS(p11->C_Sign(in, data, 32, out, &size), CKR_OPERATION_ACTIVE);
	OK(p11->C_CloseSession(in));
}

static void
rules_of_digests(void)
{
	CK_SESSION_HANDLE in = session(0);
	CK_MECHANISM      mechanism = {CKM_SHA384, NULL, 0};
	CK_MECHANISM      signing = {CKM_SHA384_RSA_PKCS, NULL, 0};
	uint8_t           wanted[48];
	uint8_t           out[64];
	CK_ULONG          size = sizeof out;

	MUST(EVP_Digest("abc", 3, wanted, NULL, EVP_sha384(), NULL) == 1);
	RETURNS(p11->C_Digest(in, (CK_BYTE_PTR) "abc", 3, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	RETURNS(p11->C_DigestInit(in, &signing), CKR_MECHANISM_INVALID);
	RETURNS(p11->C_SignInit(in, &mechanism, find_class(in, CKO_PRIVATE_KEY)), CKR_MECHANISM_INVALID);
	OK(p11->C_DigestInit(in, &mechanism));
	RETURNS(p11->C_DigestInit(in, &mechanism), CKR_OPERATION_ACTIVE);
	OK(p11->C_Digest(in, (CK_BYTE_PTR) "abc", 3, NULL, &size));
	MUST(size == sizeof wanted);
	size = 47;
	RETURNS(p11->C_Digest(in, (CK_BYTE_PTR) "abc", 3, out, &size), CKR_BUFFER_TOO_SMALL);
	MUST(size == sizeof wanted);
	OK(p11->C_Digest(in, (CK_BYTE_PTR) "abc", 3, out, &size));
	MUST(memcmp(out, wanted, sizeof wanted) == 0);
	OK(p11->C_DigestInit(in, &mechanism));
	OK(p11->C_DigestUpdate(in, (CK_BYTE_PTR) "a", 1));
	OK(p11->C_DigestUpdate(in, NULL, 0));
	RETURNS(p11->C_Digest(in, (CK_BYTE_PTR) "bc", 2, out, &size), CKR_OPERATION_ACTIVE);
	OK(p11->C_DigestUpdate(in, (CK_BYTE_PTR) "bc", 2));
	memset(out, 0, sizeof out);
	OK(p11->C_DigestFinal(in, out, &size));
	MUST(size == sizeof wanted && memcmp(out, wanted, sizeof wanted) == 0);
	RETURNS(p11->C_DigestFinal(in, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11->C_DigestInit(in, &mechanism));
	RETURNS(p11->C_DigestUpdate(in, NULL, 1), CKR_ARGUMENTS_BAD);
	RETURNS(p11->C_DigestUpdate(in, NULL, 0), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11->C_DigestInit(in, &mechanism)); /* freed with the session */
	OK(p11->C_CloseSession(in));
}

static void
rules(void)
{
	CK_ULONG count = (sizeof *p11 - offsetof(CK_FUNCTION_LIST, C_Initialize)) / sizeof(void *);

	for (CK_ULONG i = 0; i < count; i++)
		MUST(((void **)(void *)&p11->C_Initialize)[i] != NULL);
	rules_of_initialize();
	rules_of_slots();
	rules_of_sessions();
	rules_of_objects();
	rules_of_signing();
	rules_of_digests();
}

/* ---- signatures ---- */

static void
sign_all(void)
{
	CK_SESSION_HANDLE in;
	struct pair       pair;

	initialize();
	in = session(0);
	pair_find(in, &pair);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].rsa != pair.rsa)
			continue;
		OK(sign(in, &pair, &kinds[i], false));
		OK(sign(in, &pair, &kinds[i], true));
	}
	if (pair.rsa) { /* a salt that this TPM does not make */
		struct kind odd = kinds[14];

		odd.salt = 20;
		RETURNS(sign(in, &pair, &odd, false), CKR_MECHANISM_PARAM_INVALID);
	}
	pair_clear(&pair);
}

/* ---- threads ---- */

struct worker {
	pthread_t thread;
	int       count;
	double    longest;
};

static double
now(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void *
worker_run(void *arg)
{
	struct worker    *worker = arg;
	CK_SESSION_HANDLE in = session(0);
	struct pair       pair;

	pair_find(in, &pair);
	for (int i = 0; i < worker->count; i++) {
		double began = now();

		OK(sign(in, &pair, usual(&pair), false));
		if (now() - began > worker->longest)
			worker->longest = now() - began;
	}
	pair_clear(&pair);
	OK(p11->C_CloseSession(in));
	return NULL;
}

static void
threads(int number_of_threads, int count)
{
	struct worker *workers = memory_new((size_t)number_of_threads * sizeof *workers);
	double         began;
	double         longest = 0;

	initialize();
	began = now();
	for (int i = 0; i < number_of_threads; i++) {
		workers[i].count = count;
		MUST(pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]) == 0);
	}
	for (int i = 0; i < number_of_threads; i++) {
		MUST(pthread_join(workers[i].thread, NULL) == 0);
		if (workers[i].longest > longest)
			longest = workers[i].longest;
	}
	(void)printf("%d threads: %.0f signatures a second, longest wait %.1f ms\n", number_of_threads,
	    number_of_threads * count / (now() - began), longest * 1000);
	free(workers);
}

/* ---- forks ---- */

static void
child_runs(CK_SESSION_HANDLE old, const struct pair *pair, long uid)
{
	CK_SESSION_HANDLE in;
	CK_SESSION_INFO   info;

	if (uid >= 0)
		MUST(setgid((gid_t)uid) == 0 && setuid((uid_t)uid) == 0);
	RETURNS(p11->C_GetSessionInfo(old, &info), CKR_CRYPTOKI_NOT_INITIALIZED);
	OK(p11->C_Initialize(NULL));
	RETURNS(p11->C_GetSessionInfo(old, &info), CKR_SESSION_HANDLE_INVALID);
	in = session(0);
	for (int i = 0; i < 2; i++)
		OK(sign(in, pair, usual(pair), false)); /* by the handle that it has from before */
	MUST(find_class(in, CKO_PRIVATE_KEY) == pair->private);
	_exit(0);
}

static void
forks(long uid)
{
	CK_SESSION_HANDLE in;
	struct pair       pair;

	initialize();
	in = session(0);
	pair_find(in, &pair);
	for (int round = 0; round < 3; round++) {
		pid_t child;
		int   status;

		if (round != 0) /* a parent that has not used the TPM, and one that has */
			OK(sign(in, &pair, usual(&pair), false));
		MUST((child = fork()) >= 0);
		if (child == 0)
			child_runs(in, &pair, uid);
		MUST(waitpid(child, &status, 0) == child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			wrong("the child ended with 0x%x", (unsigned)status);
		OK(sign(in, &pair, usual(&pair), false));
	}
	pair_clear(&pair);
}

/*
 * Forks while other threads are in the module. They do not verify: OpenSSL has locks of its own,
 * which a child would find taken.
 */
static void *
signs_all_the_time(void *arg)
{
	CK_SESSION_HANDLE in = session(0);
	CK_OBJECT_HANDLE  key = find_class(in, CKO_PRIVATE_KEY);
	CK_MECHANISM      mechanism = {CKM_ECDSA, NULL, 0};

	while (!*(volatile bool *)arg) {
		uint8_t  data[32] = {1};
		uint8_t  signature[SIGNATURE_MAX];
		CK_ULONG size = sizeof signature;

		OK(p11->C_SignInit(in, &mechanism, key));
		OK(p11->C_Sign(in, data, sizeof data, signature, &size));
	}
	return NULL;
}

static void
forks_amid_threads(void)
{
	CK_SESSION_HANDLE in;
	pthread_t         thread[4];
	struct pair       pair;
	volatile bool     stop = false;

	initialize();
	in = session(0);
	pair_find(in, &pair);
	for (size_t i = 0; i < COUNT(thread); i++)
		MUST(pthread_create(&thread[i], NULL, signs_all_the_time, (void *)&stop) == 0);
	for (int round = 0; round < 20; round++) {
		pid_t child = fork();
		int   status;

		MUST(child >= 0);
		if (child == 0) {
			(void)alarm(20); /* one that waits for a thread that is not here */
			child_runs(in, &pair, -1);
		}
		MUST(waitpid(child, &status, 0) == child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			wrong("a child of many threads ended with 0x%x", (unsigned)status);
	}
	stop = true;
	for (size_t i = 0; i < COUNT(thread); i++)
		MUST(pthread_join(thread[i], NULL) == 0);
	pair_clear(&pair);
}

/* ---- renewals ---- */

static void
renewal(const char *command, bool nss)
{
	CK_SESSION_HANDLE in;
	CK_SESSION_HANDLE later;
	CK_SESSION_INFO   info;
	CK_OBJECT_HANDLE  certificate;
	struct pair       old;
	struct pair       new;
	CK_OBJECT_CLASS   class = CKO_CERTIFICATE;
	CK_ATTRIBUTE      by_value[] = {{CKA_CLASS, &class, sizeof class}, {CKA_VALUE, NULL, 0}};

	initialize_as(nss);
	in = session(0);
	pair_find(in, &old);
	certificate = find_id(in, CKO_CERTIFICATE, &old.id);
	OK(p11->C_GetSessionInfo(in, &info));
	MUST(system(command) == 0); /* NOLINT(cert-env33-c): the test's own */

	/* Before anything is asked, and after: what was found goes on. */
	OK(sign(in, &old, usual(&old), false));
	later = session(0);
	pair_find(later, &new);
	MUST(new.der.size != old.der.size || memcmp(new.der.data, old.der.data, new.der.size) != 0);
	OK(sign(in, &new, usual(&new), false));
	OK(sign(in, &old, usual(&old), false));
	MUST(find_id(in, CKO_PRIVATE_KEY, &old.id) == old.private);
	by_value[1].pValue = old.der.data;
	by_value[1].ulValueLen = old.der.size;
	MUST(find(in, by_value, COUNT(by_value)) == certificate);
	MUST(find_class(in, CKO_PRIVATE_KEY) == new.private);

	/* Once, to each session that is older than the change. */
	if (nss)
		RETURNS(p11->C_GetSessionInfo(in, &info), CKR_SESSION_HANDLE_INVALID);
	OK(p11->C_GetSessionInfo(in, &info));
	OK(p11->C_GetSessionInfo(later, &info));
	(void)printf("%s\n", view_equal(bytes_view(&old.id), bytes_view(&new.id)) ? "same key" : "new key");
	pair_clear(&old);
	pair_clear(&new);
	OK(p11->C_Finalize(NULL));
}

/* ---- failures ---- */

static void
fails(void)
{
	char            **before = environ;
	CK_SESSION_HANDLE in;
	struct pair       pair;

	initialize();
	in = session(0);
	pair_find(in, &pair);
	RETURNS(sign(in, &pair, usual(&pair), false), CKR_DEVICE_ERROR);
	MUST(environ == before && getenv("TSS2_LOG") == NULL);
	pair_clear(&pair);
}

static void
forever(void)
{
	CK_SESSION_HANDLE in;
	struct pair       pair;

	initialize();
	in = session(0);
	pair_find(in, &pair);
	for (;;) {
		OK(sign(in, &pair, usual(&pair), false));
		(void)printf("signed\n");
		(void)fflush(stdout);
	}
}

static void
labels(void)
{
	CK_SLOT_ID slots[8];
	CK_ULONG   count = COUNT(slots);

	OK(p11->C_Initialize(NULL));
	OK(p11->C_GetSlotList(CK_TRUE, slots, &count));
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;

		OK(p11->C_GetTokenInfo(slots[i], &info));
		(void)printf("%.32s\n", (const char *)info.label);
	}
	OK(p11->C_Finalize(NULL));
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";

	if (argc < 3)
		wrong("usage: module_driver MODULE WHAT [ARGUMENT…]");
	p11 = module_load(argv[1]);
	if (strcmp(what, "rules") == 0)
		rules();
	else if (strcmp(what, "sign") == 0)
		sign_all();
	else if (strcmp(what, "threads") == 0 && argc == 5)
		threads(atoi(argv[3]), atoi(argv[4])); /* NOLINT(cert-err34-c) */
	else if (strcmp(what, "fork") == 0)
		forks(argc > 3 ? atol(argv[3]) : -1); /* NOLINT(cert-err34-c) */
	else if (strcmp(what, "fork-threads") == 0)
		forks_amid_threads();
	else if (strcmp(what, "renewal") == 0 && argc == 4)
		renewal(argv[3], true);
	else if (strcmp(what, "renewal-java") == 0 && argc == 4)
		renewal(argv[3], false);
	else if (strcmp(what, "fails") == 0)
		fails();
	else if (strcmp(what, "forever") == 0)
		forever();
	else if (strcmp(what, "label") == 0)
		labels();
	else
		wrong("no such thing: %s", what);
	return 0;
}
