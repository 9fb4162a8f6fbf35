/*
 * Owns lock, slots and the fork handlers. None takes the lock before a fork: it would wait for
 * itself, since the TCTI "cmd:" forks while a signature is made. The child makes it anew.
 */
#include "config.h"

#include "pkcs11/library.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "pkcs11/debug.h"
#include "pkcs11/material.h"
#include "pkcs11/place.h"
#include "pkcs11/queue.h"
#include "pkcs11/quiet.h"
#include "pkcs11/session.h"
#include "pkcs11/signer.h"
#include "pkcs11/token.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t  once = PTHREAD_ONCE_INIT;
static bool            initialized;
static bool            forked;
static bool            tells_renewals;
static struct place    place;
static struct token   *tokens[PLACE_SLOTS_MAX];

static void
child_cb(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	initialized = false;
	forked = forked || signer_has_worked();
	signer_child();
	queue_child();
	quiet_child();
	session_forget_all();
}

static void
handler_set(void)
{
	(void)pthread_atfork(signer_prepare, signer_parent, child_cb);
}

/* All of the callbacks, or none (PKCS #11 v2.40 §5.4). */
static bool
arguments_are_good(const CK_C_INITIALIZE_ARGS *arguments)
{
	bool some;
	bool all;

	if (arguments == NULL)
		return true;
	some = arguments->CreateMutex != NULL || arguments->DestroyMutex != NULL ||
	    arguments->LockMutex != NULL || arguments->UnlockMutex != NULL;
	all = arguments->CreateMutex != NULL && arguments->DestroyMutex != NULL &&
	    arguments->LockMutex != NULL && arguments->UnlockMutex != NULL;
	return arguments->pReserved == NULL && some == all;
}

static void
slots_clear(void)
{
	for (size_t i = 0; i < PLACE_SLOTS_MAX; i++) {
		token_free(tokens[i]);
		tokens[i] = NULL;
	}
	place_clear(&place);
}

/* Finds the directories, unless they are known from before a fork. */
static void
slots_find(void)
{
	if (place.count != 0)
		return;
	place_find(&place);
	for (size_t i = 0; i < place.count; i++) {
		const struct material_place directories = {place.slots[i].pair, place.slots[i].state};

		tokens[i] = token_new(&directories, place.tcti);
		token_refresh(tokens[i]);
	}
}

CK_RV
library_initialize(const CK_C_INITIALIZE_ARGS *arguments)
{
	CK_RV rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;

	if (!arguments_are_good(arguments))
		return CKR_ARGUMENTS_BAD;
	(void)pthread_once(&once, handler_set);
	pthread_mutex_lock(&lock);
	if (!initialized) {
		debug_open();
		slots_find();
		tells_renewals = arguments != NULL && arguments->CreateMutex != NULL;
		initialized = true;
		rv = CKR_OK;
	}
	pthread_mutex_unlock(&lock);
	return rv;
}

CK_RV
library_finalize(void)
{
	CK_RV rv = library_enter();

	if (rv != CKR_OK)
		return rv;
	initialized = false;
	signer_forget(); /* waits for signatures that are being made */
	session_close_all(NULL);
	slots_clear();
	library_leave();
	return CKR_OK;
}

CK_RV
library_enter(void)
{
	pthread_mutex_lock(&lock);
	if (initialized)
		return CKR_OK;
	pthread_mutex_unlock(&lock);
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

CK_RV
library_enter_session(CK_SESSION_HANDLE handle, struct session **session)
{
	CK_RV rv = library_enter();

	if (rv != CKR_OK)
		return rv;
	if ((*session = session_find(handle)) != NULL)
		return CKR_OK;
	library_leave();
	return CKR_SESSION_HANDLE_INVALID;
}

void
library_leave(void)
{
	pthread_mutex_unlock(&lock);
}

CK_ULONG
library_slot_count(void)
{
	return place.count;
}

struct token *
library_token(CK_SLOT_ID slot)
{
	if (slot >= place.count)
		return NULL;
	token_refresh(tokens[slot]);
	return tokens[slot];
}

const struct place *
library_place(void)
{
	return &place;
}

bool
library_tells_renewals(void)
{
	return tells_renewals;
}

bool
library_is_forked(void)
{
	return forked;
}
