/* Checks the settings that every daemon has; uses none of them. */
#include "config.h"

#include "service/settings.h"

#include "daemon/launch.h"
#include "util/bytes.h"
#include "util/error.h"

int
service_settings_check(struct service_settings *settings, struct error *err)
{
	if (log_level_parse(settings->log_level, &settings->level, err) != 0)
		return error_wrap(err, "log_level");
	if (settings->store == NULL)
		settings->store = memory_strdup(settings->state_dir);
	if (settings->workers == 0)
		settings->workers = launch_workers_default();
	if (settings->listen.count > LAUNCH_LISTEN_MAX)
		return error_set(err, ERROR_MALFORMED, "listen: more than %u addresses",
		    LAUNCH_LISTEN_MAX);
	return 0;
}
