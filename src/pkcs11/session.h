/* Sessions: what each has found, and the signature and digest that it has begun. */
#ifndef PKCS11_SESSION_H
#define PKCS11_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>
#include <p11-kit/pkcs11.h>

#include "device/tpm/key_file.h"
#include "pkcs11/mechanism.h"

struct token;

/* The most octets that a caller may have hashed itself: a DigestInfo, or more than any digest. */
#define OPERATION_DATA_MAX 512U

/* A signature that was begun; {0} is none. */
struct operation {
	struct device_key *key; /* a copy: the object may go meanwhile */
	struct signing     signing;
	EVP_MD_CTX        *digest; /* where the mechanism hashes */
	uint8_t            data[OPERATION_DATA_MAX];
	size_t             size;
	bool               updated; /* C_SignUpdate was called */
};

void operation_clear(struct operation *operation);

struct session {
	CK_SESSION_HANDLE handle;
	CK_SLOT_ID        slot;
	struct token     *token;
	CK_FLAGS          flags;
	unsigned          epoch; /* of the token, as this session knows it */
	bool              searching;
	CK_OBJECT_HANDLE *found;
	size_t            found_count;
	size_t            found_next;
	struct operation  operation;
	EVP_MD_CTX       *digest; /* that was begun; NULL: none */
	bool              digest_updated; /* C_DigestUpdate was called */
};

/* All of these are called between library_enter and library_leave. */

/* CKR_SESSION_COUNT when there are too many. */
CK_RV session_open(CK_SLOT_ID slot, struct token *token, CK_FLAGS flags, CK_SESSION_HANDLE *handle);

/* NULL when there is none of this handle; handles are not used again. */
struct session *session_find(CK_SESSION_HANDLE handle);
void            session_close(struct session *session);

/* Closes those of a token; NULL: all. */
void session_close_all(const struct token *token);

/* In the child of a fork, where their memory may be half written: forgets all, and frees nothing. */
void session_forget_all(void);

/* Ends a search; a digest. */
void session_search_end(struct session *session);
void session_digest_end(struct session *session);

#endif
