/* Owns the table of sessions. */
#include "config.h"

#include "pkcs11/session.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "util/bytes.h"

#define SESSIONS_MAX 1024U

static struct session   *sessions[SESSIONS_MAX];
static CK_SESSION_HANDLE opened; /* so many so far */

void
operation_clear(struct operation *operation)
{
	free(operation->key);
	EVP_MD_CTX_free(operation->digest);
	*operation = (struct operation){0};
}

CK_RV
session_open(CK_SLOT_ID slot, struct token *token, CK_FLAGS flags, CK_SESSION_HANDLE *handle)
{
	for (CK_SESSION_HANDLE tried = 0; tried < SESSIONS_MAX; tried++) {
		/* The place in the table is the handle's remainder. */
		struct session **place = &sessions[++opened % SESSIONS_MAX];

		if (*place != NULL)
			continue;
		*place = memory_new(sizeof **place);
		**place = (struct session){
		    .handle = opened, .slot = slot, .token = token, .flags = flags};
		*handle = opened;
		return CKR_OK;
	}
	return CKR_SESSION_COUNT;
}

struct session *
session_find(CK_SESSION_HANDLE handle)
{
	struct session *session = sessions[handle % SESSIONS_MAX];

	return session != NULL && session->handle == handle ? session : NULL;
}

void
session_search_end(struct session *session)
{
	free(session->found);
	session->found = NULL;
	session->searching = false;
}

void
session_digest_end(struct session *session)
{
	EVP_MD_CTX_free(session->digest);
	session->digest = NULL;
	session->digest_updated = false;
}

void
session_close(struct session *session)
{
	sessions[session->handle % SESSIONS_MAX] = NULL;
	session_search_end(session);
	operation_clear(&session->operation);
	session_digest_end(session);
	free(session);
}

void
session_close_all(const struct token *token)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i] != NULL && (token == NULL || sessions[i]->token == token))
			session_close(sessions[i]);
	}
}

void
session_forget_all(void)
{
	memset(sessions, 0, sizeof sessions);
}
