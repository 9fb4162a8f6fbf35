/* Tells the service manager our state by systemd's sd_notify protocol, if there is one. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdint.h>

/* state, its assignment in the protocol. */
#define SERVICE_STATES(X)               \
	X(READY,     "READY=1")         \
	X(RELOADING, "RELOADING=1")     \
	X(STOPPING,  "STOPPING=1")      \
	X(WATCHDOG,  "WATCHDOG=1")

enum service_state {
#define X(state, assignment) SERVICE_##state,
	SERVICE_STATES(X)
#undef X
};

/*
 * How long the service manager waits for WATCHDOG before it kills the service, in ms; 0: it does not
 * watch (WATCHDOG_USEC is not set, or no number).
 */
int64_t service_watchdog_ms(void);

/*
 * Opens the way to the service manager now, for a process that can make no socket later. Does
 * nothing when there is none; a failure is logged and nothing else.
 */
void service_connect(void);

/*
 * Sends the state to the socket that NOTIFY_SOCKET names (a path, or "@" and an
 * abstract name); RELOADING carries MONOTONIC_USEC and is to be followed by READY.
 * Does nothing when the variable is not set; a failure is logged and nothing else.
 * A unit needs Type=notify: its main process, the supervisor, is the one that tells.
 */
void service_notify(enum service_state state);

#endif
