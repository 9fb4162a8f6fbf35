/* Formats settings for the sample file and manual pages. */
#include "config.h"

#include "util/config_print.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/config_file.h"

#define SAMPLE_WIDTH 78U

static void
append_text(struct bytes *out, const char *text)
{
	bytes_append(out, text, strlen(text));
}

/* ---- values, as in the file ---- */

static void
append_quoted(struct bytes *out, const char *text, size_t length)
{
	bytes_append_u8(out, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			bytes_append_u8(out, '\\');
		bytes_append_u8(out, (uint8_t)text[i]);
	}
	bytes_append_u8(out, '"');
}

static void
append_list(struct bytes *out, const char *items)
{
	append_text(out, "{");
	while (items != NULL && *items != '\0') {
		size_t length = strcspn(items, ",");

		append_quoted(out, items, length);
		items += length;
		if (*items == ',') {
			append_text(out, ", ");
			items += strspn(items, ", ");
		}
	}
	append_text(out, "}");
}

/* The value that is shown for a row, as text for the file. */
static void
append_value(struct bytes *out, const struct config_row *row)
{
	const char *shown = row->example != NULL ? row->example : row->value;

	if (row->kind == CONFIG_LIST)
		append_list(out, shown);
	else if (shown == NULL)
		append_text(out, "\"\"");
	else if (row->kind == CONFIG_TEXT || row->kind == CONFIG_DURATION)
		append_quoted(out, shown, strlen(shown));
	else
		append_text(out, shown);
}

/* When another value counts, with a blank before it; "" where nothing is reloaded. */
static const char *
reload_sentence(const struct config_schema *schema, const struct config_row *row)
{
	static const char *const sentences[] = {
	    [CONFIG_RESTART] = " A change needs a restart.",
	    [CONFIG_RELOAD] = " A reload takes a change over.",
	    [CONFIG_RELOAD_VALUE] = " A reload takes another value over; to set or remove it needs a restart.",
	};

	return schema->reloads ? sentences[row->reload] : "";
}

/* ---- words of a paragraph ---- */

/* A word up to the next blank outside of `…`; a literal keeps its blanks. */
static size_t
word_length(const char *text)
{
	bool   literal = false;
	size_t length = 0;

	for (; text[length] != '\0' && (literal || text[length] != ' '); length++)
		literal ^= text[length] == '`';
	return length;
}

/* Takes the next word of a text; false at its end. */
static bool
word_next(const char **text, struct view *word)
{
	*text += strspn(*text, " ");
	*word = (struct view){(const uint8_t *)*text, word_length(*text)};
	*text += word->size;
	return word->size != 0;
}

/* ---- the sample ---- */

/* A literal is quoted, unless it contains quotes. */
static void
sample_word(struct view word, FILE *out)
{
	bool quotes = memchr(word.data, '"', word.size) == NULL;

	for (size_t i = 0; i < word.size; i++) {
		if (word.data[i] != '`')
			(void)fputc(word.data[i], out);
		else if (quotes)
			(void)fputc('"', out);
	}
}

static void
sample_paragraph(const char *text, FILE *out)
{
	struct view word;
	size_t      column = 0;

	while (word_next(&text, &word)) {
		if (column != 0 && column + 1 + word.size > SAMPLE_WIDTH) {
			(void)fputc('\n', out);
			column = 0;
		}
		(void)fputs(column == 0 ? "# " : " ", out);
		column += (column == 0 ? 2 : 1) + word.size;
		sample_word(word, out);
	}
	(void)fputc('\n', out);
}

void
config_print_sample(const struct config_schema *schema, FILE *out)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct config_row *row = &schema->rows[i];
		AUTO_BYTES               value = {0};
		AUTO_BYTES               text = {0};

		if (row->title != NULL)
			(void)fprintf(out, "\n# ---- %s ----\n", row->title);
		(void)fputc('\n', out);
		append_text(&text, row->manual);
		if (row->least != NULL) {
			append_text(&text, " From ");
			append_text(&text, row->least);
			append_text(&text, " to ");
			append_text(&text, row->most);
			append_text(&text, ".");
		}
		append_text(&text, reload_sentence(schema, row));
		bytes_append_u8(&text, '\0');
		sample_paragraph((const char *)text.data, out);
		if (row->example != NULL)
			(void)fputs("# Example:\n", out);
		append_value(&value, row);
		(void)fprintf(out, "#%s = %.*s\n", row->name, (int)value.size, (const char *)value.data);
	}
}

/* ---- the manual page ---- */

/* Octets of text in mdoc: a backslash is \e; in an argument, a quote is \(dq. */
static void
mdoc_escape(const uint8_t *text, size_t size, bool argument, FILE *out)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\')
			(void)fputs("\\e", out);
		else if (text[i] == '"' && argument)
			(void)fputs("\\(dq", out);
		else
			(void)fputc(text[i], out);
	}
}

