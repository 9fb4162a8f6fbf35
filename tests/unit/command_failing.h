/*
 * Commands of a program, run in this process on a state directory that is put back each time, with each
 * statement of the store and each system call failing: a command does what it is asked, or ends with an
 * error that it says.
 */
#ifndef TESTS_UNIT_COMMAND_FAILING_H
#define TESTS_UNIT_COMMAND_FAILING_H

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "failing.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define WORDS_MAX 16
#define DESCRIPTORS_MAX 64
#define FILES_MAX 32
#define IN_DIRECTORY "@" /* a word that begins so is a path in the state directory's parent */

/* A file as each run finds it. */
struct kept_file {
	char         path[SCRATCH_SIZE + 128];
	struct bytes content;
};

static char             place[SCRATCH_SIZE];
static char             state[SCRATCH_SIZE + 16];
static struct kept_file kept[FILES_MAX];
static size_t           kept_count;
static char             said[4096]; /* what the last run printed */

/* Nothing crashes here, so that nothing is written for good. */
int
fdatasync(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

static inline void
keep_file(const char *path)
{
	struct kept_file *file = &kept[kept_count++];
	uint8_t           octets[65536];
	ssize_t           got;
	int               fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_uint_le(kept_count, FILES_MAX);
	ck_assert_int_ge(fd, 0);
	(void)snprintf(file->path, sizeof file->path, "%s", path);
	while ((got = read(fd, octets, sizeof octets)) > 0)
		bytes_append(&file->content, octets, (size_t)got);
	ck_assert_int_eq(got, 0);
	(void)close(fd);
}

/* Calls with each file of the directory, and removes what it calls with when it is told to. */
static inline void
walk(const char *path, bool keep)
{
	DIR           *directory = opendir(path);
	struct dirent *entry;
	struct stat    st;
	char           one[SCRATCH_SIZE + 128];

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		ck_assert_int_lt(snprintf(one, sizeof one, "%s/%s", path, entry->d_name), (int)sizeof one);
		ck_assert_int_eq(lstat(one, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			walk(one, keep);
			if (!keep)
				(void)rmdir(one);
		} else if (keep) {
			keep_file(one);
		} else {
			ck_assert_int_eq(unlink(one), 0);
		}
	}
	(void)closedir(directory);
}

/* From now on each run begins with what is there. */
static inline void
state_keep(void)
{
	for (size_t i = 0; i < kept_count; i++)
		bytes_clear(&kept[i].content);
	kept_count = 0;
	walk(place, true);
}

static inline void
directory_make(const char *path)
{
	char  one[SCRATCH_SIZE + 128];
	char *slash;

	(void)snprintf(one, sizeof one, "%.380s", path);
	for (slash = one + strlen(place); (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
		*slash = '\0';
		(void)mkdir(one, 0700);
	}
}

static inline void
state_restore(void)
{
	walk(place, false);
	(void)mkdir(state, 0700);
	for (size_t i = 0; i < kept_count; i++) {
		int fd;

		directory_make(kept[i].path);
		fd = open(kept[i].path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, kept[i].content.data, kept[i].content.size), (ssize_t)kept[i].content.size);
		(void)close(fd);
	}
}

static inline void
state_make(void)
{
	scratch_make(place);
	(void)snprintf(state, sizeof state, "%s/state", place);
	(void)mkdir(state, 0700);
}

static inline void
state_remove(void)
{
	walk(place, false);
	(void)rmdir(place);
	for (size_t i = 0; i < kept_count; i++)
		bytes_clear(&kept[i].content);
	kept_count = 0;
}

/* Runs it with what it prints going to `out`, a descriptor. */
static inline int
program_run(const struct command_program *program, const char *const *words, int out)
{
	char  paths[WORDS_MAX][SCRATCH_SIZE + 64];
	char *argv[WORDS_MAX + 4] = {(char *)(uintptr_t)program->name, (char[]){"--state-dir"}, state};
	int   argc = 3;
	int   status;
	int   before[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};

	for (size_t i = 0; words[i] != NULL; i++) {
		ck_assert_uint_lt(i, WORDS_MAX);
		(void)snprintf(paths[i], sizeof paths[i], "%s%s%s", words[i][0] == *IN_DIRECTORY ? place : "",
		    words[i][0] == *IN_DIRECTORY ? "/" : "", words[i] + (words[i][0] == *IN_DIRECTORY));
		argv[argc++] = paths[i];
	}
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(out, STDOUT_FILENO), 0);
	ck_assert_int_ge(dup2(out, STDERR_FILENO), 0);
	failing_on();
	status = command_main(program, argc, argv);
	failing_off();
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(before[0], STDOUT_FILENO), 0);
	ck_assert_int_ge(dup2(before[1], STDERR_FILENO), 0);
	(void)close(before[0]);
	(void)close(before[1]);
	return status;
}

/*
 * The process would end here: directories that are left open are closed. Files that were named on the command
 * line stay open, for the next run.
 */
static inline void
directories_close(const bool was_open[DESCRIPTORS_MAX])
{
	struct stat st;

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		if (!was_open[fd] && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			(void)close(fd);
}

/* A command of the program, for failing_each. */
struct failing_command {
	const struct command_program *program;
	const char                   *words[WORDS_MAX];
};

static inline int
command_try(const void *arg, struct error *err)
{
	const struct failing_command *command = arg;
	bool                          was_open[DESCRIPTORS_MAX];
	FILE                         *out;
	size_t                        size;
	int                           status;

	state_restore();
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	out = tmpfile();
	ck_assert_ptr_nonnull(out);
	status = program_run(command->program, command->words, fileno(out));
	rewind(out);
	size = fread(said, 1, sizeof said - 1, out);
	said[size] = '\0';
	(void)fclose(out);
	directories_close(was_open);
	ck_assert_msg(status == 0 || status == 1, "%s: status %d: %s", command->words[0], status, said);
	return status == 0 ? 0 : error_set(err, ERROR_INTERNAL, "%.900s", said);
}

/* The same; when it failed, and could undo what it had done, it succeeds the next time. */
static inline int
command_try_again(const void *arg, struct error *err)
{
	const struct failing_command *command = arg;
	int                           rc = command_try(arg, err);
	FILE                         *out;

	if (rc == 0 || failing_lasts())
		return rc;
	failing_spare();
	out = tmpfile();
	ck_assert_ptr_nonnull(out);
	ck_assert_msg(program_run(command->program, command->words, fileno(out)) == 0, "not again, after: %s", said);
	(void)fclose(out);
	return rc;
}

#endif
