/*
 * The sandbox of each process: what the kernel still does for it after its start, so that whoever
 * runs code in it has nothing but that. Seccomp says which system calls, Landlock which files.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

struct error;

/* The setting "sandbox". The number goes from the supervisor to its children. */
#define SANDBOX_MODES(X)                                          \
	X(ON,        "on")        /* no start without seccomp */    \
	X(AVAILABLE, "available") /* as far as the kernel has it */ \
	X(OFF,       "off")

enum sandbox_mode {
#define X(mode, word) SANDBOX_##mode,
	SANDBOX_MODES(X)
#undef X
	SANDBOX_MODE_COUNT
};

/* Reads the word of the setting. MALFORMED. */
int sandbox_mode_parse(const char *text, enum sandbox_mode *mode, struct error *err);

/*
 * Before the processes start: logs, as a warning, which part the kernel, the build or the setting
 * leaves out. INTERNAL, with the remedy, when the mode is ON and the kernel has no seccomp.
 */
int sandbox_check(enum sandbox_mode mode, struct error *err);

/*
 * A front, with one thread, before it reads anything: it keeps the descriptors that it has, and may
 * accept, read and write, make threads, and end. It opens no file and makes no socket, and starts
 * and signals no process. INTERNAL.
 */
int sandbox_enter_front(enum sandbox_mode mode, struct error *err);

#endif
