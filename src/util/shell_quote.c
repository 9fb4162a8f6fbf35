/* Owns the quoting of words for a shell; runs none. */
#include "config.h"

#include "util/shell_quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/bytes.h"

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void
quote_plain(struct bytes *out, char character)
{
	static const char quote[] = "'\"'\"'";

	if (character == '\'')
		bytes_append(out, quote, sizeof quote - 1);
	else
		bytes_append_u8(out, (uint8_t)character);
}

static void
quote_escaped(struct bytes *out, char octet)
{
	char escape[8];

	if (octet >= ' ' && octet <= '~' && octet != '\'' && octet != '\\') {
		bytes_append_u8(out, (uint8_t)octet);
		return;
	}
	(void)snprintf(escape, sizeof escape, "\\%03o", (unsigned)(uint8_t)octet);
	bytes_append(out, escape, strlen(escape));
}

char *
shell_quote(const char *text)
{
	AUTO_BYTES out = {0};
	bool       plain = is_plain(text);

	bytes_append(&out, plain ? "'" : "$'", plain ? 1 : 2);
	for (; *text != '\0'; text++) {
		if (plain)
			quote_plain(&out, *text);
		else
			quote_escaped(&out, *text);
	}
	bytes_append(&out, "'", 2); /* with its NUL */
	return memory_strdup((const char *)out.data);
}

char *
shell_word(const char *text)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:/@+";

	return text[0] != '\0' && text[strspn(text, plain)] == '\0' ? memory_strdup(text)
	                                                            : shell_quote(text);
}
