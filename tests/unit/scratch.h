/* A directory of a test's own. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#define SCRATCH_SIZE 256

/* Makes it, mode 0700, and writes its path. */
static inline void
scratch_make(char path[SCRATCH_SIZE])
{
	const char *parent = getenv("TMPDIR");

	(void)snprintf(path, SCRATCH_SIZE, "%s/attest-ca-test.XXXXXX",
	    parent != NULL && *parent != '\0' ? parent : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(path));
}

/* Removes the files in it. */
static inline void
scratch_clear(const char *path)
{
	DIR           *directory = opendir(path);
	struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
	(void)closedir(directory);
}

/* Removes it with the files in it. */
static inline void
scratch_remove(const char *path)
{
	scratch_clear(path);
	(void)rmdir(path);
}

#endif
