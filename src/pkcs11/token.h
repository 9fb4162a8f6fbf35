/*
 * A token: a state directory of attest-device, its objects, and those that it had before. After a
 * renewal whoever asks for all objects sees the new ones; but who names an old one by its handle,
 * ID or value still finds it, and an old key still signs, since running programs hold on to
 * what they found first. What was read stays in the child of a fork, which may not be allowed to
 * read it again.
 */
#ifndef PKCS11_TOKEN_H
#define PKCS11_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include <p11-kit/pkcs11.h>

struct material_place;
struct object;
struct token;

/*
 * Of the directories, which are not read yet. `tcti` names the TPM of its keys, as tss2-tctildr(3) has
 * it.
 */
struct token *token_new(const struct material_place *place, const char *tcti);
void          token_free(struct token *token); /* takes NULL */

/* Reads the directory again if a file in it has changed, or whether the TPM is in reach. */
void token_refresh(struct token *token);

/* Whether there is a certificate, or the reason why there is none to see. */
bool token_is_present(const struct token *token);

/* Changes whenever the objects change. */
unsigned token_epoch(const struct token *token);

/* Its fields, the state of sessions left out: the label is "attest-ca NAME", or what keeps the key
 * from signing. */
void token_describe(const struct token *token, CK_TOKEN_INFO *info);

/*
 * The handles of the objects that match a template, the newest first, in *handles, which the
 * caller frees. Returns how many.
 */
size_t token_find(const struct token *token, const CK_ATTRIBUTE *template, CK_ULONG count,
    CK_OBJECT_HANDLE **handles);

/* The object of this handle, old or new, until the next token_refresh; NULL. */
const struct object *token_object(const struct token *token, CK_OBJECT_HANDLE handle);

#endif
