/* Our part of a program's configuration file, between two marks. */
#ifndef DEVICE_USE_PLACE_H
#define DEVICE_USE_PLACE_H

#include <stdbool.h>

#include "util/bytes.h"

struct error;
struct use_program;

/* What stands in the file. */
enum use_state {
	USE_ABSENT,  /* nothing of ours */
	USE_SET,     /* our text, as it would be written now */
	USE_OTHER,   /* our part with another text */
	USE_FOREIGN, /* a file that we do not write in: it has no comments and is not ours */
	USE_BROKEN,  /* a first mark without the last: nobody knows what between them is ours */
};

/*
 * The program's file, with the home directory in place of "~", and XDG_CONFIG_HOME in place of
 * "~/.config"; as it is in the table where neither is set. NULL when there is none.
 */
char *use_place_path(const struct use_program *program);

/* Looks at it. INTERNAL. */
int use_place_look(const struct use_program *program, struct view text, enum use_state *state,
    struct error *err);

/*
 * Writes the text between marks that name the program, in place of what is between them, else at the
 * end; what is there stays. A file that had no such part is copied to FILE.attest-device.bak first.
 * The file keeps its mode and group. A link is followed to a file of the same user, by root as
 * use_path_open has it. *changed is false when it was written already. CONFLICT for a file that we do
 * not write in, and for one with a mark alone, whose line is named; NOT_FOUND without HOME; INTERNAL,
 * also when the directory is another user's.
 */
int use_place_write(const struct use_program *program, struct view text, bool *changed,
    struct error *err);

/* Takes our part out, and removes a file that was nothing else. *changed is false without one. CONFLICT
 * for a file with a mark alone, and for one without comments that is not as we write it. */
int use_place_remove(const struct use_program *program, struct view text, bool *changed,
    struct error *err);

#endif
