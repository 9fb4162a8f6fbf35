/*
 * A PKCS #11 module as an application has it: its functions, its first token, and the keys there.
 * Whatever is not as it must be is said, and ends the process with 1.
 */
#ifndef TESTS_E2E_P11_H
#define TESTS_E2E_P11_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#include "util/bytes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SIGNATURE_MAX 512

/* Prints what is wrong, and ends the process. */
void p11_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#define MUST(what)                                                        \
	do {                                                              \
		if (!(what))                                              \
			p11_wrong("%s:%d: not so: %s", __FILE__, __LINE__, #what); \
	} while (0)

#define RETURNS(call, wanted)                                             \
	do {                                                              \
		CK_RV rv_ = (call);                                       \
		if (rv_ != (wanted))                                      \
			p11_wrong("%s:%d: %s gives 0x%lx, not %s", __FILE__, __LINE__, #call, rv_, #wanted); \
	} while (0)

#define OK(call) RETURNS(call, CKR_OK)

/* Loads the module, whose functions p11 gives from then on. */
void                 p11_load(const char *path);
CK_FUNCTION_LIST_PTR p11(void);

/* The arguments of C_Initialize by which an application brings locks of its own, as NSS does. */
CK_C_INITIALIZE_ARGS p11_locks(void);

/* C_Initialize, with threads, also as NSS; there must be one token, whose slot sessions are opened at. */
void p11_initialize(void);
void p11_initialize_as(bool nss);

CK_SESSION_HANDLE p11_session(CK_FLAGS flags);

/* The first object that matches; 0 for none. */
CK_OBJECT_HANDLE p11_find(CK_SESSION_HANDLE in, CK_ATTRIBUTE *template, CK_ULONG count);
CK_OBJECT_HANDLE p11_find_class(CK_SESSION_HANDLE in, CK_OBJECT_CLASS class);
CK_OBJECT_HANDLE p11_find_id(CK_SESSION_HANDLE in, CK_OBJECT_CLASS class, struct bytes *id);

/* An attribute: its octets, in place of what *out has, or its number. */
void     p11_value(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct bytes *out);
CK_ULONG p11_number(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

/* What is signed with: a private key, and the key of the certificate that has its ID. */
struct pair {
	CK_OBJECT_HANDLE private;
	EVP_PKEY        *public;
	bool             rsa;
	struct bytes     id;
	struct bytes     der;
};

/* The first private key that is found. The caller clears the pair. */
void p11_pair_find(CK_SESSION_HANDLE in, struct pair *pair);
void p11_pair_clear(struct pair *pair);

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

/*
 * Signs a text and verifies the signature by OpenSSL; in one call or in several. Returns what
 * C_SignInit or the last call gives.
 */
CK_RV p11_sign(CK_SESSION_HANDLE in, const struct pair *pair, const struct kind *kind, bool in_parts);

/* The mechanism that TLS uses with the key. */
const struct kind *p11_usual(const struct pair *pair);

/* Signs by every mechanism of the key. */
void p11_sign_all(void);

/* What the standard and the programs expect of the calls. */
void p11_rules(void);

#endif
