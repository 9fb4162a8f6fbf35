/* Owns the log on request. Each line is one write(2), so that processes can share a file. */
#include "config.h"

#include "pkcs11/debug.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_SIZE 1024

/* -1: nobody asked. A file stays open as long as the process lives. */
static atomic_int debug_fd = -1;

void
debug_open(void)
{
	const char *where = secure_getenv("ATTEST_PKCS11_DEBUG");
	int         fd = STDERR_FILENO;

	if (where == NULL || *where == '\0' || atomic_load(&debug_fd) >= 0)
		return;
	if (*where == '/')
		fd = open(where, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	atomic_store(&debug_fd, fd);
}

void
debug_say(const char *fmt, ...)
{
	char    line[LINE_MAX_SIZE];
	int     fd = atomic_load(&debug_fd);
	int     used;
	va_list args;

	if (fd < 0)
		return;
	used = snprintf(line, sizeof line, "attest-pkcs11[%ld]: ", (long)getpid());
	va_start(args, fmt);
	used += vsnprintf(line + used, sizeof line - (size_t)used, fmt, args);
	va_end(args);
	used = used < (int)sizeof line ? used : (int)sizeof line - 1;
	line[used] = '\n'; /* in place of the NUL */
	(void)!write(fd, line, (size_t)used + 1);
}
