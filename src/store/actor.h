/* Who acts on a store, as it goes on record. Nobody outside store/ includes it. */
#ifndef STORE_ACTOR_H
#define STORE_ACTOR_H

#include <stddef.h>

struct store;

#define SQLITE_ACTOR_SIZE 129 /* 128 octets and a NUL */

struct sqlite_actor {
	char name[SQLITE_ACTOR_SIZE]; /* "": not known yet */
	char peer[SQLITE_ACTOR_SIZE];
	char request[SQLITE_ACTOR_SIZE];
};

/* Who that is now: as store_actor_set said, or else the user of the process. */
const struct sqlite_actor *sqlite_actor(struct store *store);

/*
 * Copies a text, NULL as an empty one, with as many characters as fit into `size`
 * octets with the NUL: UTF-8 is never cut inside a character.
 */
void sqlite_text_copy(char *out, size_t size, const char *text);

#endif
