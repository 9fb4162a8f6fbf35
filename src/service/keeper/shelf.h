/*
 * The files that fronts may read from a keeper: named octets, each with a version, put
 * there by the main thread and read by every worker. A new version replaces the old one
 * at once; who is reading the old one gets the beginning of the new one.
 */
#ifndef SERVICE_KEEPER_SHELF_H
#define SERVICE_KEEPER_SHELF_H

#include <stdbool.h>

#include "util/bytes.h"

struct channel;
struct error;
struct keeper;
struct keeper_question;
struct shelf;

struct shelf *shelf_new(void);
void          shelf_free(struct shelf *shelf); /* NULL is allowed */

/*
 * Puts a file there, or replaces it; a name's versions only grow. Octets that are there
 * already are not copied: all their names have one version.
 * Returns 0; or -1 with TOO_LARGE above FILE_SIZE_MAX octets, FILE_NAME_MAX of the name or
 * FILE_COUNT_MAX files: what there was stays. For any thread.
 */
int shelf_put(struct shelf *shelf, const char *name, struct view content, struct error *err);

/* There is no such file any more, if there was one. For any thread. */
void shelf_remove(struct shelf *shelf, const char *name);

/*
 * Answers the question when it is about a file. Returns false, and does nothing, when it
 * is about something else. For any worker.
 */
bool shelf_answer(struct shelf *shelf, struct keeper_question *question, struct view body);

/* Appends the answer to such a question; what is none is answered as for a file that is not there. */
void shelf_read(struct shelf *shelf, struct view question, struct bytes *answer);

/* Tells a new front of every file. For any worker. */
void shelf_greet(struct shelf *shelf, struct channel *channel);

/* Tells all fronts what has changed since the last time. For the main thread. */
void shelf_tell(struct shelf *shelf, struct keeper *keeper);

#endif
