/* Owns who the group is; certificate_files.c and state.c give it what it may read. */
#include "config.h"

#include "device/sharing.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "device/certificate_files.h"
#include "device/device_settings.h"
#include "device/pair.h"
#include "device/state.h"
#include "util/bytes.h"
#include "util/error.h"

#define GROUP_BUFFER ((size_t)1024 * 1024) /* of all names of its members */

/* A group that no database knows may be named by its number. */
static bool
number_take(const char *text, gid_t *group)
{
	char         *end;
	unsigned long number;

	if (*text == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9)
		return false;
	number = strtoul(text, &end, 10);
	*group = (gid_t)number;
	return true;
}

int
device_sharing_group(const struct device_settings *settings, gid_t *group, struct error *err)
{
	AUTO_FREE char *buffer = NULL;
	struct group    entry;
	struct group   *found = NULL;

	*group = PAIR_NO_GROUP;
	if (settings->key_group == NULL || number_take(settings->key_group, group))
		return 0;
	buffer = memory_new(GROUP_BUFFER);
	errno = getgrnam_r(settings->key_group, &entry, buffer, GROUP_BUFFER, &found);
	/* What getgrnam(3) lists for a group that there is not. */
	if (errno != 0 && errno != ENOENT && errno != ESRCH && errno != EBADF && errno != EPERM)
		return error_set_errno(err, ERROR_INTERNAL, "looking for the group \"%s\"",
		    settings->key_group);
	if (found == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "no group is called \"%s\" (key_group); make it with \"groupadd --system %s\"",
		    settings->key_group, settings->key_group);
	*group = found->gr_gid;
	return 0;
}

int
device_sharing_apply(const struct device_settings *settings, const struct device_state *state,
    struct error *err)
{
	gid_t group;

	if (device_sharing_group(settings, &group, err) != 0)
		return -1;
	if (group == PAIR_NO_GROUP)
		return 0;
	return device_state_show(state, err) == 0 &&
	        certificate_files_share(device_state_out(state, settings->out), group, err) == 0
	    ? 0
	    : -1;
}
