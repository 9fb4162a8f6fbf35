/* Parses the fields by which proxies name their clients; whether a proxy is believed is the
 * caller's. */
#include "config.h"

#include "http/forwarded.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "util/proxies.h"

/* What the last elements of a line say, from the left; a node may be empty. */
struct nodes {
	struct view nodes[FORWARDED_NODES_MAX];
	size_t      count;
	bool        cut; /* there were others before them */
};

typedef bool nodes_parse_fn(struct view line, struct nodes *nodes);

/* A client writes as many as it likes, and its proxy the last one: the first give way. */
static void
nodes_add(struct nodes *nodes, struct view node)
{
	if (nodes->count == FORWARDED_NODES_MAX) {
		memmove(nodes->nodes, nodes->nodes + 1, sizeof nodes->nodes - sizeof nodes->nodes[0]);
		nodes->count--;
		nodes->cut = true;
	}
	nodes->nodes[nodes->count++] = node;
}

static struct view
skip(struct view text, size_t size)
{
	return (struct view){text.data + size, text.size - size};
}

static bool
is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t';
}

static struct view
skip_blanks(struct view text)
{
	while (text.size != 0 && is_blank(text.data[0]))
		text = skip(text, 1);
	return text;
}

/* ---- X-Forwarded-For: a list of addresses ---- */

static bool
x_forwarded_parse(struct view line, struct nodes *nodes)
{
	const uint8_t *comma;
	struct view    item;

	do {
		comma = line.size != 0 ? memchr(line.data, ',', line.size) : NULL;
		item = skip_blanks((struct view){
		    line.data, comma != NULL ? (size_t)(comma - line.data) : line.size});
		while (item.size != 0 && is_blank(item.data[item.size - 1]))
			item.size--;
		if (item.size != 0) /* RFC 9110 §5.6.1: empty ones are ignored */
			nodes_add(nodes, item);
		if (comma != NULL)
			line = skip(line, (size_t)(comma - line.data) + 1);
	} while (comma != NULL);
	return true;
}

/* ---- Forwarded: RFC 7239 §4 ---- */

static bool
is_token(uint8_t octet)
{
	static const char others[] = "!#$%&'*+-.^_`|~0123456789"
	                             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return octet != '\0' && strchr(others, octet) != NULL;
}

/* Takes a token off the text; empty when there is none. */
static struct view
take_token(struct view *text)
{
	struct view token = {text->data, 0};

	while (token.size < text->size && is_token(text->data[token.size]))
		token.size++;
	*text = skip(*text, token.size);
	return token;
}

/* Takes a token or a quoted string; of the string what is inside, its escapes included. */
static bool
take_value(struct view *text, struct view *value)
{
	size_t end = 1;

	if (text->size == 0 || text->data[0] != '"') {
		*value = take_token(text);
		return value->size != 0;
	}
	while (end < text->size && text->data[end] != '"')
		end += text->data[end] == '\\' ? 2 : 1;
	if (end >= text->size)
		return false;
	*value = (struct view){text->data + 1, end - 1};
	*text = skip(*text, end + 1);
	return true;
}

/* Takes an element: pairs with ";" between them. *node is what is for, empty if nobody is. */
static bool
take_element(struct view *text, struct view *node, bool *empty)
{
	bool        found = false;
	struct view name;
	struct view value;

	*node = (struct view){0};
	*empty = true;
	for (;;) {
		*text = skip_blanks(*text);
		if ((name = take_token(text)).size != 0) {
			*empty = false;
			if (text->size == 0 || text->data[0] != '=')
				return false;
			*text = skip(*text, 1);
			if (!take_value(text, &value))
				return false;
			if (name.size == 3 && strncasecmp((const char *)name.data, "for", 3) == 0) {
				if (found)
					return false; /* §4: each parameter once */
				found = true;
				*node = value;
			}
			*text = skip_blanks(*text);
		}
		if (text->size == 0 || text->data[0] != ';')
			return true;
		*text = skip(*text, 1);
	}
}

static bool
forwarded_parse(struct view line, struct nodes *nodes)
{
	struct view node;
	bool        empty;

	for (;;) {
		if (!take_element(&line, &node, &empty))
			return false;
		if (!empty)
			nodes_add(nodes, node);
		if (line.size == 0)
			return true;
		if (line.data[0] != ',')
			return false;
		line = skip(line, 1);
	}
}

/* ---- both ---- */

void
forwarded_add(struct forwarded *field, struct view line)
{
	if (field->count == FORWARDED_LINES_MAX) {
		memmove(field->lines, field->lines + 1, sizeof field->lines - sizeof field->lines[0]);
		field->count--;
	}
	field->lines[field->count++] = line;
}

static struct address
field_source(const struct forwarded *field, nodes_parse_fn *parse, const struct proxies *proxies,
    const struct address *peer)
{
	struct address source = *peer;

	for (size_t line = field->count; line-- > 0;) {
		struct nodes nodes = {.count = 0};

		if (!parse(field->lines[line], &nodes))
			return source;
		while (nodes.count-- > 0) {
			if (!address_parse(nodes.nodes[nodes.count], &source) ||
			    !proxies_has(proxies, &source))
				return source;
		}
		if (nodes.cut)
			return source;
	}
	return source;
}

struct address
forwarded_source(const struct forwarded *standard, const struct forwarded *x_forwarded_for,
    const struct proxies *proxies, const struct address *peer)
{
	struct address one = field_source(standard, forwarded_parse, proxies, peer);
	struct address other = field_source(x_forwarded_for, x_forwarded_parse, proxies, peer);

	if (standard->count == 0)
		return other;
	if (x_forwarded_for->count == 0 || address_equal(&one, &other))
		return one;
	return *peer;
}
