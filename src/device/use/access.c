/* Asks the kernel by path, as the programs will. */
#include "config.h"

#include "device/use/access.h"

#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/facts.h"

#define TPM_DEVICE "device:"
#define TPM_SOCKET "swtpm:path="

/* The path in the name of a TPM; NULL when there is none in it. */
static const char *
tpm_path(const char *tcti)
{
	if (strncmp(tcti, TPM_DEVICE, sizeof TPM_DEVICE - 1) == 0)
		return tcti + sizeof TPM_DEVICE - 1;
	if (strncmp(tcti, TPM_SOCKET, sizeof TPM_SOCKET - 1) == 0)
		return tcti + sizeof TPM_SOCKET - 1;
	return NULL;
}

static bool
is_closed(const char *path, int mode, mode_t group_bit, const char *remedy, char *why, size_t size)
{
	struct stat         st;
	const struct group *group;

	if (access(path, mode) == 0 || errno != EACCES)
		return false;
	if (stat(path, &st) != 0)
		(void)snprintf(why, size, "this user may not enter the directory of %s%s", path, remedy);
	else if ((st.st_mode & group_bit) == 0)
		(void)snprintf(why, size, "this user may not open %s, which no group may%s", path, remedy);
	else if ((group = getgrgid(st.st_gid)) != NULL)
		(void)snprintf(why, size, "this user may not open %s; join the group %s", path, group->gr_name);
	else
		(void)snprintf(why, size, "this user may not open %s; join the group %lu", path,
		    (unsigned long)st.st_gid);
	return true;
}

bool
use_access_is_missing(const struct use_facts *facts, char *why, size_t size)
{
	const char *said = getenv("TPM2TOOLS_TCTI");
	const char *tcti = facts->tcti != NULL           ? facts->tcti
	    : said != NULL && said[0] != '\0'            ? said
	                                                 : "device:/dev/tpmrm0";
	const char *path = tpm_path(tcti);

	return is_closed(facts->keyfile, R_OK, S_IRGRP, "; name a group of yours as key_group in device.conf", why,
	           size) ||
	    (path != NULL && is_closed(path, R_OK | W_OK, S_IWGRP, "; see its owner", why, size));
}
