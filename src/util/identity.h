/*
 * As whom root works in a directory: as its owner, for good. What root does in a directory of
 * somebody else's, that user can turn against root, with a link, a FIFO or a directory that is
 * swapped at the right moment.
 */
#ifndef UTIL_IDENTITY_H
#define UTIL_IDENTITY_H

#include <sys/types.h>

#include <stdbool.h>

struct error;

#define IDENTITY_NAME_SIZE 256

/* Whose a directory is. */
struct identity {
	uid_t uid;
	gid_t gid;
	char  name[IDENTITY_NAME_SIZE]; /* of the user; "" when it has none */
	bool  other; /* the process is root, and the directory is not root's */
};

/*
 * Finds the owner of the directory, or while there is none, of the deepest directory on the
 * way there. The group is the user's own; of a user without a name it is the directory's.
 * INTERNAL when a third user could put another directory in its place. Unless the process is
 * root, *out is the process's own user and nothing is looked at.
 */
int identity_find(const char *directory, struct identity *out, struct error *err);

/*
 * Takes on the identity: user, group and supplementary groups, without capabilities and with no
 * way back, and hides the process from others of that user. Nothing when it is no other.
 * INTERNAL when that fails, or when that user cannot reach the directory.
 */
int identity_take(const struct identity *identity, const char *directory, struct error *err);

/* The user who started the process, whatever identity it has taken on since. */
uid_t identity_origin(void);

#endif
