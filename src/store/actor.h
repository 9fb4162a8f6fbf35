/* Who acts on a store, as it goes on record. Nobody outside store/ includes it. */
#ifndef STORE_ACTOR_H
#define STORE_ACTOR_H

#include <stddef.h>

struct store;

#define ACTOR_SIZE 129 /* 128 octets and a NUL */

struct actor {
	char name[ACTOR_SIZE]; /* "": not known yet */
	char peer[ACTOR_SIZE];
	char request[ACTOR_SIZE];
};

/* Who that is now: as store_actor_set said, or else the user of the process. */
const struct actor *actor_of(struct store *store);

/*
 * Copies a text, NULL as an empty one, with as many characters as fit into `size`
 * octets with the NUL: UTF-8 is never cut inside a character.
 */
void actor_text_copy(char *out, size_t size, const char *text);

#endif
