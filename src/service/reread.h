/*
 * The configuration file of a running daemon, read again to tell what has changed in it: settings
 * are taken at start only, so that somebody who changes one hears that it wants a restart.
 */
#ifndef SERVICE_REREAD_H
#define SERVICE_REREAD_H

#include <stddef.h>

#include "util/config_file.h"

struct error;
struct reread;

/*
 * What the file says now; `path` and `schema` are borrowed, and `size` is that of the struct that
 * the schema fills. NULL when there is no file (`path` NULL) or it cannot be read.
 */
struct reread *reread_new(const struct config_schema *schema, size_t size, const char *path);
void           reread_free(struct reread *reread); /* NULL is allowed, and below */

/*
 * Writes the names of the settings that the file gives another value now than at the start, with
 * ", " between them; "" for none. -1, as config_file_complete says, for a fault in the file.
 */
int reread_changed(const struct reread *reread, char *names, size_t size, struct error *err);

#endif
