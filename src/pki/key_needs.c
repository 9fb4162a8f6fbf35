/* Notes what keys take, and refuses what a sandbox does not leave. Opens no key. */
#include "config.h"

#include "pki/key_needs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"

int
key_needs_module(struct key_needs *needs, const char *uri, bool tpm, struct error *err)
{
	static const char program[] = "cmd:";
	const char       *tcti = tpm ? getenv("TPM2OPENSSL_TCTI") : NULL;
	bool              command = tcti != NULL && strncmp(tcti, program, sizeof program - 1) == 0;

	if (needs == NULL)
		return 0;
	if (needs->settled && (!needs->module || (command && !needs->command)))
		return error_set(err, ERROR_INTERNAL,
		    "%.256s is in a token or a TPM, which the sandbox of this process does not reach since its "
		    "start; restart it to use that key", uri);
	needs->module = true;
	needs->command = needs->command || command;
	return 0;
}

int
key_needs_file(struct key_needs *needs, const char *uri, struct error *err)
{
	static const char scheme[] = "file:";
	const char       *path = strncmp(uri, scheme, sizeof scheme - 1) == 0 ? uri + sizeof scheme - 1 : uri;
	int               fd;

	if (needs == NULL)
		return 0;
	if (!needs->settled) {
		config_list_append(&needs->files, path);
		return 0;
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
		return close(fd);
	/* Landlock refuses what access(2) does not know of. */
	if (errno == EACCES && access(path, R_OK) == 0)
		return error_set(err, ERROR_INTERNAL,
		    "%.256s is outside of what this process may open since its start; restart it to use that "
		    "key", path);
	return 0;
}

void
key_needs_clear(struct key_needs *needs)
{
	config_list_clear(&needs->files);
	*needs = (struct key_needs){0};
}
