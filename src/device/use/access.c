/* Asks the kernel by path, as the programs will. */
#include "config.h"

#include "device/use/access.h"

#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device/use/facts.h"
#include "tpm/tcti.h"

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

static bool
tpm_is_absent(const char *path, char *why, size_t size)
{
	if (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
		return false;
	(void)snprintf(why, size, "there is no TPM at %s", path);
	return true;
}

/* The TPM that the module will use (attest-pkcs11(7)). */
static const char *
tcti_of(const struct use_facts *facts)
{
	const char *const said[] = {facts->tpm, getenv("ATTEST_PKCS11_TPM"), facts->tcti, getenv("TPM2TOOLS_TCTI")};

	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		if (said[i] != NULL && said[i][0] != '\0')
			return said[i];
	return "device:/dev/tpmrm0";
}

bool
use_access_is_missing(const struct use_facts *facts, char *why, size_t size)
{
	const char *path = tpm_tcti_path(tcti_of(facts));

	return is_closed(facts->keyfile, R_OK, S_IRGRP, "; name a group of yours as key_group in device.conf", why,
	           size) ||
	    (path != NULL && (is_closed(path, R_OK | W_OK, S_IWGRP, "; see its owner", why, size) ||
	                         tpm_is_absent(path, why, size)));
}
