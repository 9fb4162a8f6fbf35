/* The actor for the audit trail: set by a daemon, or the user who started the process. */
#include "config.h"

#include "store/actor.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/engine.h"
#include "store/inventory/audit.h"
#include "util/identity.h"

/* Buffer size for getpwuid_r. */
#define ACTOR_PASSWD_SIZE 4096

void
actor_text_copy(char *out, size_t size, const char *text)
{
	size_t length = text == NULL ? 0 : strnlen(text, size);

	/* Does not cut inside a character. */
	if (length == size)
		for (length--; length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80;)
			length--;
	if (length > 0)
		memcpy(out, text, length);
	out[length] = '\0';
}

/* "uid 1000 (alice)", without the login if there is none. */
static void
actor_describe(uid_t uid, char *out, size_t size)
{
	struct passwd  entry;
	struct passwd *found = NULL;
	char           buffer[ACTOR_PASSWD_SIZE];
	char           text[sizeof buffer + 32];

	if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
		(void)snprintf(text, sizeof text, "uid %lu (%s)", (unsigned long)uid, found->pw_name);
	else
		(void)snprintf(text, sizeof text, "uid %lu", (unsigned long)uid);
	actor_text_copy(out, size, text);
}

/* The user who ran sudo, by the environment. */
static bool
actor_sudo(uid_t *uid)
{
	const char   *text = getenv("SUDO_UID");
	unsigned long value;
	char         *end;

	if (text == NULL || *text < '0' || *text > '9' || strlen(text) > 10)
		return false;
	value = strtoul(text, &end, 10);
	*uid = (uid_t)value;
	return *end == '\0' && *uid == value;
}

static void
actor_default(char *out, size_t size)
{
	char  self[ACTOR_SIZE];
	char  other[ACTOR_SIZE];
	char  text[2 * ACTOR_SIZE + 16];
	uid_t uid;

	actor_describe(identity_origin(), self, sizeof self);
	if (!actor_sudo(&uid)) {
		actor_text_copy(out, size, self);
		return;
	}
	actor_describe(uid, other, sizeof other);
	(void)snprintf(text, sizeof text, "%s, sudo by %s", self, other);
	actor_text_copy(out, size, text);
}

const struct actor *
actor_of(struct store *store)
{
	struct actor *actor = &store->actor;

	if (actor->name[0] == '\0')
		actor_default(actor->name, sizeof actor->name);
	return actor;
}

void
store_actor_set(struct store *store, const struct store_actor *actor)
{
	actor_text_copy(store->actor.name, sizeof store->actor.name, actor->name);
	actor_text_copy(store->actor.peer, sizeof store->actor.peer, actor->peer);
	actor_text_copy(store->actor.request, sizeof store->actor.request, actor->request);
}
