/* C_DigestInit to C_DigestFinal: PKCS #11 v2.40 §5.10. OpenSSL hashes; the TPM is not asked. */
#include "config.h"

#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#include "pkcs11/library.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/session.h"
#include "tpm/digest.h"

/* library_enter, and the session with a digest that was begun, or without one. */
static CK_RV
digest_enter(CK_SESSION_HANDLE handle, bool begun, struct session **session)
{
	CK_RV rv = library_enter();

	if (rv != CKR_OK)
		return rv;
	if ((*session = session_find(handle)) == NULL)
		rv = CKR_SESSION_HANDLE_INVALID;
	else if (((*session)->digest != NULL) != begun)
		rv = begun ? CKR_OPERATION_NOT_INITIALIZED : CKR_OPERATION_ACTIVE;
	if (rv != CKR_OK)
		library_leave();
	return rv;
}

CK_RV
C_DigestInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR given)
{
	const struct mechanism *mechanism;
	struct session         *session;
	CK_RV                   rv;

	if (given == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = digest_enter(handle, false, &session)) != CKR_OK)
		return rv;
	mechanism = mechanism_find(given->mechanism);
	if (mechanism == NULL || mechanism->scheme != TPM2_ALG_NULL) {
		rv = CKR_MECHANISM_INVALID;
	} else if (given->ulParameterLen != 0) {
		rv = CKR_MECHANISM_PARAM_INVALID;
	} else if ((session->digest = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(session->digest, tpm_digest(mechanism->hash), NULL) != 1) {
		session_digest_end(session);
		rv = CKR_HOST_MEMORY;
	}
	library_leave();
	return rv;
}

/* Takes data of the caller's; a failure ends the digest. */
static CK_RV
digest_take(struct session *session, const CK_BYTE *data, CK_ULONG size)
{
	CK_RV rv = CKR_OK;

	if (data == NULL && size != 0)
		rv = CKR_ARGUMENTS_BAD;
	else if (size != 0 && EVP_DigestUpdate(session->digest, data, size) != 1)
		rv = CKR_HOST_MEMORY;
	if (rv != CKR_OK)
		session_digest_end(session);
	return rv;
}

/* Ends the digest with `size` more octets, unless only its size is asked or the room is too small. */
static CK_RV
digest_finish(struct session *session, const CK_BYTE *data, CK_ULONG size, CK_BYTE *out,
    CK_ULONG *out_size)
{
	CK_ULONG needed = (CK_ULONG)EVP_MD_CTX_get_size(session->digest);
	CK_ULONG room = *out_size;
	CK_RV    rv;

	*out_size = needed;
	if (out == NULL)
		return CKR_OK;
	if (room < needed)
		return CKR_BUFFER_TOO_SMALL;
	if ((rv = digest_take(session, data, size)) != CKR_OK)
		return rv;
	rv = EVP_DigestFinal_ex(session->digest, out, NULL) == 1 ? CKR_OK : CKR_HOST_MEMORY;
	session_digest_end(session);
	return rv;
}

CK_RV
C_Digest(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG size, CK_BYTE_PTR out,
    CK_ULONG_PTR out_size)
{
	struct session *session;
	CK_RV           rv;

	if (out_size == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = digest_enter(handle, true, &session)) != CKR_OK)
		return rv;
	rv = session->digest_updated ? CKR_OPERATION_ACTIVE
	                             : digest_finish(session, data, size, out, out_size);
	library_leave();
	return rv;
}

CK_RV
C_DigestUpdate(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG size)
{
	struct session *session;
	CK_RV           rv = digest_enter(handle, true, &session);

	if (rv != CKR_OK)
		return rv;
	session->digest_updated = true;
	rv = digest_take(session, data, size);
	library_leave();
	return rv;
}

CK_RV
C_DigestFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG_PTR out_size)
{
	struct session *session;
	CK_RV           rv;

	if (out_size == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = digest_enter(handle, true, &session)) != CKR_OK)
		return rv;
	rv = digest_finish(session, NULL, 0, out, out_size);
	library_leave();
	return rv;
}
