/*
 * A daemon's keeper, as far as all daemons are alike: the store and its writer, the shelf of
 * files, the greeting of fronts, questions on their way, the warnings before something
 * expires. The daemon adds what is asked and what it owns.
 */
#ifndef SERVICE_KEEPER_KEEPER_H
#define SERVICE_KEEPER_KEEPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pki/key_needs.h"
#include "util/bytes.h"

struct call;
struct call_service;
struct confinement;
struct config_schema;
struct deadlines;
struct error;
struct keeper;
struct service_greeting;
struct service_settings;
struct shared;
struct shared_version;
struct shelf;
struct store;
struct store_writer;

/*
 * What a daemon adds; `state` is its own keeper. All but `greet` and `free` run in the main thread.
 *
 * A revision is what the daemon runs with between two reloads: a struct of its own, whose first
 * member is the struct that its schema fills (which begins with a struct service_settings). It never
 * changes: a reload makes another one and replaces this as a whole. A question holds the one that
 * was there when its turn came until it is answered.
 */
struct service_keeper_program {
	const struct call_service *questions; /* with service_keeper_hold and _release */

	const struct config_schema *(*schema)(void);
	size_t settings_size;       /* of the struct that it fills */
	void (*free)(void *revision); /* any thread */

	/* Opens the daemon's store at a place, for one thread. */
	int (*open)(const char *place, struct store **store, struct error *err);

	/* Encodes its own greeting, which begins with the common one; NULL: that is all. Any
	 * thread, one at a time. */
	void (*greet)(const void *revision, const struct service_greeting *common, struct bytes *out);

	/* Every worker serves, which is logged; NULL: nothing to do. */
	void (*ready)(void *state);

	/* Looks at everything that expires (deadlines_watch). */
	void (*watch)(void *state, int64_t now);

	/* About once a second, and after each reload. */
	void (*tick)(void *state, struct keeper *all);

	/*
	 * On SIGHUP, when the configuration has no fault: makes a revision with a copy of these
	 * settings, reads and checks all that they name, and only then takes anything over, with
	 * service_keeper_take. -1: nothing has changed, because of err.
	 */
	int (*reload)(void *state, const void *settings, struct error *err);

	/* The identifier of the CA that signs, for the log of a reload. */
	const char *(*issuer)(const void *state);
};

/* Workers read it, and change only the members that say so. */
struct service_keeper {
	const struct service_keeper_program *program;
	struct shared                       *revisions; /* any thread may hold one */
	void                                *state; /* the daemon's own keeper */
	const char                          *listening; /* for the log of the start, like the next */
	const char                          *url;       /* NULL: none */
	struct shelf                        *shelf;  /* has a lock of its own */
	struct store_writer                 *writer; /* any thread may submit */
	struct store                        *store;  /* this and the next four are the main thread's */
	struct shared_version               *held;   /* the present revision; NULL before the first */
	const struct service_settings       *settings; /* of it, or those of the start */
	struct deadlines                    *deadlines;
	struct key_needs                     key_needs; /* of the daemon's keys, which it opens */
	bool                                 contained; /* it enters the sandbox */
	struct confinement                  *confinement; /* NULL: every file is open to it */
	int64_t                              next_watch; /* 0: at the next tick */
	pthread_mutex_t                      tls_lock; /* guards what follows: workers greet fronts */
	struct bytes                         tls_chain; /* PEM; both empty for plain HTTP */
	struct bytes                         tls_key;
};

/* Begins with an empty shelf, nothing open and no revision; the pointers are borrowed. */
void service_keeper_init(struct service_keeper *keeper,
    const struct service_keeper_program *program, const struct service_settings *settings,
    void *state);

/* Opens keeper->store, before any key. Errors as those of the program's `open`. */
int service_keeper_open(struct service_keeper *keeper, struct error *err);

/* What notes the needs of keys; NULL for a process without a sandbox, front and keeper both. */
struct key_needs *service_keeper_needs(struct service_keeper *keeper);

/*
 * Enters the sandbox (confine.h), for good: after all keys are loaded, and before the first thread; and
 * signs there with those of tokens and TPMs. Does nothing for a process that is front and keeper both,
 * for a debugger. INTERNAL, with the remedy.
 */
int service_keeper_confine(struct service_keeper *keeper, struct error *err);

/* Starts keeper->writer, on a store of its own. */
int service_keeper_write(struct service_keeper *keeper, struct error *err);

/* Serves until the supervisor ends it (daemon/keeper.h), and stops the writer. */
int service_keeper_run(struct service_keeper *keeper, int control, bool signals, struct error *err);

/* Finishes all changes and ends the writer, if there is one: what jobs use may be freed now. */
void service_keeper_stop(struct service_keeper *keeper);

/* Stops the writer and frees everything. */
void service_keeper_clear(struct service_keeper *keeper);

/* Takes over this revision: it is for all questions from now on. Main thread. */
void service_keeper_take(struct service_keeper *keeper, void *revision);

/* Takes over the octets: fronts that come serve TLS with them. Main thread. */
void service_keeper_take_tls(struct service_keeper *keeper, struct bytes *chain, struct bytes *key);

/* Sends the greeting, which has changed, to all fronts. Main thread. */
void service_keeper_greet(struct service_keeper *keeper, struct keeper *all);

/* Calls `watch` of the program if a minute has passed. Main thread. */
void service_keeper_watch(struct service_keeper *keeper);

/* The daemon's own keeper, which a question was asked. */
void *service_keeper_state(const struct call *call);

/* The revision with which a question is processed, from its turn to its answer. */
const void *service_keeper_revision(const struct call *call);

/* Members of every daemon's struct call_service. */
void *service_keeper_hold(void *keeper);
void  service_keeper_release(void *keeper, void *held);

#endif
