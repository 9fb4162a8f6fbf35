/* C_Initialize to C_WaitForSlotEvent: PKCS #11 v2.40 §5.4 and §5.5. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

#include "pkcs11/library.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/text.h"
#include "pkcs11/token.h"

#define MANUFACTURER "attest-ca"

CK_RV
C_Initialize(CK_VOID_PTR arguments)
{
	return library_initialize(arguments);
}

CK_RV
C_Finalize(CK_VOID_PTR reserved)
{
	return reserved == NULL ? library_finalize() : CKR_ARGUMENTS_BAD;
}

CK_RV
C_GetInfo(CK_INFO_PTR info)
{
	CK_RV rv = library_enter();

	if (rv != CKR_OK)
		return rv;
	library_leave();
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	*info = (CK_INFO){.cryptokiVersion = {CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR}};
	text_pad(info->manufacturerID, sizeof info->manufacturerID, MANUFACTURER);
	text_pad(info->libraryDescription, sizeof info->libraryDescription, "attest-device's keys in the TPM");
	return CKR_OK;
}

/* ---- slots ---- */

CK_RV
C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID_PTR list, CK_ULONG_PTR count)
{
	CK_ULONG found = 0;
	CK_ULONG room;
	CK_RV    rv;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = library_enter()) != CKR_OK)
		return rv;
	room = list != NULL ? *count : 0;
	for (CK_SLOT_ID slot = 0; slot < library_slot_count(); slot++) {
		if (with_token && !token_is_present(library_token(slot)))
			continue;
		if (found < room)
			list[found] = slot;
		found++;
	}
	library_leave();
	*count = found;
	return list != NULL && found > room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV
C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info)
{
	struct token *token;
	CK_RV         rv;

	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = library_enter()) != CKR_OK)
		return rv;
	if ((token = library_token(slot)) == NULL) {
		rv = CKR_SLOT_ID_INVALID;
	} else {
		/* Removable: NSS looks at a token anew only if it may have been taken out. */
		*info = (CK_SLOT_INFO){.flags = CKF_REMOVABLE_DEVICE | CKF_HW_SLOT |
			(token_is_present(token) ? CKF_TOKEN_PRESENT : 0)};
		text_pad(info->slotDescription, sizeof info->slotDescription, "TPM key of attest-device");
		text_pad(info->manufacturerID, sizeof info->manufacturerID, MANUFACTURER);
	}
	library_leave();
	return rv;
}

/* library_enter, and the token in the slot. */
static CK_RV
token_enter(CK_SLOT_ID slot, struct token **token)
{
	CK_RV rv = library_enter();

	if (rv != CKR_OK)
		return rv;
	*token = library_token(slot);
	if (*token == NULL)
		rv = CKR_SLOT_ID_INVALID;
	else if (!token_is_present(*token))
		rv = CKR_TOKEN_NOT_PRESENT;
	if (rv != CKR_OK)
		library_leave();
	return rv;
}

CK_RV
C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	struct token *token;
	CK_RV         rv;

	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = token_enter(slot, &token)) != CKR_OK)
		return rv;
	token_describe(token, info);
	library_leave();
	return CKR_OK;
}

/* Nobody is called back: callers that get no event look themselves. */
CK_RV
C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved)
{
	CK_RV rv = library_enter();

	(void)slot;
	(void)reserved;
	if (rv != CKR_OK)
		return rv;
	library_leave();
	return (flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
}

/* ---- mechanisms ---- */

CK_RV
C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
	const struct mechanism *mechanism;
	struct token           *token;
	CK_ULONG                found = 0;
	CK_ULONG                room;
	CK_RV                   rv;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = token_enter(slot, &token)) != CKR_OK)
		return rv;
	library_leave();
	room = list != NULL ? *count : 0;
	for (; (mechanism = mechanism_at(found)) != NULL; found++) {
		if (found < room)
			list[found] = mechanism->type;
	}
	*count = found;
	return list != NULL && found > room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV
C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
{
	const struct mechanism *mechanism = mechanism_find(type);
	struct token           *token;
	CK_RV                   rv;

	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = token_enter(slot, &token)) != CKR_OK)
		return rv;
	library_leave();
	if (mechanism == NULL)
		return CKR_MECHANISM_INVALID;
	mechanism_describe(mechanism, info);
	return CKR_OK;
}
