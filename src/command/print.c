/* Prints text safely to a terminal. */
#include "config.h"

#include "command/print.h"

#include <sys/ioctl.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/utf8.h"

/*
 * Characters that wcwidth counts as printable but that are invisible or misleading: Unicode's
 * Default_Ignorable_Code_Point, what steers the direction of text, and a blank of braille.
 */
static const struct {
	uint32_t first;
	uint32_t last;
} unseen[] = {
    {0x00ad, 0x00ad},   /* soft hyphen */
    {0x034f, 0x034f},   /* combining grapheme joiner */
    {0x061c, 0x061c},   /* Arabic letter mark */
    {0x115f, 0x1160},   /* Hangul fillers */
    {0x17b4, 0x17b5},   /* inherent vowels of Khmer */
    {0x180b, 0x180f},   /* Mongolian selectors */
    {0x200b, 0x200f},   /* zero width, directional marks */
    {0x2028, 0x202e},   /* line and paragraph ends, embeddings, overrides */
    {0x2060, 0x206f},   /* joiners, isolates */
    {0x2800, 0x2800},   /* braille without a dot */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xfe00, 0xfe0f},   /* variation selectors */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xffa0, 0xffa0},   /* Hangul filler */
    {0xfff0, 0xfffb},   /* unassigned, interlinear annotation */
    {0x1bca0, 0x1bca3}, /* of shorthand */
    {0x1d173, 0x1d17a}, /* of musical notation */
    {0xe0000, 0xe0fff}, /* tags, more selectors */
};

static bool
print_is_unseen(uint32_t character)
{
	for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++)
		if (character >= unseen[i].first && character <= unseen[i].last)
			return true;
	return false;
}

/* Size of the longest escape, "\u{10ffff}". */
#define PRINT_ESCAPE_SIZE 16

/*
 * Writes the printed form of the first character to `shown` and its width in
 * columns; returns the size of the character in octets.
 */
static size_t
print_character(const uint8_t *text, size_t left, char shown[PRINT_ESCAPE_SIZE], size_t *width)
{
	uint32_t character = 0;
	size_t   size = utf8_decode(text, left, &character);
	int      columns;

	if (size == 0 || utf8_is_control(character)) {
		(void)snprintf(shown, PRINT_ESCAPE_SIZE, "\\x%02x", size == 0 ? text[0] : character);
		*width = strlen(shown);
		return size == 0 ? 1 : size;
	}
	columns = wcwidth((wchar_t)character);
	if (columns < 0 || print_is_unseen(character)) {
		(void)snprintf(shown, PRINT_ESCAPE_SIZE, "\\u{%x}", character);
		*width = strlen(shown);
		return size;
	}
	(void)snprintf(shown, PRINT_ESCAPE_SIZE, "%.*s%s", (int)size, (const char *)text,
	    character == '\\' ? "\\" : "");
	*width = character == '\\' ? 2 : (size_t)columns;
	return size;
}

/* Prints unless `out` is NULL; returns the width in columns. */
static size_t
print_or_measure(FILE *out, const char *text)
{
	const uint8_t *octets = (const uint8_t *)text;
	size_t         length = strlen(text);
	size_t         total = 0;

	for (size_t i = 0; i < length;) {
		char   shown[PRINT_ESCAPE_SIZE];
		size_t width;

		i += print_character(octets + i, length - i, shown, &width);
		total += width;
		if (out != NULL)
			(void)fputs(shown, out);
	}
	return total;
}

void
print_text(FILE *out, const char *text)
{
	(void)print_or_measure(out, text);
}

size_t
print_width(const char *text)
{
	return print_or_measure(NULL, text);
}

void
print_cell(FILE *out, const char *text, size_t width)
{
	size_t used = print_or_measure(out, text);

	(void)fprintf(out, "%*s", (int)((used < width ? width - used : 0) + 2), "");
}

#define PRINT_COLUMNS     80
#define PRINT_COLUMNS_MIN 40

size_t
print_columns(void)
{
	struct winsize size = {0};

	if (isatty(STDOUT_FILENO) != 1)
		return SIZE_MAX;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return PRINT_COLUMNS;
	return size.ws_col < PRINT_COLUMNS_MIN ? PRINT_COLUMNS_MIN : size.ws_col;
}

bool
print_is_narrow(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

/* The spaces before a word stand before it only on the same line. */
static void
print_word(struct print_fold *fold, const char *word)
{
	size_t width = print_width(word);
	size_t spaces = fold->spaces;

	fold->spaces = 0;

	if (fold->column > fold->indent && fold->columns != SIZE_MAX &&
	    fold->column + spaces + width > fold->columns) {
		(void)fprintf(fold->out, "\n%*s", (int)fold->indent, "");
		fold->column = fold->indent;
	} else {
		(void)fprintf(fold->out, "%*s", (int)spaces, "");
		fold->column += spaces;
	}
	print_text(fold->out, word);
	fold->column += width;
}

void
print_folded(struct print_fold *fold, const char *text)
{
	AUTO_FREE char *word = memory_new(strlen(text) + 1);

	while (*text != '\0') {
		size_t spaces = strspn(text, " ");
		size_t length = strcspn(text + spaces, " ");

		memcpy(word, text + spaces, length);
		word[length] = '\0';
		fold->spaces += spaces;
		if (length != 0)
			print_word(fold, word);
		text += spaces + length;
	}
}

size_t
print_json_flags(void)
{
	return isatty(STDOUT_FILENO) == 1 ? JSON_ENSURE_ASCII : 0;
}

static void
print_json_with(json_t *object, size_t flags)
{
	(void)json_dumpf(memory_check(object), stdout, flags | print_json_flags());
	json_decref(object);
}

void
print_state(int64_t revoked, int64_t not_after, int64_t now, char text[PRINT_STATE_SIZE])
{
	char when[CLOCK_TEXT_SIZE] = "";

	if (revoked != 0)
		clock_format(revoked, when);
	(void)snprintf(text, PRINT_STATE_SIZE, "%s%s",
	    revoked != 0 ? "revoked " : not_after < now ? "expired" : "good", when);
}

json_t *
print_json_text(const char *text)
{
	json_t *string = text != NULL ? json_string(text) : json_null();
	char   *escaped = NULL;
	size_t  size;
	FILE   *stream;

	if (string != NULL)
		return string;
	stream = memory_check(open_memstream(&escaped, &size));
	print_text(stream, text);
	if (fclose(stream) == 0)
		string = json_string(escaped);
	free(escaped);
	return string != NULL ? string : json_null();
}

json_t *
print_json_time(int64_t when)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(when, text);
	return json_string(text);
}

void
print_json(json_t *object)
{
	print_json_with(object, JSON_INDENT(2));
	(void)putchar('\n');
}

void
print_json_item(json_t *object, int first)
{
	(void)fputs(first ? "[\n  " : ",\n  ", stdout);
	print_json_with(object, 0);
}

void
print_json_line(json_t *object)
{
	print_json_with(object, JSON_COMPACT);
	(void)putchar('\n');
}
