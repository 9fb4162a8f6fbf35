/* C_SignInit to C_SignFinal: PKCS #11 v2.40 §5.11. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#include "pkcs11/debug.h"
#include "pkcs11/library.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/object.h"
#include "pkcs11/session.h"
#include "pkcs11/signer.h"
#include "pkcs11/token.h"
#include "tpm/digest.h"
#include "util/bytes.h"
#include "util/error.h"

static const TPMT_PUBLIC *
area_of(const struct operation *operation)
{
	return &operation->key->public.publicArea;
}

/* library_enter, and the session with a signature that was begun, or without one. */
static CK_RV
operation_enter(CK_SESSION_HANDLE handle, bool begun, struct session **session)
{
	CK_RV rv = library_enter();

	if (rv != CKR_OK)
		return rv;
	if ((*session = session_find(handle)) == NULL)
		rv = CKR_SESSION_HANDLE_INVALID;
	else if (((*session)->operation.key != NULL) != begun)
		rv = begun ? CKR_OPERATION_NOT_INITIALIZED : CKR_OPERATION_ACTIVE;
	if (rv != CKR_OK)
		library_leave();
	return rv;
}

static CK_RV
operation_begin(struct operation *operation, const CK_MECHANISM *mechanism,
    const struct device_key *key)
{
	CK_RV rv = signing_read(mechanism, &key->public.publicArea, &operation->signing);

	if (rv != CKR_OK)
		return rv;
	if (operation->signing.mechanism->hash != TPM2_ALG_NULL &&
	    ((operation->digest = EVP_MD_CTX_new()) == NULL ||
	        EVP_DigestInit_ex(operation->digest, tpm_digest(operation->signing.mechanism->hash),
	            NULL) != 1))
		return CKR_HOST_MEMORY;
	operation->key = memory_new(sizeof *key);
	*operation->key = *key;
	return CKR_OK;
}

CK_RV
C_SignInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE which)
{
	const struct object *object;
	struct session      *session;
	CK_RV                rv;

	if (mechanism == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = operation_enter(handle, false, &session)) != CKR_OK)
		return rv;
	object = token_object(session->token, which);
	if (object == NULL)
		rv = CKR_KEY_HANDLE_INVALID;
	else if (object_key(object) == NULL)
		rv = CKR_KEY_FUNCTION_NOT_PERMITTED;
	else if ((rv = operation_begin(&session->operation, mechanism, object_key(object))) != CKR_OK)
		operation_clear(&session->operation);
	library_leave();
	return rv;
}

/* Takes data of the caller's. */
static CK_RV
operation_take(struct operation *operation, const CK_BYTE *data, CK_ULONG size)
{
	if (data == NULL && size != 0)
		return CKR_ARGUMENTS_BAD;
	if (operation->digest != NULL)
		return EVP_DigestUpdate(operation->digest, data, size) == 1 ? CKR_OK : CKR_HOST_MEMORY;
	if (size > sizeof operation->data - operation->size)
		return CKR_DATA_LEN_RANGE;
	if (size != 0)
		memcpy(operation->data + operation->size, data, size);
	operation->size += size;
	return CKR_OK;
}

/* Asks the TPM, without the lock: other sessions go on. */
static CK_RV
operation_sign(struct operation *operation, CK_BYTE *out)
{
	const TPMT_PUBLIC   *area = area_of(operation);
	struct signing_input input = {0};
	TPMT_SIGNATURE       signature = {0};
	struct error         err = {0};
	unsigned             size = 0;
	CK_RV                rv;

	rv = operation->digest == NULL || EVP_DigestFinal_ex(operation->digest, operation->data, &size) == 1
	    ? CKR_OK
	    : CKR_HOST_MEMORY;
	if (operation->digest != NULL)
		operation->size = size;
	if (rv == CKR_OK)
		rv = signing_input_make(&operation->signing, area,
		    (struct view){operation->data, operation->size}, &input);
	if (rv != CKR_OK)
		return rv;
	if (signer_sign(library_place(), library_is_forked(), operation->key,
	        operation->signing.mechanism->scheme, input.hash,
	        (struct view){input.digest, input.size}, &signature, &err) != 0) {
		debug_say("%s", err.detail);
		return CKR_DEVICE_ERROR;
	}
	if ((rv = signing_check_salt(&operation->signing, &input, area, &signature)) != CKR_OK) {
		debug_say("the TPM does not sign by PSS with a salt of %zu octets; take a P-256 key",
		    operation->signing.salt);
		return rv;
	}
	return signing_output(area, &signature, out);
}

/*
 * Ends the signature of the session, with `size` more octets of data. Where only the size is
 * asked, or the room is too small, it goes on (§5.2).
 */
static CK_RV
operation_end(struct session *session, const CK_BYTE *data, CK_ULONG size, CK_BYTE *out,
    CK_ULONG *out_size)
{
	struct operation operation = session->operation;
	size_t           needed = signing_size(area_of(&operation));
	CK_ULONG         room = *out_size;
	CK_RV            rv;

	if (out == NULL || room < needed) {
		*out_size = needed;
		library_leave();
		return out == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
	}
	session->operation = (struct operation){0};
	library_leave();
	if ((rv = operation_take(&operation, data, size)) == CKR_OK)
		rv = operation_sign(&operation, out);
	operation_clear(&operation);
	if (rv == CKR_OK)
		*out_size = needed;
	return rv;
}

CK_RV
C_Sign(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG size, CK_BYTE_PTR out,
    CK_ULONG_PTR out_size)
{
	struct session *session;
	CK_RV           rv;

	if (out_size == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = operation_enter(handle, true, &session)) != CKR_OK)
		return rv;
	if (session->operation.updated) {
		library_leave();
		return CKR_OPERATION_ACTIVE;
	}
	return operation_end(session, data, size, out, out_size);
}

CK_RV
C_SignUpdate(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG size)
{
	struct session *session;
	CK_RV           rv = operation_enter(handle, true, &session);

	if (rv != CKR_OK)
		return rv;
	session->operation.updated = true;
	if ((rv = operation_take(&session->operation, data, size)) != CKR_OK)
		operation_clear(&session->operation);
	library_leave();
	return rv;
}

CK_RV
C_SignFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG_PTR out_size)
{
	struct session *session;
	CK_RV           rv;

	if (out_size == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = operation_enter(handle, true, &session)) != CKR_OK)
		return rv;
	return operation_end(session, NULL, 0, out, out_size);
}