/* Punctuation after an argument of a macro. */
static void
mdoc_delimiters(const uint8_t *text, size_t size, FILE *out)
{
	for (size_t i = 0; i < size; i++)
		(void)fprintf(out, " %c", text[i]);
	(void)fputc('\n', out);
}

/* A word with `…` in it becomes a line of its own. False: it has none. */
static bool
mdoc_literal(struct view word, FILE *out)
{
	const uint8_t *start = memchr(word.data, '`', word.size);
	const uint8_t *end;

	if (start == NULL)
		return false;
	end = memchr(start + 1, '`', word.size - (size_t)(start + 1 - word.data));
	if (end == NULL)
		return false;
	(void)fputs(".Ql", out);
	if (start != word.data)
		(void)fprintf(out, " %c", word.data[0]);
	(void)fputs(" \"", out);
	mdoc_escape(start + 1, (size_t)(end - start - 1), true, out);
	(void)fputc('"', out);
	mdoc_delimiters(end + 1, word.size - (size_t)(end + 1 - word.data), out);
	return true;
}

/* A word like attestd(8) becomes a line of its own. False: it is none. */
static bool
mdoc_reference(struct view word, FILE *out)
{
	const uint8_t *open = memchr(word.data, '(', word.size);
	size_t         name = open != NULL ? (size_t)(open - word.data) : 0;

	if (name == 0 || word.size < name + 3 || !isdigit(open[1]) || open[2] != ')')
		return false;
	(void)fprintf(out, ".Xr %.*s %c", (int)name, (const char *)word.data, open[1]);
	mdoc_delimiters(open + 3, word.size - name - 3, out);
	return true;
}

/* Each sentence and each macro has lines of its own; all other words follow a blank or a
 * newline. */
static void
mdoc_paragraph(const char *text, FILE *out)
{
	struct view word;
	bool        first = true; /* of a line */

	while (word_next(&text, &word)) {
		AUTO_FREE char *line = NULL;
		size_t          size = 0;
		FILE           *macro = memory_check(open_memstream(&line, &size));
		bool            is_macro;

		is_macro = mdoc_literal(word, macro) || mdoc_reference(word, macro);
		(void)fclose(macro);
		if (is_macro) {
			(void)fprintf(out, "%s%s", first ? "" : "\n", line);
			first = true;
			continue;
		}
		if (!first)
			(void)fputc(' ', out);
		else if (word.data[0] == '.' || word.data[0] == '\'')
			(void)fputs("\\&", out);
		mdoc_escape(word.data, word.size, false, out);
		first = word.data[word.size - 1] == '.';
		if (first)
			(void)fputc('\n', out);
	}
	if (!first)
		(void)fputc('\n', out);
}

static void
manual_value(const struct config_schema *schema, const struct config_row *row, FILE *out)
{
	AUTO_BYTES value = {0};

	append_value(&value, row);
	(void)fputs(row->example != NULL ? "Example: " : "Default: ", out);
	mdoc_escape(value.data, value.size, false, out);
	if (row->least != NULL)
		(void)fprintf(out, "; from %s to %s", row->least, row->most);
	(void)fputs(".\n", out);
	mdoc_paragraph(reload_sentence(schema, row), out);
	if (row->option != NULL)
		(void)fprintf(out, "Option:\n.Fl -%s .\n", row->option);
}

void
config_print_manual(const struct config_schema *schema, FILE *out)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct config_row *row = &schema->rows[i];

		if (row->title != NULL)
			(void)fprintf(out, "%s.Ss %s\n.Bl -tag -width Ds\n", i != 0 ? ".El\n" : "",
			    row->title);
		(void)fprintf(out, ".It Cm %s\n", row->name);
		mdoc_paragraph(row->manual, out);
		manual_value(schema, row, out);
	}
	(void)fputs(".El\n", out);
}

void
config_print_synopsis(const struct config_schema *schema, FILE *out)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct config_row *row = &schema->rows[i];

		if (row->option == NULL)
			continue;
		if (row->letter != '\0')
			(void)fprintf(out, ".Op Fl %c Ar %s\n", row->letter, row->argument);
		else
			(void)fprintf(out, ".Op Fl -%s Ar %s\n", row->option, row->argument);
	}
}

void
config_print_options(const struct config_schema *schema, FILE *out)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct config_row *row = &schema->rows[i];

		if (row->option == NULL)
			continue;
		(void)fputs(".It ", out);
		if (row->letter != '\0')
			(void)fprintf(out, "Fl %c , ", row->letter);
		(void)fprintf(out, "Fl -%s Ar %s\n%c%s.\nSee\n.Cm %s\nin\n.Sx CONFIGURATION .\n",
		    row->option, row->argument, toupper((unsigned char)row->help[0]), row->help + 1,
		    row->name);
	}
}
