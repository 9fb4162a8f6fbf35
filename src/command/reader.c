/* Reads options by getopt_long; option.c converts their texts. */
#include "config.h"

#include "command/reader.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"

/* getopt_long's value for the option at an index of its table. */
#define OPTION_BASE 256

/* ---- slots ---- */

static struct option_slot *
slot_find(struct option_reader *reader, const struct command_option *option)
{
	for (size_t i = 0; i < reader->count; i++)
		if (reader->slots[i].option == option)
			return &reader->slots[i];
	return NULL;
}

/* Fills the struct of a kept option, now that it is known. */
static int
slot_settle(const struct option_reader *reader, struct option_slot *slot, void *into,
    struct error *err)
{
	slot->into = into;
	return slot->given ? command_option_set(slot->option, slot->text, reader->now, into, err) : 0;
}

int
option_reader_add(struct option_reader *reader, const struct command_option *rows, void *into,
    struct error *err)
{
	for (; rows != NULL && rows->name != NULL; rows++) {
		struct option_slot *slot = slot_find(reader, rows);

		if (slot != NULL) {
			if (slot_settle(reader, slot, into, err) != 0)
				return -1;
			continue;
		}
		if (reader->count == OPTION_READER_MAX)
			abort(); /* a mistake in the table, which any test of the command finds */
		reader->slots[reader->count++] = (struct option_slot){.option = rows, .into = into};
	}
	return 0;
}

static int
slot_take(const struct option_reader *reader, struct option_slot *slot, const char *text,
    struct error *err)
{
	if (slot->given && slot->option->kind != OPTION_LIST && !reader->last_counts)
		return error_set(err, ERROR_MALFORMED, "--%s is given twice", slot->option->name);
	slot->given = true;
	slot->text = text;
	return slot->into != NULL
	    ? command_option_set(slot->option, text, reader->now, slot->into, err)
	    : 0;
}

const struct command_option *
option_reader_homeless(const struct option_reader *reader)
{
	for (size_t i = 0; i < reader->count; i++)
		if (reader->slots[i].given && reader->slots[i].into == NULL)
			return reader->slots[i].option;
	return NULL;
}

int
option_reader_complete(struct option_reader *reader, struct error *err)
{
	for (size_t i = 0; i < reader->count; i++) {
		const struct option_slot *slot = &reader->slots[i];

		if (slot->given || slot->into == NULL)
			continue;
		if (slot->option->required)
			return error_set(err, ERROR_MALFORMED, "--%s is needed", slot->option->name);
		command_option_default(slot->option, slot->into);
	}
	return 0;
}

void
option_reader_clear(struct option_reader *reader)
{
	for (size_t i = 0; i < reader->count; i++)
		if (reader->slots[i].into != NULL)
			command_option_clear(reader->slots[i].option, reader->slots[i].into);
	reader->count = 0;
}

/* ---- getopt ---- */

/* The options for getopt. */
struct table {
	struct option words[OPTION_READER_MAX + 1];
	char          letters[2 * OPTION_READER_MAX + sizeof "+:"];
};

static void
table_fill(const struct option_reader *reader, bool all, struct table *table)
{
	size_t used = (size_t)snprintf(table->letters, sizeof table->letters, "%s:", all ? "" : "+");

	memset(table->words, 0, sizeof table->words);
	for (size_t i = 0; i < reader->count; i++) {
		const struct command_option *option = reader->slots[i].option;
		bool                         argument = option->kind != OPTION_FLAG;

		table->words[i] = (struct option){option->name,
		    argument ? required_argument : no_argument, NULL, OPTION_BASE + (int)i};
		if (option->letter != 0)
			used += (size_t)snprintf(table->letters + used, sizeof table->letters - used,
			    "%c%s", option->letter, argument ? ":" : "");
	}
}

/* The option that getopt_long returned. */
static struct option_slot *
table_find(struct option_reader *reader, int answer)
{
	size_t i = 0;

	if (answer >= OPTION_BASE)
		return &reader->slots[answer - OPTION_BASE];
	while (reader->slots[i].option->letter != answer)
		i++;
	return &reader->slots[i];
}

/* The error for an option that getopt_long refused: optopt is 0, a letter or a long option's
 * value. */
static int
refuse(int answer, const char *given, struct error *err)
{
	char letter[] = {'-', (char)optopt, '\0'};

	if (optopt == 0)
		return error_set(err, ERROR_MALFORMED, "there is no option \"%.100s\"", given);
	if (answer == ':')
		return error_set(err, ERROR_MALFORMED, "%.100s needs an argument",
		    optopt < OPTION_BASE ? letter : given);
	if (optopt < OPTION_BASE)
		return error_set(err, ERROR_MALFORMED, "there is no option \"%s\"", letter);
	return error_set(err, ERROR_MALFORMED, "%.100s: this option takes no argument", given);
}

int
option_reader_read(struct option_reader *reader, bool all, int argc, char **argv,
    const char **unknown, struct error *err)
{
	struct table table;
	int          answer;

	table_fill(reader, all, &table);
	*unknown = NULL;
	opterr = 0;
	optind = 0; /* glibc: reset, including the permutation */
	while ((answer = getopt_long(argc, argv, table.letters, table.words, NULL)) != -1) {
		if (answer == '?' || answer == ':') {
			*unknown = optopt == 0 ? argv[optind - 1] : NULL;
			return refuse(answer, argv[optind - 1], err);
		}
		if (slot_take(reader, table_find(reader, answer), optarg, err) != 0)
			return -1;
	}
	return 0;
}
