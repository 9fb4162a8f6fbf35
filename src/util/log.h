/* Structured log lines on standard error: key=value, the reason last. */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/* Ordered: a line is written when its level is at or below the threshold. */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Reads "error", "warning", "info" or "debug". MALFORMED otherwise. */
int log_level_parse(const char *text, enum log_level *level, struct error *err);

/* Names the process in every line ("attestd/front") and sets the threshold; call before threads. */
void log_open(const char *process, enum log_level threshold);

/* That name. */
const char *log_process(void);

/* Sets the threshold alone. Any thread. */
void log_threshold(enum log_level threshold);

/* True when a line of this level is written at all. */
bool log_wants(enum log_level level);

/* A field of a log line: key and text. The text is escaped, so it may come from a remote peer. */
struct log_field {
	const char *key;
	const char *value;
};

/*
 * Never waits for a reader: a line for which there is no room is lost, and how many were is
 * logged later.
 * Writes one line in one write(2), cut off at 2 KiB:
 *   2026-11-21T09:30:00Z info attestd/front request=17 event=challenge … reason="…"
 * By custom the request's id stands first and the reason last. Fields end with one whose key is
 * NULL; a field whose value is NULL or empty is left out. Values that hold anything but letters,
 * digits and -._:/@+ are quoted, and what is not printable ASCII in them is written \xHH.
 */
void log_write(enum log_level level, const struct log_field *fields);

/* Says how many lines were lost, if any were and there is room again; also the next line does. */
void log_flush(void);

/* Writes a number for a field's value, and returns the text: {"request", log_number(id, text)}. */
#define LOG_NUMBER_SIZE 24
const char *log_number(uint64_t number, char text[LOG_NUMBER_SIZE]);

/* LOG(INFO, {"request", id}, {"event", "challenge"}, {"reason", err.detail}); */
#define LOG(level, ...) \
	log_write(LOG_LEVEL_##level, (const struct log_field[]){__VA_ARGS__, {NULL, NULL}})

#endif
