/*
 * The files that fronts may read from a keeper: named octets with a version, set by the
 * main thread and read by every worker. A new version replaces the old one at once; a
 * front that is reading the old one gets the beginning of the new one.
 */
#ifndef SERVICE_KEEPER_SHELF_H
#define SERVICE_KEEPER_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct channel;
struct error;
struct keeper;
struct keeper_question;
struct shelf;

struct shelf *shelf_new(void);
void          shelf_free(struct shelf *shelf); /* NULL is allowed */

/*
 * Adds or replaces a file; a name's versions only increase. Names with equal octets share
 * one copy and one version. Returns 0; or -1 with TOO_LARGE above FILE_SIZE_MAX octets,
 * FILE_NAME_MAX of the name or FILE_COUNT_MAX files; the old file stays then. Any thread.
 */
int shelf_put(struct shelf *shelf, const char *name, struct view content, struct error *err);

/* Removes a file if it exists. Any thread. */
void shelf_remove(struct shelf *shelf, const char *name);

/*
 * Answers a question about a file. Returns false, and does nothing, for any other
 * question. Any worker.
 */
bool shelf_answer(struct shelf *shelf, struct keeper_question *question, struct view body);

/* Appends the answer to such a question; a malformed one gets the answer for a missing file.
 * Public for tests. */
void shelf_read(struct shelf *shelf, struct view question, struct bytes *answer);

/*
 * Appends a file whose version is not `known`. Returns its version, or `known` when there is no
 * such file. Any thread.
 */
uint64_t shelf_copy(struct shelf *shelf, const char *name, uint64_t known, struct bytes *out);

/* Sends news of every file to a new front. Any worker. */
void shelf_greet(struct shelf *shelf, struct channel *channel);

/* Sends news of all changes since the last time to all fronts. Main thread. */
void shelf_tell(struct shelf *shelf, struct keeper *keeper);

#endif
