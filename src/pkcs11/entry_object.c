/* C_FindObjectsInit to C_GetAttributeValue: PKCS #11 v2.40 §5.7. */
#include "config.h"

#include <stddef.h>

#include <p11-kit/pkcs11.h>

#include "pkcs11/library.h"
#include "pkcs11/object.h"
#include "pkcs11/session.h"
#include "pkcs11/token.h"

CK_RV
C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE_PTR attributes, CK_ULONG count)
{
	struct session *session;
	CK_RV           rv;

	if (attributes == NULL && count != 0)
		return CKR_ARGUMENTS_BAD;
	if ((rv = library_enter_session(handle, &session)) != CKR_OK)
		return rv;
	if (session->searching) {
		rv = CKR_OPERATION_ACTIVE;
	} else {
		token_refresh(session->token);
		session->found_count = token_find(session->token, attributes, count, &session->found);
		session->found_next = 0;
		session->searching = true;
	}
	library_leave();
	return rv;
}

CK_RV
C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE_PTR out, CK_ULONG most,
    CK_ULONG_PTR count)
{
	struct session *session;
	CK_RV           rv;

	if (count == NULL || (out == NULL && most != 0))
		return CKR_ARGUMENTS_BAD;
	if ((rv = library_enter_session(handle, &session)) != CKR_OK)
		return rv;
	if (!session->searching) {
		rv = CKR_OPERATION_NOT_INITIALIZED;
	} else {
		for (*count = 0; *count < most && session->found_next < session->found_count; (*count)++)
			out[*count] = session->found[session->found_next++];
	}
	library_leave();
	return rv;
}

CK_RV
C_FindObjectsFinal(CK_SESSION_HANDLE handle)
{
	struct session *session;
	CK_RV           rv = library_enter_session(handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (!session->searching)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	session_search_end(session);
	library_leave();
	return rv;
}

CK_RV
C_GetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE which, CK_ATTRIBUTE_PTR attributes,
    CK_ULONG count)
{
	const struct object *object;
	struct session      *session;
	CK_RV                rv;

	if (attributes == NULL && count != 0)
		return CKR_ARGUMENTS_BAD;
	if ((rv = library_enter_session(handle, &session)) != CKR_OK)
		return rv;
	object = token_object(session->token, which);
	rv = object != NULL ? object_get(object, attributes, count) : CKR_OBJECT_HANDLE_INVALID;
	library_leave();
	return rv;
}

CK_RV
C_GetObjectSize(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE which, CK_ULONG_PTR size)
{
	const struct object *object;
	struct session      *session;
	CK_RV                rv;

	if (size == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = library_enter_session(handle, &session)) != CKR_OK)
		return rv;
	if ((object = token_object(session->token, which)) != NULL)
		*size = object_size(object);
	else
		rv = CKR_OBJECT_HANDLE_INVALID;
	library_leave();
	return rv;
}
