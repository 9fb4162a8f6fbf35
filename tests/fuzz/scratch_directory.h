/* A directory of the fuzzer's own, in memory where there is one, removed when it ends. */
#ifndef TESTS_FUZZ_SCRATCH_DIRECTORY_H
#define TESTS_FUZZ_SCRATCH_DIRECTORY_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline int
scratch_directory_remove_cb(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	(void)remove(path);
	return 0;
}

static char scratch_directory_path[64];

static inline void
scratch_directory_remove(void)
{
	(void)nftw(scratch_directory_path, scratch_directory_remove_cb, 8, FTW_DEPTH | FTW_PHYS);
}

static inline const char *
scratch_directory(void)
{
	if (scratch_directory_path[0] != '\0')
		return scratch_directory_path;
	(void)snprintf(scratch_directory_path, sizeof scratch_directory_path, "%s/attest-fuzz.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(scratch_directory_path) == NULL || atexit(scratch_directory_remove) != 0)
		abort();
	return scratch_directory_path;
}

#endif
