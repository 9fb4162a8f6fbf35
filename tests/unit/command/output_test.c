#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/output.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static char         place[32];
static struct error err;

static void
setup(void)
{
	(void)strcpy(place, "/tmp/attest.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place));
	ck_assert_int_eq(chdir(place), 0);
	err = (struct error){0};
}

/* How many files there are, and empties the directory when it ends. */
static int
files(void)
{
	struct dirent **entries = NULL;
	int             count = scandir(".", &entries, NULL, alphasort);

	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return count - 2;
}

static void
teardown(void)
{
	(void)unlink("file");
	ck_assert_int_eq(files(), 0);
	ck_assert_int_eq(rmdir(place), 0);
}

static void
expect(const char *wanted)
{
	AUTO_BYTES content = {0};

	unit_ok(file_read("file", 100, &content, &err), &err);
	ck_assert_uint_eq(content.size, strlen(wanted));
	ck_assert_mem_eq(content.data, wanted, content.size);
}

static struct output *
begin(bool replace, bool guarded)
{
	struct output *output = NULL;

	unit_ok(output_open("file", &(struct output_plan){0640, replace, guarded}, &output, &err), &err);
	ck_assert_int_eq(file_write(output_fd(output), "new", 3), 0);
	return output;
}

/* _i: whether it is guarded. */
START_TEST(commit_gives_the_file_its_name)
{
	struct output *output = begin(false, _i != 0);
	struct stat    st;

	ck_assert_int_ne(access("file", F_OK), 0);
	unit_ok(output_commit(output, &err), &err);
	output_free(output);
	expect("new");
	ck_assert_int_eq(files(), 1);
	ck_assert_int_eq(stat("file", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
}
END_TEST

START_TEST(commit_over_a_file_replaces_it_only_when_asked)
{
	struct output *output;

	unit_ok(file_create("file", "old", 3, 0600, &err), &err);
	output = begin(false, _i != 0);
	unit_fails(output_commit(output, &err), &err, ERROR_CONFLICT, "file is there already");
	output_free(output);
	expect("old");
	output = begin(true, _i != 0);
	unit_ok(output_commit(output, &err), &err);
	output_free(output);
	expect("new");
}
END_TEST

START_TEST(free_without_commit_leaves_nothing)
{
	output_free(begin(true, _i != 0));
	ck_assert_int_eq(files(), 0);
	output_free(NULL);
}
END_TEST

/* What a handler cannot see: the guard clears away. */
START_TEST(kill_of_a_guarded_writer_leaves_nothing)
{
	pid_t child = fork();
	int   status = 0;

	if (child == 0) {
		(void)begin(true, true);
		(void)raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	for (int i = 0; i < 1000 && files() != 0; i++)
		(void)usleep(5000);
	ck_assert_int_eq(files(), 0);
}
END_TEST

/* As whoever is root no more: the directory is closed to it, and the guard is root still. */
START_TEST(commit_guarded_goes_where_the_writer_may_not)
{
	pid_t child;
	int   status = 0;

	if (geteuid() != 0)
		return;
	if ((child = fork()) == 0) {
		struct output *output = begin(false, true);
		bool           good;

		good = setresuid(12345, 12345, 12345) == 0 && access(place, X_OK) != 0 &&
		    open("other", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 &&
		    output_commit(output, &err) == 0;
		output_free(output);
		_exit(good ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	expect("new");
}
END_TEST

START_TEST(open_where_nothing_can_be_made_fails)
{
	struct output *output = NULL;

	unit_fails(output_open("none/file", &(struct output_plan){0600, true, _i != 0}, &output, &err),
	    &err, ERROR_INTERNAL, "creating none/file: No such file or directory");
	ck_assert_ptr_null(output);
}
END_TEST

/* Descriptors run out at each of those that it needs. */
START_TEST(open_without_descriptors_leaves_nothing)
{
	struct rlimit  limit;
	struct output *output = NULL;
	int            first = dup(STDIN_FILENO);

	ck_assert_int_ge(first, 0);
	(void)close(first);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int more = 0; more < 6; more++) { /* the directory, the file and two pipes */
		limit.rlim_cur = (rlim_t)(first + more);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		ck_assert_int_eq(output_open("file", &(struct output_plan){0600, true, true}, &output, &err), -1);
	}
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(files(), 0);
	output_free(begin(true, true));
}
END_TEST

/* It cannot be asked any more. */
START_TEST(commit_without_its_guard_fails)
{
	struct output *output = begin(true, true);
	char           path[64];
	int            guard = 0;
	FILE          *children;

	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	if ((children = fopen(path, "r")) != NULL) {
		ck_assert_int_eq(fscanf(children, "%d", &guard), 1);
		(void)fclose(children);
		(void)signal(SIGPIPE, SIG_IGN);
		ck_assert_int_eq(kill(guard, SIGKILL), 0);
		ck_assert_int_eq(waitid(P_PID, (id_t)guard, NULL, WEXITED | WNOWAIT), 0);
		ck_assert_int_eq(output_commit(output, &err), -1);
		ck_assert_int_eq(err.kind, ERROR_INTERNAL);
	}
	output_free(output);
	/* Nobody was left to clear away. */
	ck_assert_int_eq(system("rm -f file.*"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("output");
	TCase *tc = tcase_create("output");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, commit_gives_the_file_its_name, 0, 2);
	tcase_add_loop_test(tc, commit_over_a_file_replaces_it_only_when_asked, 0, 2);
	tcase_add_loop_test(tc, free_without_commit_leaves_nothing, 0, 2);
	tcase_add_test(tc, open_without_descriptors_leaves_nothing);
	tcase_add_test(tc, commit_without_its_guard_fails);
	tcase_add_test(tc, kill_of_a_guarded_writer_leaves_nothing);
	tcase_add_test(tc, commit_guarded_goes_where_the_writer_may_not);
	tcase_add_loop_test(tc, open_where_nothing_can_be_made_fails, 0, 2);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
