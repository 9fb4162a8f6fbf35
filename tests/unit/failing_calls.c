#include "config.h"

#include "failing_calls.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "failing.h"

static int told = EIO;

void
failing_calls(int error)
{
	told = error;
}

/* Sets errno when this call is the one. */
static bool
fails(bool transfers)
{
	if (told == EINTR && (!transfers || failing_lasts())) /* else nothing would ever end */
		return false;
	if (!failing_now())
		return false;
	errno = told;
	return true;
}

/* A wrapped call is named so by the linker. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

WRAP(ssize_t, read, int fd, void *data, size_t size)
{
	return fails(true) ? -1 : __real_read(fd, data, size);
}

WRAP(ssize_t, __read_chk, int fd, void *data, size_t size, size_t room)
{
	return fails(true) ? -1 : __real___read_chk(fd, data, size, room);
}

WRAP(ssize_t, write, int fd, const void *data, size_t size)
{
	return fails(true) ? -1 : __real_write(fd, data, size);
}

WRAP(ssize_t, pread, int fd, void *data, size_t size, off_t at)
{
	return fails(false) ? -1 : __real_pread(fd, data, size, at);
}

WRAP(ssize_t, pwrite, int fd, const void *data, size_t size, off_t at)
{
	return fails(false) ? -1 : __real_pwrite(fd, data, size, at);
}

WRAP(int, open, const char *path, int flags, ...)
{
	va_list args;
	mode_t  mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails(false) ? -1 : __real_open(path, flags, mode);
}

WRAP(int, __open_2, const char *path, int flags)
{
	return fails(false) ? -1 : __real___open_2(path, flags);
}

WRAP(int, openat, int at, const char *path, int flags, ...)
{
	va_list args;
	mode_t  mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails(false) ? -1 : __real_openat(at, path, flags, mode);
}

WRAP(int, mkostemp, char *path, int flags)
{
	return fails(false) ? -1 : __real_mkostemp(path, flags);
}

/* The third argument is a number or an address, which are passed alike. */
WRAP(int, fcntl, int fd, int command, ...)
{
	va_list args;
	void   *argument;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	return fails(false) ? -1 : __real_fcntl(fd, command, argument);
}

WRAP(int, fstat, int fd, struct stat *st)
{
	return fails(false) ? -1 : __real_fstat(fd, st);
}

WRAP(int, fstatat, int at, const char *path, struct stat *st, int flags)
{
	return fails(false) ? -1 : __real_fstatat(at, path, st, flags);
}

WRAP(int, fchmod, int fd, mode_t mode)
{
	return fails(false) ? -1 : __real_fchmod(fd, mode);
}

WRAP(int, fchown, int fd, uid_t owner, gid_t group)
{
	return fails(false) ? -1 : __real_fchown(fd, owner, group);
}

/* Nothing crashes here, so that nothing is written for good. */
int __wrap_fsync(int fd);
int
__wrap_fsync(int fd)
{
	return fails(false) || fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

WRAP(int, rename, const char *from, const char *to)
{
	return fails(false) ? -1 : __real_rename(from, to);
}

WRAP(int, renameat, int from_at, const char *from, int to_at, const char *to)
{
	return fails(false) ? -1 : __real_renameat(from_at, from, to_at, to);
}

WRAP(int, renameat2, int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
	return fails(false) ? -1 : __real_renameat2(from_at, from, to_at, to, flags);
}

WRAP(int, mkdir, const char *path, mode_t mode)
{
	return fails(false) ? -1 : __real_mkdir(path, mode);
}

WRAP(int, mkdirat, int at, const char *path, mode_t mode)
{
	return fails(false) ? -1 : __real_mkdirat(at, path, mode);
}

WRAP(int, unlink, const char *path)
{
	return fails(false) ? -1 : __real_unlink(path);
}

WRAP(int, unlinkat, int at, const char *path, int flags)
{
	return fails(false) ? -1 : __real_unlinkat(at, path, flags);
}

WRAP(int, fstatvfs, int fd, struct statvfs *room)
{
	return fails(false) ? -1 : __real_fstatvfs(fd, room);
}
