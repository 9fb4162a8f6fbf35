/* Finds rows in the two tables; clients.c and servers.c hold them. */
#include "config.h"

#include "device/use/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/facts.h"
#include "device/use/tables.h"
#include "util/bytes.h"
#include "util/file.h"

const struct use_program *
use_program_at(size_t index)
{
	size_t clients = 0;

	while (use_client_at(clients) != NULL)
		clients++;
	return index < clients ? use_client_at(index) : use_server_row_at(index - clients);
}

const struct use_program *
use_program_find(const char *name)
{
	const struct use_program *program;

	for (size_t i = 0; (program = use_program_at(i)) != NULL; i++)
		if (strcmp(program->name, name) == 0)
			return program;
	return NULL;
}

bool
use_program_is_installed(const struct use_program *program)
{
	const char     *said = getenv("PATH");
	AUTO_BYTES      all = {0};
	char           *rest = NULL;
	char           *directory;
	bool            found = false;

	if (program->binary == NULL)
		return true;
	use_append(&all, said != NULL ? said : "/usr/bin:/bin");
	use_append(&all, ":/usr/sbin:/sbin");
	bytes_append(&all, "", 1);
	for (directory = strtok_r((char *)all.data, ":", &rest); directory != NULL && !found;
	     directory = strtok_r(NULL, ":", &rest)) {
		AUTO_FREE char *path = file_join(directory, program->binary);

		found = access(path, X_OK) == 0;
	}
	return found;
}
