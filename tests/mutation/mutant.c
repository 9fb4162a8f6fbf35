#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "util/mutant.h"

#define MUTANTS_MAX 16384

static unsigned       on; /* 0: none */
static const char    *reached;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_uchar   seen[MUTANTS_MAX];

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

static void
mutant_begin(void)
{
	const char *number = mutant_variable("MUTANT");

	reached = mutant_variable("MUTANT_REACHED");
	on = number == NULL ? 0 : (unsigned)strtoul(number, NULL, 10);
}

int
mutant(unsigned number)
{
	char line[16];
	int  fd, size;

	(void)pthread_once(&once, mutant_begin);
	if (reached != NULL && number < MUTANTS_MAX && atomic_exchange(&seen[number], 1) == 0 &&
	    (fd = open(reached, O_WRONLY | O_APPEND | O_CLOEXEC)) >= 0) {
		size = snprintf(line, sizeof line, "%u\n", number);
		(void)!write(fd, line, (size_t)size); /* short lines are added whole */
		(void)close(fd);
	}
	return number == on;
}
