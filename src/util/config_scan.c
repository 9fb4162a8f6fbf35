/* Owns the tokens of a configuration file; knows neither its settings nor their values. */
#include "config.h"

#include "util/config_scan.h"

#include <string.h>

struct scan {
	struct view text;
	size_t      at;
	unsigned    line;
};

static char
scan_char(const struct scan *scan, size_t ahead)
{
	return scan->at + ahead < scan->text.size ? (char)scan->text.data[scan->at + ahead] : '\0';
}

static bool
scan_is(const struct scan *scan, const char *text)
{
	size_t length = strlen(text);

	return scan->text.size - scan->at >= length &&
	    memcmp(scan->text.data + scan->at, text, length) == 0;
}

static void
scan_advance(struct scan *scan, size_t count)
{
	for (; count != 0 && scan->at < scan->text.size; count--) {
		if (scan->text.data[scan->at++] == '\n')
			scan->line++;
	}
}

/* Goes behind the next `end`, or to the end of the text. */
static void
scan_skip_behind(struct scan *scan, const char *end)
{
	while (scan->at < scan->text.size && !scan_is(scan, end))
		scan_advance(scan, 1);
	scan_advance(scan, strlen(end));
}

static bool
scan_skip_comment(struct scan *scan)
{
	if (scan_is(scan, "#") || scan_is(scan, "//")) {
		scan_skip_behind(scan, "\n");
	} else if (scan_is(scan, "/*")) {
		scan_advance(scan, 2); /* its own star ends no comment */
		scan_skip_behind(scan, "*/");
	} else {
		return false;
	}
	return true;
}

static void
scan_quoted(struct scan *scan, struct view *text)
{
	char   quote = scan_char(scan, 0);
	size_t start = scan->at + 1;

	scan_advance(scan, 1);
	while (scan->at < scan->text.size && scan_char(scan, 0) != quote)
		scan_advance(scan, scan_char(scan, 0) == '\\' ? 2 : 1);
	*text = (struct view){scan->text.data + start, scan->at - start};
	scan_advance(scan, 1);
}

/* An unquoted word; a variable of the environment, ${NAME}, is one too. False: there is none. */
static bool
scan_word(struct scan *scan, struct view *text)
{
	size_t start = scan->at;

	if (scan_is(scan, "${")) {
		scan_skip_behind(scan, "}");
	} else {
		while (scan->at < scan->text.size &&
		    memchr(" #\"'\t\n\r={}()+,*", scan_char(scan, 0), 16) == NULL &&
		    !scan_is(scan, "//") && !scan_is(scan, "/*"))
			scan->at++;
	}
	*text = (struct view){scan->text.data + start, scan->at - start};
	return scan->at != start;
}

void
config_scan_blank_comments(struct bytes *text)
{
	struct scan scan = {bytes_view(text), 0, 1};
	struct view word;

	while (scan.at < scan.text.size) {
		size_t start = scan.at;
		char   mark = scan_char(&scan, 0);

		if (scan_skip_comment(&scan)) {
			for (size_t i = start; i < scan.at; i++)
				text->data[i] = text->data[i] == '\n' ? '\n' : ' ';
		} else if (mark == '"' || mark == '\'') {
			scan_quoted(&scan, &word);
		} else if (!scan_word(&scan, &word)) {
			scan_advance(&scan, 1);
		}
	}
}

int
config_scan(struct view text, int (*each)(const struct config_word *word, void *arg), void *arg)
{
	struct scan        scan = {text, 0, 1};
	struct config_word word = {0};
	bool               value = false; /* what comes is a value, not a name */
	bool               list = false;

	while (scan.at < text.size) {
		char mark = scan_char(&scan, 0);

		if (scan_skip_comment(&scan))
			continue;
		word.line = scan.line;
		word.quoted = mark == '"' || mark == '\'';
		if (word.quoted) {
			scan_quoted(&scan, &word.text);
		} else if (!scan_word(&scan, &word.text)) {
			value = mark == '=' || (value && mark != '}');
			list = mark == '{' || (list && mark != '}');
			scan_advance(&scan, 1);
			continue;
		}
		if (!value) {
			word.name = word.text;
		} else {
			if (each(&word, arg) != 0)
				return -1;
			value = list;
		}
	}
	return 0;
}
