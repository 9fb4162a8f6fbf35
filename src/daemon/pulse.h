/*
 * A child's pulse: the messages by which it tells the supervisor that its main thread and all its
 * workers run, and by which the keeper, which has no socket to the service manager, has it told.
 * Whoever has not been heard for long is killed. What its main thread does besides, as to sign a list
 * or to wait until others have written, may take longer: it says when that begins and ends, and the
 * time between is no silence.
 */
#ifndef DAEMON_PULSE_H
#define DAEMON_PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Main thread, but for `answered`. */
struct pulse {
	int64_t       every_ms; /* 0: nobody listens */
	int64_t       due;
	size_t        workers;
	atomic_size_t answered; /* workers that have, since the last beat */
};

/*
 * How long a child may be silent, in ms: half of what the service manager waits for us
 * (WATCHDOG_USEC), or of two minutes. Children beat eight times as often.
 */
int64_t pulse_patience_ms(void);

/* The first beat is due at once. */
void pulse_start(struct pulse *pulse, size_t workers);

/*
 * True when a beat is due and every worker has answered the last one: the caller sends it, and posts
 * pulse_answer_cb with this pulse to each worker.
 */
bool pulse_beats(struct pulse *pulse, int64_t now);

/* A worker's answer; `arg` is the pulse. */
void pulse_answer_cb(void *arg);

/* What a child says, in one octet. */
enum pulse_word {
	PULSE_BEAT,
	PULSE_WORK, /* the main thread is about to do what may take long */
	PULSE_DONE, /* it has; a beat says so too */
	PULSE_READY,     /* for the service manager (daemon/service.h), from the keeper alone */
	PULSE_RELOADING, /* the same */
};

/* A child says it over its control socket, and does not wait for room there. */
void pulse_send(int control, enum pulse_word word);

/* What the supervisor hears of a child. */
struct pulse_watch {
	int     control; /* our end of the child's control socket; -1: none */
	int64_t heard;   /* when it last beat, or started, later by what it has worked since; 0: it need
	                  * not beat yet */
	int64_t working; /* since when; 0: it does not */
	bool    beaten;  /* once at least */
	bool    speaks;  /* it is the keeper: what it says for the service manager is passed on */
};

/* Another process is at the other end of this socket, which it owns, and counts as heard at `heard`. */
void pulse_watch_begin(struct pulse_watch *watch, int control, int64_t heard);

/* How long the main thread may work at one thing, in ms. */
#define PULSE_WORK_MAX 900000

/*
 * Takes what the child has said; returns how long it has been silent now, in ms: what it works is not
 * counted, up to PULSE_WORK_MAX.
 */
int64_t pulse_watch_listen(struct pulse_watch *watch, int64_t now);

/* Its silence begins anew: it was not to blame for it, or has been punished. */
void pulse_watch_forgive(struct pulse_watch *watch, int64_t now);

#endif
