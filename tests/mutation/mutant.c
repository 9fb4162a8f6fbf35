/*
 * Owns the switch. All system calls are made before main, because a process in a sandbox may make none of
 * them, and one in a handler of signals should not.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "util/mutant.h"

static unsigned                on;      /* 0: none */
static volatile unsigned char *reached; /* shared with all processes of the test; NULL: nobody asks */
static size_t                  room;    /* its octets, one a fault */

/* Of the environment; a front has none but its own, and takes that of the supervisor that started it. */
static const char *
mutant_variable(const char *name)
{
	static char environment[65536];
	const char *value = getenv(name);
	size_t      length = strlen(name);
	char        path[64];
	ssize_t     size;
	int         fd;

	(void)snprintf(path, sizeof path, "/proc/%ld/environ", (long)getppid());
	if (value != NULL || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return value;
	size = read(fd, environment, sizeof environment - 1);
	(void)close(fd);
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(environment + at) + 1)
		if (strncmp(environment + at, name, length) == 0 && environment[at + (ssize_t)length] == '=')
			return strdup(environment + at + length + 1); /* for the life of the process */
	return NULL;
}

__attribute__((constructor)) static void
mutant_begin(void)
{
	const char *number = mutant_variable("MUTANT");
	const char *path = mutant_variable("MUTANT_REACHED");
	int         fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	void       *marks = MAP_FAILED;

	on = number == NULL ? 0 : (unsigned)strtoul(number, NULL, 10);
	if (fd >= 0 && fstat(fd, &st) == 0)
		marks = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (marks != MAP_FAILED) {
		reached = marks;
		room = (size_t)st.st_size;
	}
	if (fd >= 0)
		(void)close(fd);
}

int
mutant(unsigned number)
{
	if (number < room)
		reached[number] = 1;
	return number == on;
}
