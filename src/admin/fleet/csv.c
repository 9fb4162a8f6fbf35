/*
 * Reads CSV in one pass, octet by octet, with only one row in memory. Refuses
 * input on which readers disagree: a quote inside an unquoted cell, text after a
 * closing quote, a CR alone.
 */
#include "config.h"

#include "admin/fleet/csv.h"

#include <string.h>
#include <unistd.h>

#include "command/print.h"
#include "util/error.h"

#define CSV_LONE_CR "a carriage return without a line feed"

/* Octets of the cells of a row: those of the row, but for the NULs, of which the last may have no
 * separator instead. Reserved once, so that an octet is only put there. */
#define CSV_TEXT_MAX (CSV_ROW_MAX + 1)

/* In `next`: no octet was read ahead. */
#define CSV_NONE (-2)

void
csv_open(struct csv *csv, FILE *in)
{
	static const uint8_t mark[sizeof csv->head] = {0xef, 0xbb, 0xbf};

	*csv = (struct csv){.in = in, .line = 1, .next = CSV_NONE};
	(void)bytes_extend(&csv->text, CSV_TEXT_MAX);
	csv->head_size = fread(csv->head, 1, sizeof csv->head, in);
	if (csv->head_size == sizeof mark && memcmp(csv->head, mark, sizeof mark) == 0)
		csv->head_used = sizeof mark;
}

void
csv_close(struct csv *csv)
{
	bytes_clear(&csv->text);
}

static inline int
csv_peek(struct csv *csv)
{
	if (csv->next == CSV_NONE)
		csv->next = csv->head_used < csv->head_size ? csv->head[csv->head_used++]
		                                            : getc_unlocked(csv->in);
	return csv->next;
}

static inline int
csv_take(struct csv *csv)
{
	int c = csv_peek(csv);

	csv->next = CSV_NONE;
	if (c == '\n')
		csv->line++;
	csv->size++;
	return c;
}

/* csv_keep and the separators that were taken leave room for it. */
static void
csv_put(struct csv *csv, uint8_t octet)
{
	csv->text.data[csv->text.size++] = octet;
}

/* Skips the rest of a refused line: the next one may be good. */
static void
csv_skip_line(struct csv *csv)
{
	int c;

	do
		c = csv_take(csv);
	while (c != '\n' && c != EOF);
}

static int
csv_refuse(struct csv *csv, struct error *err, const char *why)
{
	csv_skip_line(csv);
	return error_set(err, ERROR_MALFORMED, "%s", why);
}

/* Appends an octet to a cell; false when it is not allowed. */
static inline bool
csv_keep(struct csv *csv, const char **why)
{
	int c = csv_peek(csv);

	if (c == '\0')
		*why = "a NUL octet; if the file is UTF-16, save it as UTF-8";
	else if (csv->size >= CSV_ROW_MAX)
		*why = "the row is longer than 64 KiB; a quote may be missing";
	else {
		(void)csv_take(csv);
		csv_put(csv, (uint8_t)c);
		return true;
	}
	return false;
}

/* Appends what begins a cell and is plain, octet by octet, without asking whether the stream is there. */
static void
csv_keep_plain(struct csv *csv, const bool stops[UINT8_MAX + 1])
{
	uint8_t *to = csv->text.data + csv->text.size;
	size_t   room = CSV_ROW_MAX - csv->size;
	size_t   count = 0;
	int      c = csv_peek(csv);

	if (csv->head_used < csv->head_size)
		return; /* more of them were read ahead */
	while (count < room && c != EOF && !stops[c]) {
		to[count++] = (uint8_t)c;
		c = getc_unlocked(csv->in);
	}
	csv->next = c;
	csv->text.size += count;
	csv->size += count;
}

/* Reads from after the opening quote to the octet after the closing one. */
static bool
csv_read_quoted(struct csv *csv, const char **why)
{
	static const bool stops[UINT8_MAX + 1] = {['\0'] = true, ['\n'] = true, ['"'] = true};
	int c;

	csv_keep_plain(csv, stops);
	while ((c = csv_peek(csv)) != EOF) {
		if (c == '"') {
			(void)csv_take(csv);
			if (csv_peek(csv) != '"')
				return true;
		}
		if (!csv_keep(csv, why))
			return false;
	}
	*why = "a quote is not closed";
	return false;
}

static bool
csv_read_bare(struct csv *csv, const char **why)
{
	static const bool stops[UINT8_MAX + 1] = {
	    ['\0'] = true, [','] = true, ['\n'] = true, ['\r'] = true, ['"'] = true};
	int c;

	csv_keep_plain(csv, stops);
	while ((c = csv_peek(csv)) != EOF && c != ',' && c != '\n' && c != '\r') {
		if (c == '"') {
			*why = "a quote inside a cell that does not begin with one";
			return false;
		}
		if (!csv_keep(csv, why))
			return false;
	}
	return true;
}

