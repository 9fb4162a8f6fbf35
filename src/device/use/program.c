/* Finds rows in the two tables; clients.c and servers.c hold them. */
#include "config.h"

#include "device/use/program.h"

#include <stdio.h>
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

static bool
is_installed(const char *binary)
{
	const char     *said = getenv("PATH");
	AUTO_BYTES      all = {0};
	char           *rest = NULL;
	char           *directory;
	bool            found = false;

	use_append(&all, said != NULL ? said : "/usr/bin:/bin");
	use_append(&all, ":/usr/sbin:/sbin");
	bytes_append(&all, "", 1);
	for (directory = strtok_r((char *)all.data, ":", &rest); directory != NULL && !found;
	     directory = strtok_r(NULL, ":", &rest)) {
		AUTO_FREE char *path = file_join(directory, binary);

		found = access(path, X_OK) == 0;
	}
	return found;
}

bool
use_program_is_installed(const struct use_program *program)
{
	return program->binary == NULL || is_installed(program->binary);
}

bool
use_program_tool_is_missing(const struct use_program *program, char tool[USE_TOOL_SIZE])
{
	const char *at = program->tools != NULL ? program->tools : "";

	for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		(void)snprintf(tool, USE_TOOL_SIZE, "%.*s", (int)length, at);
		if (!is_installed(tool))
			return true;
		at += length;
	}
	return false;
}
