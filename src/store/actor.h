/* The actor of changes, for the audit trail. Private to store/. */
#ifndef STORE_ACTOR_H
#define STORE_ACTOR_H

#include <stddef.h>

struct store;

#define ACTOR_SIZE 129 /* 128 octets and a NUL */

struct actor {
	char name[ACTOR_SIZE]; /* "": unknown yet */
	char peer[ACTOR_SIZE];
	char request[ACTOR_SIZE];
};

/* The current actor: as set by store_actor_set, or else the user of the process. */
const struct actor *actor_of(struct store *store);

/*
 * Copies a text, NULL as an empty one, with as many characters as fit into `size`
 * octets with the NUL: UTF-8 is never cut inside a character.
 */
void actor_text_copy(char *out, size_t size, const char *text);

#endif
