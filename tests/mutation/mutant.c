/*
 * Owns the switch. All system calls are made before main, because a process in a sandbox may make none of
 * them, and one in a handler of signals should not.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mutant.h"

static unsigned                on;      /* 0: none */
static volatile unsigned char *reached; /* shared with all processes of the test; NULL: nobody asks */
static size_t                  room;    /* its octets, one a fault */

/* A front, which is another user's and keeps few variables, keeps those that begin with LC_. */
__attribute__((constructor)) static void
mutant_begin(void)
{
	const char *number = getenv("LC_MUTANT");
	const char *path = getenv("LC_MUTANT_REACHED");
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
