/* Owns the format of log lines. */
#include "config.h"

#include "util/log.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
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
	uint64_t                lost; /* lines, under log_mutex */
} log_settings = {"attest", LOG_LEVEL_INFO, 0};

/* One thread of a process writes at a time: what poll(2) says holds for it. */
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;

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

const char *
log_process(void)
{
	return log_settings.process;
}

void
log_threshold(enum log_level threshold)
{
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

/*
 * Writes the line unless that would wait for the reader of standard error: a pipe that is not
 * read must not stop the process. Its open file is shared with others, so its flags stay as
 * they are.
 */
static bool
log_emit(const struct log_line *line)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
	struct iovec  piece = {(void *)(uintptr_t)line->text, line->size};
	struct stat   file;

	if (fstat(STDERR_FILENO, &file) != 0)
		return true; /* it is closed: no log is wanted */
	if (!S_ISREG(file.st_mode) && poll(&ready, 1, 0) == 0)
		return false;
	if (S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode)) {
		/* Another process may have filled it since poll(2). */
		if (pwritev2(STDERR_FILENO, &piece, 1, -1, RWF_NOWAIT) >= 0)
			return true;
		if (errno == EAGAIN)
			return false;
		if (errno == EPIPE)
			return true;
		/* Linux before 6.4 cannot do so for pipes. */
	}
	/* Nowhere to report a log that cannot be written. */
	return write(STDERR_FILENO, line->text, line->size) >= 0 || errno != EAGAIN;
}

static void
log_begin(struct log_line *line, enum log_level level)
{
	char now[CLOCK_TEXT_SIZE];

	line->size = 0;
	clock_format(clock_now(), now);
	log_puts(line, now);
	log_puts(line, " ");
	log_puts(line, level_names[level]);
	log_puts(line, " ");
	log_puts(line, log_settings.process);
}

static void
log_put_field(struct log_line *line, const struct log_field *field)
{
	if (field->value == NULL || field->value[0] == '\0')
		return;
	log_puts(line, " ");
	log_puts(line, field->key);
	log_puts(line, "=");
	if (log_is_plain(field->value))
		log_puts(line, field->value);
	else
		log_put_quoted(line, field->value);
}

/* Says how many lines were lost, as soon as there is room for that. */
static void
log_tell_lost(void)
{
	uint64_t         lost = log_settings.lost;
	char             count[LOG_NUMBER_SIZE];
	struct log_field fields[] = {{"event", "log"}, {"lost", log_number(lost, count)},
	    {"reason", "nobody read standard error"}};
	struct log_line  line;

	log_begin(&line, LOG_LEVEL_WARNING);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		log_put_field(&line, &fields[i]);
	line.text[line.size++] = '\n';
	if (log_emit(&line))
		log_settings.lost -= lost;
}

void
log_write(enum log_level level, const struct log_field *fields)
{
	struct log_line line;

	if (!log_wants(level))
		return;
	log_begin(&line, level);
	for (; fields->key != NULL; fields++)
		log_put_field(&line, fields);
	line.text[line.size++] = '\n';
	(void)pthread_mutex_lock(&log_mutex);
	if (log_settings.lost != 0)
		log_tell_lost();
	if (log_settings.lost != 0 || !log_emit(&line))
		log_settings.lost++;
	(void)pthread_mutex_unlock(&log_mutex);
}

void
log_flush(void)
{
	(void)pthread_mutex_lock(&log_mutex);
	if (log_settings.lost != 0)
		log_tell_lost();
	(void)pthread_mutex_unlock(&log_mutex);
}

const char *
log_number(uint64_t number, char text[LOG_NUMBER_SIZE])
{
	(void)snprintf(text, LOG_NUMBER_SIZE, "%" PRIu64, number);
	return text;
}