/* Reads one cell and its separator; *last: it ends the row. */
static bool
csv_read_cell(struct csv *csv, bool *last, const char **why)
{
	bool good;

	if (csv_peek(csv) == '"') {
		(void)csv_take(csv);
		good = csv_read_quoted(csv, why);
	} else {
		good = csv_read_bare(csv, why);
	}
	if (!good)
		return false;
	csv_put(csv, '\0');
	*last = csv_peek(csv) != ',';
	if (csv_peek(csv) == '\r') {
		(void)csv_take(csv);
		if (csv_peek(csv) != '\n') {
			*why = CSV_LONE_CR;
			return false;
		}
	}
	switch (csv_peek(csv)) {
	case ',':
	case '\n':
		(void)csv_take(csv);
		return true;
	case EOF:
		return true;
	default:
		*why = "text after a closing quote";
		return false;
	}
}

/* Skips LF and CRLF; false for a CR alone. */
static bool
csv_skip_empty(struct csv *csv, const char **why)
{
	while (csv_peek(csv) == '\n' || csv_peek(csv) == '\r')
		if (csv_take(csv) == '\r' && csv_peek(csv) != '\n') {
			*why = CSV_LONE_CR;
			return false;
		}
	return true;
}

int
csv_read(struct csv *csv, struct error *err)
{
	size_t      begins[CSV_CELLS_MAX] = {0};
	const char *why = NULL;
	bool        last = false;

	csv->text.size = 0;
	csv->count = 0;
	csv->size = 0;
	if (!csv_skip_empty(csv, &why)) {
		csv->begun = csv->line;
		return csv_refuse(csv, err, why);
	}
	if (csv_peek(csv) == EOF)
		return ferror(csv->in) != 0 ? error_set_errno(err, ERROR_INTERNAL, "reading") : 0;
	csv->begun = csv->line;
	csv->size = 0;
	while (!last) {
		if (csv->count == CSV_CELLS_MAX)
			return csv_refuse(csv, err, "more than 16 cells");
		begins[csv->count++] = csv->text.size;
		if (!csv_read_cell(csv, &last, &why))
			return csv_refuse(csv, err, why);
	}
	if (ferror(csv->in) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "reading");
	for (size_t i = 0; i < csv->count; i++) {
		csv->cells[i] = (const char *)csv->text.data + begins[i];
		csv->cells[i] += *csv->cells[i] == '\'' && csv_is_formula(csv->cells[i]);
	}
	return 1;
}

bool
csv_is_formula(const char *text)
{
	/* The last four are the wide forms of the first, which are the same in East Asia. */
	static const char *const begins[] = {"=", "+", "-", "@", "\t", "\r", "\xef\xbc\x9d", "\xef\xbc\x8b",
	    "\xef\xbc\x8d", "\xef\xbc\xa0"};

	text += strspn(text, "'");
	text += strspn(text, " ");
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (strncmp(text, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* Whether there is anything but ASCII that is printed, and the lines of a list. */
static bool
text_is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text < ' ' && *text != '\n') || *text > '~')
			return false;
	return true;
}

/* What would control the terminal is shown instead; lines stay lines. */
static void
csv_write_shown(FILE *out, const char *guard, const char *text)
{
	AUTO_FREE char *copy = memory_strdup(text);
	char           *rest = copy;
	const char     *line;

	(void)fputs(guard, out);
	while ((line = strsep(&rest, "\n")) != NULL) {
		print_text(out, line);
		if (rest != NULL)
			(void)putc('\n', out);
	}
}

void
csv_write_cell(FILE *out, const char *text, bool first)
{
	const char *guard = csv_is_formula(text) ? "'" : "";
	bool        shown = !text_is_plain(text) && isatty(fileno(out)) == 1;

	if (!first)
		(void)putc_unlocked(',', out);
	if (!shown && text[strcspn(text, ",\"\r\n")] == '\0') {
		(void)fputs_unlocked(guard, out);
		(void)fputs_unlocked(text, out);
		return;
	}
	(void)putc_unlocked('"', out);
	if (shown) {
		csv_write_shown(out, guard, text);
		text = "";
	} else {
		(void)fputs_unlocked(guard, out);
	}
	for (; *text != '\0'; text++) {
		if (*text == '"')
			(void)putc_unlocked('"', out);
		(void)putc_unlocked(*text, out);
	}
	(void)putc_unlocked('"', out);
}

void
csv_write_end(FILE *out)
{
	(void)putc_unlocked('\n', out);
}
