/*
 * The sandbox of each process: what the kernel still does for it after its start, so that whoever
 * runs code in it has nothing but that. Seccomp says which system calls, Landlock which files.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include <stddef.h>

struct error;
struct landlock_path;

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
 * The supervisor, with one thread, before it starts a child: it gives up what none of the three
 * processes needs, capabilities among them. INTERNAL.
 */
int sandbox_enter_supervisor(enum sandbox_mode mode, struct error *err);

/*
 * A front, with one thread, before it reads anything: it keeps the descriptors that it has, and may
 * accept, read and write, make threads, and end. It opens no file and makes no socket, and starts
 * and signals no process. INTERNAL.
 */
int sandbox_enter_front(enum sandbox_mode mode, struct error *err);

/* What a keeper's keys take. */
enum sandbox_keys {
	SANDBOX_KEYS_FILES,   /* they are in files */
	SANDBOX_KEYS_MODULE,  /* a library of somebody else's: a token's module, a TPM's provider */
	SANDBOX_KEYS_COMMAND, /* a program that such a library starts */
};

/*
 * A keeper, with one thread, when its keys are loaded. With keys in files it may open these paths
 * and no other, makes no socket, starts and signals no process, and has no executable memory but
 * what there is. For another's library the files stay open to it, and only what no such library
 * needs is forbidden. INTERNAL.
 */
int sandbox_enter_keeper(enum sandbox_mode mode, enum sandbox_keys keys,
    const struct landlock_path *paths, size_t count, struct error *err);

#endif
