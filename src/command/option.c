/* Converts the text of an option to its field; knows no commands. */
#include "config.h"

#include "command/option.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/duration.h"
#include "util/error.h"

/* Accepts decimal digits only. */
static bool
number_read(const char *text, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static int
number_set(const struct command_option *option, const char *text, int64_t *field,
    struct error *err)
{
	const char *least = option->least != NULL ? option->least : "0";
	int64_t     number;

	if (number_read(text, &number) && number >= strtoll(least, NULL, 10) &&
	    (option->most == NULL || number <= strtoll(option->most, NULL, 10))) {
		*field = number;
		return 0;
	}
	if (option->most == NULL)
		return error_set(err, ERROR_MALFORMED, "--%s takes a number, %s or more, not %.80s",
		    option->name, least, text);
	return error_set(err, ERROR_MALFORMED, "--%s takes a number from %s to %s, not %.80s",
	    option->name, least, option->most, text);
}

/* The bound of a row, or `missing` when it has none. */
static int64_t
duration_bound(const char *text, int64_t missing)
{
	struct error ignored;
	int64_t      bound = missing;

	if (text != NULL && duration_parse(text, &bound, &ignored) != 0)
		abort(); /* a mistake in the table, which any test that gives the option finds */
	return bound;
}

static int
duration_set(const struct command_option *option, const char *text, int64_t *field,
    struct error *err)
{
	int64_t seconds;

	if (duration_parse(text, &seconds, err) != 0)
		return error_wrap(err, "--%s", option->name);
	if (seconds < duration_bound(option->least, 0) ||
	    seconds > duration_bound(option->most, INT64_MAX))
		return option->least == NULL || option->most == NULL
		    ? error_set(err, ERROR_MALFORMED, "--%s must be %s %s", option->name,
		          option->most == NULL ? "at least" : "at most",
		          option->most == NULL ? option->least : option->most)
		    : error_set(err, ERROR_MALFORMED, "--%s must lie between %s and %s", option->name,
		          option->least, option->most);
	*field = seconds;
	return 0;
}

static int
time_set(const struct command_option *option, const char *text, int64_t now, int64_t *field,
    struct error *err)
{
	char         midnight[64];
	struct error ignored;
	int64_t      ago;

	if (duration_parse(text, &ago, &ignored) == 0) {
		*field = now > ago ? now - ago : 1; /* 0 means not given */
		return 0;
	}
	(void)snprintf(midnight, sizeof midnight, "%.32sT00:00:00Z", text);
	if (clock_parse(text, field) || (strlen(text) == 10 && clock_parse(midnight, field)))
		return 0;
	return error_set(err, ERROR_MALFORMED,
	    "--%s is a time like 2026-11-21 or 2026-11-21T09:30:00Z, or a duration like 24h",
	    option->name);
}

static int
descriptor_set(const struct command_option *option, const char *text, int *field,
    struct error *err)
{
	int64_t number;

	if (!number_read(text, &number) || number > INT_MAX)
		return error_set(err, ERROR_MALFORMED,
		    "--%s takes the number of an open descriptor, as in \"--%s 3 3<file\"",
		    option->name, option->name);
	*field = (int)number;
	return 0;
}

void
command_option_words(const struct command_option *option, const char *last, char *text,
    size_t size)
{
	const char *word;
	size_t      used = 0;

	text[0] = '\0';
	for (size_t i = 0; used < size && (word = option->word(i)) != NULL; i++) {
		bool first = i == 0;
		bool end = !first && option->word(i + 1) == NULL;

		used += (size_t)snprintf(text + used, size - used, "%s%s%s%s", end ? " " : first ? "" : ", ",
		    end ? last : "", end ? " " : "", word);
	}
}

static int
word_set(const struct command_option *option, const char *text, const char **field,
    struct error *err)
{
	char        words[256];
	const char *word;

	for (size_t i = 0; (word = option->word(i)) != NULL; i++) {
		if (strcmp(text, word) == 0) {
			*field = word;
			return 0;
		}
	}
	command_option_words(option, "and", words, sizeof words);
	return error_set(err, ERROR_MALFORMED, "there is no %s \"%.80s\", but %s", option->name, text,
	    words);
}

static void
list_append(struct option_list *list, const char *text)
{
	const char **texts = memory_check(realloc(list->texts, (list->count + 1) * sizeof *texts));

	texts[list->count++] = text;
	list->texts = texts;
}

int
command_option_set(const struct command_option *option, const char *text, int64_t now,
    void *into, struct error *err)
{
	void *field = (char *)into + option->offset;

	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_TEXT:
		if (option->filled && *text == '\0')
			return error_set(err, ERROR_MALFORMED, "--%s cannot be empty", option->name);
		*(const char **)field = text;
		return 0;
	case OPTION_WORD:
		return word_set(option, text, field, err);
	case OPTION_NUMBER:
		return number_set(option, text, field, err);
	case OPTION_DURATION:
		return duration_set(option, text, field, err);
	case OPTION_TIME:
		return time_set(option, text, now, field, err);
	case OPTION_DESCRIPTOR:
		return descriptor_set(option, text, field, err);
	case OPTION_LIST:
		break;
	}
	list_append(field, text);
	return 0;
}

void
command_option_default(const struct command_option *option, void *into)
{
	struct error ignored;

	if (option->kind == OPTION_DESCRIPTOR)
		*(int *)(void *)((char *)into + option->offset) = -1;
	else if (option->value != NULL &&
	    command_option_set(option, option->value, 0, into, &ignored) != 0)
		abort(); /* a mistake in the table, which any test of the command finds */
}

void
command_option_clear(const struct command_option *option, void *into)
{
	struct option_list *list = (void *)((char *)into + option->offset);

	if (option->kind != OPTION_LIST)
		return;
	free(list->texts);
	*list = (struct option_list){0};
}
