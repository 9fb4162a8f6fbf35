/*
 * Owns the environment that the tss2 libraries see. setenv(3) would do, but it may free the
 * array under a thread of the application that is in getenv(3), and the variable would stay for
 * every program that the application starts.
 */
#include "config.h"

#include "pkcs11/quiet.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"

#define VARIABLE "TSS2_LOG"

/* An environment that was handed out: never freed, since somebody may be reading it. */
struct handed_out {
	struct handed_out *before;
	size_t             count;
	char              *entries[];
};

static char               setting[] = VARIABLE "=all+NONE";
static struct handed_out *latest;
static char             **put_aside; /* the application's; NULL outside */

static size_t
environment_count(char **entries)
{
	size_t count = 0;

	while (entries != NULL && entries[count] != NULL)
		count++;
	return count;
}

/* Whether it is the application's environment and ours in front. */
static bool
is_still(const struct handed_out *made, char **entries, size_t count)
{
	return made != NULL && made->count == count &&
	    (count == 0 || memcmp(made->entries + 1, entries, count * sizeof *entries) == 0);
}

static char **
environment_with_ours(char **entries)
{
	size_t             count = environment_count(entries);
	struct handed_out *made = latest;

	if (!is_still(made, entries, count)) {
		made = memory_new(sizeof *made + (count + 2) * sizeof *entries);
		*made = (struct handed_out){.before = latest, .count = count};
		made->entries[0] = setting;
		if (count != 0)
			memcpy(made->entries + 1, entries, count * sizeof *entries);
		made->entries[count + 1] = NULL;
		latest = made;
	}
	return made->entries;
}

void
quiet_begin(void)
{
	if (getenv(VARIABLE) != NULL)
		return;
	put_aside = environ;
	environ = environment_with_ours(environ);
}

void
quiet_end(void)
{
	/* If the application changed its environment meanwhile, the new one is its own. */
	if (latest != NULL && environ == latest->entries)
		environ = put_aside;
	put_aside = NULL;
}

void
quiet_child(void)
{
	quiet_end();
}
