/* Owns the log lines of a reload. */
#include "config.h"

#include "service/keeper/reload.h"

#include <stddef.h>

#include "util/config_change.h"
#include "util/error.h"
#include "util/log.h"

void
reload_log(const struct config_schema *schema, const struct config_changes *changes,
    const char *issuer)
{
	char names[CONFIG_NAMES_SIZE];

	config_names(schema, changes->waiting, names, sizeof names);
	if (names[0] != '\0')
		LOG(WARNING, {"event", "reload"}, {"waiting", names},
		    {"reason", "these settings have changed in the file, and need a restart"});
	/* The last line of a reload: who has read it knows them all. */
	config_names(schema, changes->taken, names, sizeof names);
	LOG(INFO, {"event", "reload"}, {"issuer", issuer}, {"settings", names},
	    {"reason", "configuration, certificates, keys and lists were read again"});
}

void
reload_log_failed(const struct error *why)
{
	LOG(ERROR, {"event", "reload-failed"}, {"consequence", "nothing has changed"},
	    {"remedy", "mend it and reload again; --check-config tells without a reload"},
	    {"reason", why->detail});
}
