/*
 * A host whose disk fails and whose clock steps, for the daemons' keepers: preloaded, with the path of
 * a file of 16 octets in the variable BAD_HOST, in the machine's byte order: seconds to add to the
 * clock (64 bits), and how many calls of fdatasync, which only SQLite makes, are to fail (32 bits,
 * -1: all). The file is mapped before main, so that it needs no call in a sandbox.
 */
#include <sys/mman.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct bad_host {
	int64_t offset;
	int32_t syncs;
	int32_t unused;
};

static volatile struct bad_host *host;
static int (*real_clock)(clockid_t clock, struct timespec *now);
static int (*real_sync)(int fd);

/* Another library's constructor may ask for the time before ours has run. */
static void
real_find(void)
{
	*(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_sync = dlsym(RTLD_NEXT, "fdatasync");
}

__attribute__((constructor))
static void
host_map(void)
{
	const char *path = getenv("BAD_HOST");
	int         fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void       *mapped;

	real_find();
	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof *host, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (mapped != MAP_FAILED)
		host = mapped;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int rc;

	if (real_clock == NULL)
		real_find();
	rc = real_clock(clock, now);
	if (rc == 0 && host != NULL && clock == CLOCK_REALTIME)
		now->tv_sec += host->offset;
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
fdatasync(int fd)
{
	if (host == NULL || host->syncs == 0)
		return real_sync(fd);
	if (host->syncs > 0)
		host->syncs--;
	errno = EIO;
	return -1;
}
