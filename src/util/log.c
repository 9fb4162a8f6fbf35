/* Owns the format of log lines. */
#include "config.h"

#include "util/log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/error.h"

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

/* Atomic, because each worker of a front sets them when its configuration arrives. */
static struct {
	_Atomic(const char *)   process;
	_Atomic(enum log_level) threshold;
} log_settings = {"attest", LOG_LEVEL_INFO};

/* One line; text that does not fit is cut, so that a line is one write. */
struct log_line {
	char   text[2048];
	size_t size;
};

int
log_level_parse(const char *text, enum log_level *level, struct error *err)
{
	for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return error_set(err, ERROR_MALFORMED,
	    "log level \"%.32s\" is none of error, warning, info, debug", text);
}

void
log_open(const char *process, enum log_level threshold)
{
	log_settings.process = process;
	log_settings.threshold = threshold;
}

bool
log_wants(enum log_level level)
{
	return level <= log_settings.threshold;
}

/* Keeps one octet free for the newline. */
static void
log_put(struct log_line *line, const char *text, size_t size)
{
	size_t room = sizeof line->text - 1 - line->size;

	if (size > room)
		size = room;
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

static void
log_puts(struct log_line *line, const char *text)
{
	log_put(line, text, strlen(text));
}

static bool
log_is_plain(const char *value)
{
	/* Not isalnum, which depends on the locale. */
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	                            "-._:/@+";

	return value[strspn(value, plain)] == '\0';
}

static void
log_put_quoted(struct log_line *line, const char *value)
{
	log_puts(line, "\"");
	for (const char *p = value; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		char          escaped[5];

		if (c == '"' || c == '\\')
			(void)snprintf(escaped, sizeof escaped, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			(void)snprintf(escaped, sizeof escaped, "\\x%02x", c);
		else
			(void)snprintf(escaped, sizeof escaped, "%c", c);
		log_puts(line, escaped);
	}
	log_puts(line, "\"");
}

void
log_write(enum log_level level, const struct log_field *fields)
{
	struct log_line line = {.size = 0};
	char            now[CLOCK_TEXT_SIZE];

	if (!log_wants(level))
		return;
	clock_format(clock_now(), now);
	log_puts(&line, now);
	log_puts(&line, " ");
	log_puts(&line, level_names[level]);
	log_puts(&line, " ");
	log_puts(&line, log_settings.process);
	for (; fields->key != NULL; fields++) {
		if (fields->value == NULL || fields->value[0] == '\0')
			continue;
		log_puts(&line, " ");
		log_puts(&line, fields->key);
		log_puts(&line, "=");
		if (log_is_plain(fields->value))
			log_puts(&line, fields->value);
		else
			log_put_quoted(&line, fields->value);
	}
	line.text[line.size++] = '\n';
	/* There is nowhere to report that the log cannot be written. */
	if (write(STDERR_FILENO, line.text, line.size) < 0)
		return;
}

const char *
log_number(uint64_t number, char text[LOG_NUMBER_SIZE])
{
	(void)snprintf(text, LOG_NUMBER_SIZE, "%" PRIu64, number);
	return text;
}
