/*
 * What the keys that a process opens take of the system: files anywhere, somebody else's library, a
 * program, devices, sockets. A process that enters a sandbox keeps that much, and learns of a later key
 * that needs more.
 */
#ifndef PKI_KEY_NEEDS_H
#define PKI_KEY_NEEDS_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/config_file.h"

struct error;
struct key_needs_opened;

/* {0} is empty; key_needs_clear empties it. It belongs to the thread that opens keys. */
struct key_needs {
	bool               module;  /* a token's module or the TPM's provider, whether the key was there or not */
	bool               command; /* the TPM is behind a program ("cmd:") */
	bool               sockets; /* the TPM is behind a UNIX socket */
	bool               network; /* the TPM is behind a TCP connection */
	struct config_list files;   /* that URIs named: keys, modules and PINs */
	struct config_list devices; /* of the TPM, whether they are there or not */
	struct config_list writable; /* directories that the sandbox leaves to write: no module may be there */
	struct key_needs_opened *opened; /* keys of tokens and TPMs, until key_needs_settle; NULL: none */
	bool               settled; /* the process is in its sandbox: nothing can be added */
};

/*
 * Before a library of somebody else's is used for the key `uri`; `tpm`: it is the TPM's provider, and
 * TPM2OPENSSL_TCTI says how it reaches the TPM. INTERNAL, with the remedy, when the sandbox has left no
 * room for it. `needs` may be NULL, which notes and refuses nothing.
 */
int key_needs_module(struct key_needs *needs, const char *uri, bool tpm, struct error *err);

/*
 * Before a PKCS #11 module is loaded: INTERNAL, with the remedy, when it is below one of `writable`. Whoever
 * had taken this process over could have put it there, and its code runs before the sandbox is entered.
 */
int key_needs_module_place(const struct key_needs *needs, const char *path, struct error *err);

/* Notes what a TCTI (tpm2-tss) takes; NULL is tpm2-tss's own choice. */
void key_needs_tcti(struct key_needs *needs, const char *tcti);

/*
 * After a key of a token or a TPM was opened: signs with it once, so that one that cannot is found now.
 * It is kept, a reference of its own, for key_needs_settle. INTERNAL. NULL tries and keeps nothing.
 */
int key_needs_try(struct key_needs *needs, const char *uri, EVP_PKEY *key, struct error *err);

/* When one could not be opened or used: what *err says and, in the sandbox, the remedy. Returns -1. */
int key_needs_explain(const struct key_needs *needs, const char *uri, struct error *err);

/*
 * The process is in its sandbox now: signs with each key of key_needs_try once more, and lets it go.
 * INTERNAL, with the remedy, when that fails: what the key needs is outside.
 */
int key_needs_settle(struct key_needs *needs, struct error *err);

/* The same as key_needs_module before the file that `uri` names is read: a path, or one after "file:". */
int key_needs_file(struct key_needs *needs, const char *uri, struct error *err);

void key_needs_clear(struct key_needs *needs);

#endif
