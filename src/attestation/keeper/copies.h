/*
 * Copies of what attestd serves in a directory that everybody may read: the root and the CRLs,
 * for ACME servers and web servers on the same machine. Its state directory stays its own.
 */
#ifndef ATTESTATION_KEEPER_COPIES_H
#define ATTESTATION_KEEPER_COPIES_H

struct copies;
struct error;
struct shelf;

/* In this directory, which somebody else makes; NULL gives NULL: there are no copies. */
struct copies *copies_new(const char *directory);
void           copies_free(struct copies *copies); /* NULL is allowed, here and below */

/* Whether copies could be written there, for this user. INTERNAL with the remedy. */
int copies_check(const char *directory, struct error *err);

/*
 * Writes root.pem, crl.pem and crl.der as they are on the shelf, those that have changed, each in
 * one step and with permissions 0644. What cannot be written is tried again the next time. INTERNAL.
 */
int copies_refresh(struct copies *copies, struct shelf *shelf, struct error *err);

#endif
