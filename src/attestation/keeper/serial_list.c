/* Owns the format of lists of serial numbers. */
#include "config.h"

#include "attestation/keeper/serial_list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"

struct serial_list {
	struct bytes texts; /* each with its NUL */
	const char **sorted;
	size_t       count;
};

static int
serial_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Normalizes the number of a line for comparison; false when it is not valid. */
static bool
serial_normalize(struct view line, char serial[SERIAL_TEXT_SIZE])
{
	size_t digits = 0;
	size_t zeros;

	serial[digits++] = '0'; /* makes an odd number of digits even */
	if (line.size >= 2 && line.data[0] == '0' && tolower(line.data[1]) == 'x')
		line = (struct view){line.data + 2, line.size - 2};
	for (size_t i = 0; i < line.size; i++) {
		if (line.data[i] == ':' && i != 0 && i + 1 != line.size)
			continue;
		if (!isxdigit(line.data[i]) || digits + 1 == SERIAL_TEXT_SIZE)
			return false;
		serial[digits++] = (char)tolower(line.data[i]);
	}
	serial[digits] = '\0';
	zeros = strspn(serial, "0");
	if (zeros == digits) /* no certificate has the number zero */
		return false;
	zeros -= (digits - zeros) % 2;
	memmove(serial, serial + zeros, digits - zeros + 1);
	return true;
}

/* Strips a line's comment and surrounding blanks. */
static struct view
line_trim(struct view line)
{
	const uint8_t *comment = line.size != 0 ? memchr(line.data, '#', line.size) : NULL;

	if (comment != NULL)
		line.size = (size_t)(comment - line.data);
	while (line.size != 0 && isspace(line.data[line.size - 1]))
		line.size--;
	while (line.size != 0 && isspace(line.data[0]))
		line = (struct view){line.data + 1, line.size - 1};
	return line;
}

/* Takes the next line off the text. */
static struct view
line_take(struct view *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->size);
	size_t         size = end != NULL ? (size_t)(end - text->data) : text->size;
	struct view    line = {text->data, size};

	text->data += size;
	text->size -= size;
	if (end != NULL) {
		text->data++;
		text->size--;
	}
	return line;
}

static void
list_sort(struct serial_list *list)
{
	const char *text = (const char *)list->texts.data;

	list->sorted = memory_new((list->count + 1) * sizeof *list->sorted);
	for (size_t i = 0; i < list->count; i++) {
		list->sorted[i] = text;
		text += strlen(text) + 1;
	}
	qsort(list->sorted, list->count, sizeof *list->sorted, serial_compare);
}

/* Takes off the mark that editors of another system put before UTF-8; UTF-16 has none of our
 * lines. */
static int
list_check_encoding(struct view *text, struct error *err)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

	if (text->size >= 2 &&
	    (memcmp(text->data, "\xff\xfe", 2) == 0 || memcmp(text->data, "\xfe\xff", 2) == 0))
		return error_set(err, ERROR_MALFORMED, "it is UTF-16; save it as UTF-8");
	if (text->size >= sizeof mark && memcmp(text->data, mark, sizeof mark) == 0)
		*text = (struct view){text->data + sizeof mark, text->size - sizeof mark};
	return 0;
}

int
serial_list_parse(struct view text, struct serial_list **out, struct error *err)
{
	struct serial_list *list;
	char                serial[SERIAL_TEXT_SIZE];

	if (list_check_encoding(&text, err) != 0)
		return -1;
	list = memory_new(sizeof *list);
	for (size_t number = 1; text.size != 0; number++) {
		struct view line = line_trim(line_take(&text));

		if (line.size == 0)
			continue;
		if (!serial_normalize(line, serial)) {
			serial_list_free(list);
			return error_set(err, ERROR_MALFORMED,
			    "line %zu is no serial number in hexadecimal: \"%.*s\"", number,
			    line.size < 80 ? (int)line.size : 80, (const char *)line.data);
		}
		bytes_append(&list->texts, serial, strlen(serial) + 1);
		list->count++;
	}
	list_sort(list);
	*out = list;
	return 0;
}

void
serial_list_free(void *arg)
{
	struct serial_list *list = arg;

	if (list == NULL)
		return;
	bytes_clear(&list->texts);
	free(list->sorted);
	free(list);
}

size_t
serial_list_count(const struct serial_list *list)
{
	return list->count;
}

bool
serial_list_has(const struct serial_list *list, const char *serial)
{
	return bsearch(&serial, list->sorted, list->count, sizeof *list->sorted, serial_compare) != NULL;
}
