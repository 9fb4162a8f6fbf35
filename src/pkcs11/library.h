/* The module in a process: initialized or not, its lock, its slots, and what a fork does to it. */
#ifndef PKCS11_LIBRARY_H
#define PKCS11_LIBRARY_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

struct place;
struct session;
struct token;

/*
 * C_Initialize and C_Finalize. Locks are the system's, whatever callbacks the application gives,
 * since threads are too. In the child of a fork the module is not initialized, but what was read
 * stays.
 */
CK_RV library_initialize(const CK_C_INITIALIZE_ARGS *arguments);
CK_RV library_finalize(void);

/*
 * Begins each function; library_leave ends it. One thread at a time, never while a TPM is used.
 * CKR_CRYPTOKI_NOT_INITIALIZED, with nothing to leave.
 */
CK_RV library_enter(void);
void  library_leave(void);

/* The same, and finds a session, or says CKR_SESSION_HANDLE_INVALID with nothing to leave. */
CK_RV library_enter_session(CK_SESSION_HANDLE handle, struct session **session);

/* Between those: the number of slots, and the token of one, read again; NULL for no slot. */
CK_ULONG      library_slot_count(void);
struct token *library_token(CK_SLOT_ID slot);

/* Where the TPM is; unchanged until library_finalize. */
const struct place *library_place(void);

/*
 * Whether the application notices a renewal by a session that is not valid any more. NSS does, which
 * gives C_Initialize functions for mutexes, as p11-kit does; Java takes the token for gone then.
 */
bool library_tells_renewals(void);

/* True in a child of a process that used the TPM before it forked. */
bool library_is_forked(void);

#endif
