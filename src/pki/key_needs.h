/*
 * What the keys that a process opens take of the system: files anywhere, somebody else's library, a
 * program. A process that enters a sandbox keeps that much, and learns of a later key that needs more.
 */
#ifndef PKI_KEY_NEEDS_H
#define PKI_KEY_NEEDS_H

#include <stdbool.h>

#include "util/config_file.h"

struct error;

/* {0} is empty; key_needs_clear empties it. It belongs to the thread that opens keys. */
struct key_needs {
	bool               module;  /* a token's module or the TPM's provider, whether the key was there or not */
	bool               command; /* the TPM is behind a program ("cmd:") */
	struct config_list files;   /* that URIs named */
	bool               settled; /* the process is in its sandbox: nothing can be added */
};

/*
 * Before a library of somebody else's is used for the key `uri`; `tpm`: it is the TPM's provider.
 * INTERNAL, with the remedy, when the sandbox has left no room for it. `needs` may be NULL, which
 * notes and refuses nothing.
 */
int key_needs_module(struct key_needs *needs, const char *uri, bool tpm, struct error *err);

/* The same before the file that `uri` names is read: a path, or one after "file:". */
int key_needs_file(struct key_needs *needs, const char *uri, struct error *err);

void key_needs_clear(struct key_needs *needs);

#endif
