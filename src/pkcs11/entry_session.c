/* C_OpenSession to C_Logout, and random numbers: PKCS #11 v2.40 §5.6 and §5.14. */
#include "config.h"

#include <sys/random.h>

#include <errno.h>
#include <stddef.h>

#include <p11-kit/pkcs11.h>

#include "pkcs11/library.h"
#include "pkcs11/session.h"
#include "pkcs11/token.h"

/* Read-write sessions too: OpenSSH opens no other. Nothing can be written in them. */
CK_RV
C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
    CK_SESSION_HANDLE_PTR handle)
{
	struct token *token;
	CK_RV         rv;

	(void)application;
	(void)notify;
	if (handle == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((flags & CKF_SERIAL_SESSION) == 0)
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	if ((rv = library_enter()) != CKR_OK)
		return rv;
	if ((token = library_token(slot)) == NULL)
		rv = CKR_SLOT_ID_INVALID;
	else if (!token_is_present(token))
		rv = CKR_TOKEN_NOT_PRESENT;
	else if ((rv = session_open(slot, token, flags, handle)) == CKR_OK)
		session_find(*handle)->epoch = token_epoch(token);
	library_leave();
	return rv;
}

CK_RV
C_CloseSession(CK_SESSION_HANDLE handle)
{
	struct session *session;
	CK_RV           rv = library_enter_session(handle, &session);

	if (rv != CKR_OK)
		return rv;
	session_close(session);
	library_leave();
	return CKR_OK;
}

CK_RV
C_CloseAllSessions(CK_SLOT_ID slot)
{
	struct token *token;
	CK_RV         rv = library_enter();

	if (rv != CKR_OK)
		return rv;
	if ((token = library_token(slot)) == NULL)
		rv = CKR_SLOT_ID_INVALID;
	else
		session_close_all(token);
	library_leave();
	return rv;
}

/*
 * Says once that the session is invalid when the token's objects have changed since it was opened:
 * that is what makes NSS read them again. The session goes on, for libp11, which would fail.
 */
CK_RV
C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO_PTR info)
{
	struct session *session;
	CK_RV           rv;

	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = library_enter_session(handle, &session)) != CKR_OK)
		return rv;
	token_refresh(session->token);
	if (session->epoch != token_epoch(session->token) && library_tells_renewals()) {
		session->epoch = token_epoch(session->token);
		rv = CKR_SESSION_HANDLE_INVALID;
	} else {
		*info = (CK_SESSION_INFO){
		    .slotID = session->slot,
		    .state = (session->flags & CKF_RW_SESSION) != 0 ? CKS_RW_PUBLIC_SESSION
		                                                    : CKS_RO_PUBLIC_SESSION,
		    .flags = session->flags,
		};
	}
	library_leave();
	return rv;
}

/* Nothing here is private: whoever insists on a PIN may give any. */
CK_RV
C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_size)
{
	struct session *session;
	CK_RV           rv = library_enter_session(handle, &session);

	(void)pin;
	(void)pin_size;
	if (rv != CKR_OK)
		return rv;
	library_leave();
	return user == CKU_SO ? CKR_USER_TYPE_INVALID : CKR_OK;
}

CK_RV
C_Logout(CK_SESSION_HANDLE handle)
{
	struct session *session;
	CK_RV           rv = library_enter_session(handle, &session);

	if (rv == CKR_OK)
		library_leave();
	return rv;
}

/* The kernel's: it is faster than the TPM's, and everybody else uses it. */
CK_RV
C_GenerateRandom(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG size)
{
	struct session *session;
	CK_RV           rv = library_enter_session(handle, &session);

	if (rv != CKR_OK)
		return rv;
	library_leave();
	if (out == NULL && size != 0)
		return CKR_ARGUMENTS_BAD;
	while (size > 0) {
		ssize_t got = getrandom(out, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return CKR_DEVICE_ERROR;
		out += got;
		size -= (CK_ULONG)got;
	}
	return CKR_OK;
}

CK_RV
C_SeedRandom(CK_SESSION_HANDLE handle, CK_BYTE_PTR seed, CK_ULONG size)
{
	(void)handle;
	(void)seed;
	(void)size;
	return CKR_RANDOM_SEED_NOT_SUPPORTED;
}

CK_RV
C_GetFunctionStatus(CK_SESSION_HANDLE handle)
{
	(void)handle;
	return CKR_FUNCTION_NOT_PARALLEL;
}

CK_RV
C_CancelFunction(CK_SESSION_HANDLE handle)
{
	(void)handle;
	return CKR_FUNCTION_NOT_PARALLEL;
}
