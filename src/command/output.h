/* A file that a command writes where the administrator says: whole under its name, or not there. */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include <sys/types.h>

#include <stdbool.h>

struct error;
struct output;

/* How it is written. */
struct output_plan {
	mode_t mode;    /* no umask */
	bool   replace; /* whatever is there; else it is CONFLICT */
	bool   guarded; /* the process gives up what it is now: somebody must stay who may rename */
};

/*
 * Begins a file that output_commit puts at `path`: under another name beside it, in the
 * directory that is there now. Guarded, a process stays behind as the user of now, which gives the file
 * its name or removes it, when it is told to or when this process ends, and does nothing else.
 * INTERNAL. output_free takes NULL too, and removes what was not committed.
 */
int  output_open(const char *path, const struct output_plan *plan, struct output **out,
     struct error *err);
void output_free(struct output *output);

/* Where to write. */
int output_fd(const struct output *output);

/*
 * Puts what was written on disk, and under its name. CONFLICT when something is there that is
 * not to be replaced, else INTERNAL.
 */
int output_commit(struct output *output, struct error *err);

/* Removes it without a word; does only what a signal's handler may. */
void output_interrupt(const struct output *output);

#endif
