/* Owns what own_command_set was told; the programs decide what they run on. */
#include "config.h"

#include "util/own_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/shell_quote.h"

static struct {
	char program[32];
	char words[OWN_COMMAND_SIZE];
} own;

/* Appends " --option WORD", or the placeholder when the word is too long. */
static void
own_append(const char *option, const char *value, const char *placeholder)
{
	AUTO_FREE char *word = shell_word(value);
	size_t          used = strlen(own.words);
	size_t          most = sizeof own.words - used;

	/* Room for the placeholder of the option after it stays. */
	if (strlen(option) + strlen(word) + sizeof " --store PLACE" < most)
		(void)snprintf(own.words + used, most, "%s%s", option, word);
	else
		(void)snprintf(own.words + used, most, "%s%s", option, placeholder);
}

void
own_command_set(const char *program, const char *state_dir, const char *usual, const char *store)
{
	/* Whoever runs the command may be in another directory. */
	AUTO_FREE char *absolute = state_dir[0] != '/' ? realpath(state_dir, NULL) : NULL;

	(void)snprintf(own.program, sizeof own.program, "%s", program);
	(void)snprintf(own.words, sizeof own.words, "%s", program);
	if (strcmp(state_dir, usual) != 0)
		own_append(" --state-dir ", absolute != NULL ? absolute : state_dir, "DIR");
	if (store != NULL && strcmp(store, state_dir) != 0)
		own_append(" --store ", store, "PLACE");
}

const char *
own_command(const char *program)
{
	return strcmp(program, own.program) == 0 ? own.words : program;
}
