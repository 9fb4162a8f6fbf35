/*
 * Where the settings of a running daemon came from, its command line and its configuration file, to
 * read them again at a reload.
 */
#ifndef SERVICE_REREAD_H
#define SERVICE_REREAD_H

#include <stddef.h>

#include "util/config_change.h"
#include "util/config_file.h"

struct error;
struct reread;

/*
 * `given` is the struct of `size` octets that the schema fills, whose first member is a struct
 * service_settings, with what the command line says and nothing else; it is copied. The schema and
 * `path`, the configuration file (NULL: none), are borrowed.
 */
struct reread *reread_new(const struct config_schema *schema, size_t size, const void *given,
    const char *path);
/* The configuration file; NULL: none, also when `reread` is NULL. */
const char    *reread_path(const struct reread *reread);
void           reread_free(struct reread *reread); /* NULL is allowed */

/*
 * Reads and checks everything again. *out is then what the daemon is to run with: the new values
 * of those settings that a reload takes over, and what is `running` for the others. The caller
 * frees it with reread_settings_free. -1, as config_file_complete says, for a fault in the file, and
 * MALFORMED when the new values do not go with those that need a restart; *out is not set then.
 * With `reread` NULL it is a copy of `running`. One thread of a process only.
 */
int  reread_settings(const struct reread *reread, const struct config_schema *schema, size_t size,
    const void *running, void **out, struct config_changes *changes, struct error *err);
void reread_settings_free(const struct config_schema *schema, void *settings); /* takes NULL too */

#endif
