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
 * and signals no process. The descriptors below `first` are other processes' too: it does not shut them
 * down, nor change their flags. INTERNAL.
 */
int sandbox_enter_front(enum sandbox_mode mode, unsigned first, struct error *err);

/* What a keeper's keys take. */
enum sandbox_keys {
	SANDBOX_KEYS_FILES,   /* they are in files */
	SANDBOX_KEYS_MODULE,  /* a library of somebody else's: a token's module, a TPM's provider */
	SANDBOX_KEYS_COMMAND, /* a program that such a library starts */
};

/* The sockets that a token or a TPM may be behind: the setting "key_sockets". */
#define SANDBOX_SOCKETS(X)                                  \
	X(UNIX,    "unix",    AF_UNIX,    AF_UNIX)          \
	X(INET,    "inet",    AF_INET,    AF_INET6)         \
	X(NETLINK, "netlink", AF_NETLINK, AF_NETLINK)

enum sandbox_socket {
#define X(socket, word, family, other) SANDBOX_SOCKET_##socket,
	SANDBOX_SOCKETS(X)
#undef X
	SANDBOX_SOCKET_COUNT
};

#define SANDBOX_SOCKET_BIT(socket) (1U << SANDBOX_SOCKET_##socket)

/* Adds the bit of a word of the setting. MALFORMED. */
int sandbox_socket_parse(const char *text, unsigned *sockets, struct error *err);

/* What a keeper keeps. */
struct sandbox_keeper {
	enum sandbox_keys           keys;
	unsigned                    sockets; /* bits; nothing to keys in files */
	const struct landlock_path *paths;   /* `count` of them */
	size_t                      count;
};

/*
 * A keeper, with no other threads of its own, when its keys are loaded: it may open these paths and no
 * other. With keys in files it makes no socket, starts and signals no process, and has no executable
 * memory but what there is: a list of system calls. For another's library it makes the sockets of
 * `sockets`, and besides these only what no such library needs is forbidden. Threads that such a library
 * has started already enter it, too; one that cannot be interrupted keeps its user's files, which is
 * logged. INTERNAL.
 */
int sandbox_enter_keeper(enum sandbox_mode mode, const struct sandbox_keeper *keeper,
    struct error *err);

#endif
