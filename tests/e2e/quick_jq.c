/*
 * jq for what the tests ask most: one member, or a line of members, of the JSON in a file or on
 * standard input.
 *
 *   quick_jq [-r|-j] .member[0].member [FILE]
 *   quick_jq -r|-j '"\(.member) \(.member)"' [FILE]
 *
 * jq 1.6 takes 20 ms to start. Whatever is more than that, or might be printed in another way than
 * jq prints it, is handed to jq, with the same arguments and the same input.
 */
#include "config.h"

#include <sys/mman.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "util/bytes.h"

#define EXACT 1000000000000 /* jq's numbers are doubles, and larger ones may be printed as such */

/* ---- what jq is left to do ---- */

/* Becomes jq; its input is what was read already, if any was. */
__attribute__((noreturn))
static void
jq(char **argv, const struct bytes *input)
{
	static char name[] = "jq";
	int         fd = -1;

	if (input != NULL) {
		fd = memfd_create("input", 0);
		if (fd < 0 || write(fd, input->data, input->size) != (ssize_t)input->size ||
		    lseek(fd, 0, SEEK_SET) != 0 || dup2(fd, STDIN_FILENO) < 0)
			abort();
	}
	argv[0] = name;
	(void)execvp(name, argv);
	perror(name);
	exit(127);
}

static void
input_read(struct bytes *input)
{
	char    block[65536];
	ssize_t got;

	while ((got = read(STDIN_FILENO, block, sizeof block)) > 0)
		bytes_append(input, block, (size_t)got);
}

/* ---- paths ---- */

/* One step of a path, ".name" or "[number]", from *at; false when it is none, or jq would say an error. */
static bool
step(const char **at, const json_t **value)
{
	char   name[64];
	size_t size = 0;
	char  *end;

	if (**at == '[' && isdigit((unsigned char)(*at)[1])) {
		if (!json_is_array(*value))
			return false;
		*value = json_array_get(*value, (size_t)strtoul(*at + 1, &end, 10));
		*at = end + 1;
		return *end == ']';
	}
	if (**at == '.')
		++*at;
	while ((isalnum((unsigned char)(*at)[size]) || (*at)[size] == '_') && size < sizeof name - 1)
		size++;
	if (size == 0 || isdigit((unsigned char)**at) || !json_is_object(*value))
		return false;
	memcpy(name, *at, size);
	name[size] = '\0';
	*value = json_object_get(*value, name);
	*at += size;
	return true;
}

/* Follows a path to where it ends in the text; false when it is more than a path. */
static bool
follow(const char **at, const json_t **value)
{
	if (**at != '.')
		return false;
	if ((*at)[1] == '[')
		++*at;
	while (**at == '.' || **at == '[') {
		if (!step(at, value))
			return false;
	}
	return true;
}

/* ---- what is printed ---- */

/* Whether jq prints the octets of a string as they are between quotes. */
static bool
is_plain(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t      length = json_string_length(value);

	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] >= 0x7f || text[i] == '"' || text[i] == '\\')
			return false;
	}
	return true;
}

/* Appends a value; false for what jq is to print. A member that is absent is null. */
static bool
value_append(const json_t *value, bool quoted, struct bytes *out)
{
	char        number[32];
	const char *text = number;

	if (json_is_string(value)) {
		if (quoted && !is_plain(value))
			return false;
		if (quoted)
			bytes_append(out, "\"", 1);
		bytes_append(out, json_string_value(value), json_string_length(value));
		if (quoted)
			bytes_append(out, "\"", 1);
		return true;
	}
	if (json_is_integer(value) && llabs(json_integer_value(value)) < EXACT)
		(void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
	else if (value == NULL || json_is_null(value))
		text = "null";
	else if (json_is_boolean(value))
		text = json_is_true(value) ? "true" : "false";
	else
		return false;
	bytes_append(out, text, strlen(text));
	return true;
}

/* Appends what the filter gives of the document; false when that is jq's. */
static bool
filter_apply(const char *filter, const json_t *document, bool raw, struct bytes *out)
{
	const json_t *value = document;

	if (*filter != '"')
		return follow(&filter, &value) && *filter == '\0' && value_append(value, !raw, out);
	if (!raw)
		return false;
	for (filter++; *filter != '"'; value = document) {
		if (*filter == '\0')
			return false;
		if (*filter != '\\') {
			bytes_append(out, filter++, 1);
			continue;
		}
		if (filter[1] != '(')
			return false;
		filter += 2;
		if (!follow(&filter, &value) || *filter++ != ')' || !value_append(value, false, out))
			return false;
	}
	return filter[1] == '\0';
}

int
main(int argc, char **argv)
{
	bool        joined = argc > 1 && strcmp(argv[1], "-j") == 0;
	bool        raw = joined || (argc > 1 && strcmp(argv[1], "-r") == 0);
	int         at = raw ? 2 : 1; /* the filter's place */
	const char *file = argc == at + 2 ? argv[at + 1] : NULL;
	AUTO_BYTES  input = {0};
	AUTO_BYTES  out = {0};
	json_t     *document;

	if (argc != at + 1 && file == NULL)
		jq(argv, NULL);
	if ((*argv[at] != '.' && *argv[at] != '"') || (file != NULL && freopen(file, "r", stdin) == NULL))
		jq(argv, NULL);
	input_read(&input);
	document = json_loadb((const char *)input.data, input.size, JSON_DECODE_ANY, NULL);
	if (document == NULL || !filter_apply(argv[at], document, raw, &out))
		jq(argv, file == NULL ? &input : NULL);
	if (!joined)
		bytes_append(&out, "\n", 1);
	json_decref(document);
	return fwrite(out.data, 1, out.size, stdout) == out.size && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
