/* Asks the kernel by path: opening a TPM would keep others from it. */
#include "config.h"

#include "pkcs11/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "tpm/tcti.h"

enum reach
reach_look(const char *tcti)
{
	const char *path = tpm_tcti_path(tcti);

	if (path == NULL || faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0)
		return REACH_OPEN;
	return errno == EACCES                      ? REACH_CLOSED
	    : errno == ENOENT || errno == ENOTDIR ? REACH_ABSENT
	                                          : REACH_OPEN;
}
