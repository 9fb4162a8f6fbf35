#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleansed.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/secret.h"

static char directory[SCRATCH_SIZE];

static void
setup(void)
{
	scratch_make(directory);
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

/* A file of the directory; the caller frees its path. */
static char *
put(const char *name, const char *text, size_t size, mode_t mode)
{
	char        *path = file_join(directory, name);
	struct error err = {0};

	unit_ok(file_create(path, text, size, mode, &err), &err);
	return path;
}

static const struct {
	const char *text;
	size_t      size;
	const char *secret;
} lines[] = {
    {"open sesame", 11, "open sesame"},
    {"open sesame\n", 12, "open sesame"},
    {"open sesame\r\n", 13, "open sesame"},
    {" x \nsecond line\n", 16, " x "},
};

START_TEST(read_takes_the_first_line)
{
	AUTO_FREE char *path = put("s", lines[_i].text, lines[_i].size, 0600);
	AUTO_BYTES      by_path = {0};
	AUTO_BYTES      by_fd = {0};
	struct error    err = {0};
	int             fd = open(path, O_RDONLY);

	unit_ok(secret_read_file(path, &by_path, &err), &err);
	unit_ok(secret_read_fd(fd, &by_fd, &err), &err);
	ck_assert_uint_eq(by_path.size, strlen(lines[_i].secret));
	ck_assert_mem_eq(by_path.data, lines[_i].secret, by_path.size);
	ck_assert(view_equal(bytes_view(&by_path), bytes_view(&by_fd)));
	(void)close(fd);
}
END_TEST

START_TEST(read_fd_from_pipe_in_pieces_is_whole)
{
	AUTO_BYTES   secret = {0};
	struct error err = {0};
	int          fds[2];
	int          status;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "one", 3), 3);
	ck_assert_int_eq(write(fds[1], "two\n", 4), 4);
	(void)close(fds[1]);
	unit_ok(secret_read_fd(fds[0], &secret, &err), &err);
	ck_assert_uint_eq(secret.size, 6);
	ck_assert_mem_eq(secret.data, "onetwo", 6);
	(void)close(fds[0]);
	status = secret_read_fd(fds[0], &secret, &err);
	ck_assert_int_eq(status, -1);
	ck_assert_str_eq(err.detail, "reading a passphrase from the descriptor: Bad file descriptor");
}
END_TEST

START_TEST(read_without_a_line_of_text_says_so)
{
	static const struct {
		const char *text;
		size_t      size;
		const char *detail;
	} cases[] = {
	    {"", 0, "there is no passphrase in the first line of the descriptor"},
	    {"\nx", 2, "there is no passphrase in the first line of the descriptor"},
	    {"\r\n", 2, "there is no passphrase in the first line of the descriptor"},
	    {"a\0b", 3, "the first line of the descriptor is no text"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char            name[8] = {'c', (char)('0' + i), '\0'};
		AUTO_FREE char *path = put(name, cases[i].text, cases[i].size, 0600);
		AUTO_BYTES      secret = {0};
		struct error    err = {0};
		int             fd = open(path, O_RDONLY);

		unit_fails(secret_read_fd(fd, &secret, &err), &err, ERROR_MALFORMED, cases[i].detail);
		ck_assert_uint_eq(secret.size, 0);
		(void)close(fd);
	}
}
END_TEST

START_TEST(read_longest_fits_and_longer_does_not)
{
	char            text[SECRET_MAX + 3];
	AUTO_BYTES      secret = {0};
	struct error    err = {0};
	AUTO_FREE char *longest = NULL;
	AUTO_FREE char *longer = NULL;
	AUTO_FREE char *endless = NULL;

	memset(text, 'x', sizeof text);
	longer = put("longer", text, SECRET_MAX + 1, 0600);
	text[SECRET_MAX] = '\n';
	longest = put("longest", text, SECRET_MAX + 1, 0600);
	unit_ok(secret_read_file(longest, &secret, &err), &err);
	ck_assert_uint_eq(secret.size, SECRET_MAX);
	ck_assert_int_eq(secret_read_file(longer, &secret, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_TOO_LARGE);
	text[SECRET_MAX] = 'x';
	endless = put("endless", text, sizeof text, 0600); /* of which not all is read */
	err = (struct error){0};
	ck_assert_int_eq(secret_read_file(endless, &secret, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_TOO_LARGE);
	ck_assert_uint_eq(secret.size, SECRET_MAX);
}
END_TEST

START_TEST(read_file_by_descriptor_0_is_read)
{
	AUTO_FREE char *path = put("s", "open sesame", 11, 0600);
	AUTO_BYTES      secret = {0};
	struct error    err = {0};

	ck_assert_int_eq(close(0), 0);
	unit_ok(secret_read_file(path, &secret, &err), &err);
	ck_assert_uint_eq(secret.size, 11);
}
END_TEST

START_TEST(read_file_that_others_may_read_is_refused)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
	char                detail[512];
	AUTO_FREE char     *path = put("s", "x", 1, modes[_i]);
	AUTO_BYTES          secret = {0};
	struct error        err = {0};

	(void)snprintf(detail, sizeof detail,
	    "%s has permissions %04o, so that others may read what it keeps; run: chmod 600 %s", path,
	    (unsigned)modes[_i], path);
	unit_fails(secret_read_file(path, &secret, &err), &err, ERROR_INTERNAL, detail);
	ck_assert_uint_eq(secret.size, 0);
}
END_TEST

START_TEST(read_file_that_is_none_is_refused)
{
	AUTO_BYTES      secret = {0};
	struct error    err = {0};
	AUTO_FREE char *missing = file_join(directory, "missing");

	ck_assert_int_eq(secret_read_file(missing, &secret, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(secret_read_file(directory, &secret, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "is no regular file"));
}
END_TEST

START_TEST(read_credential_of_the_service_manager)
{
	AUTO_BYTES   secret = {0};
	struct error err = {0};
	bool         found = true;

	free(put("issuing-passphrase", "x\n", 2, 0440));
	unit_ok(secret_read_credential("issuing-passphrase", &found, &secret, &err), &err);
	ck_assert(!found);
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
	unit_ok(secret_read_credential("another", &found, &secret, &err), &err);
	ck_assert(!found);
	ck_assert_uint_eq(secret.size, 0);
	unit_ok(secret_read_credential("issuing-passphrase", &found, &secret, &err), &err);
	ck_assert(found);
	ck_assert_uint_eq(secret.size, 1);
}
END_TEST

START_TEST(read_leaves_no_copy_behind)
{
	const struct view wanted = view_text("open sesame");
	struct bytes      secret = {0};
	int               fds[2];
	struct error      err = {0};

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], wanted.data, wanted.size), (ssize_t)wanted.size);
	(void)close(fds[1]);
	cleansed_watch();
	unit_ok(secret_read_fd(fds[0], &secret, &err), &err);
	(void)close(fds[0]);
	ck_assert_uint_eq(cleansed_count(SECRET_MAX + 2, wanted), 1);
	ck_assert_uint_eq(cleansed_count(0, wanted), 1);
	bytes_clear(&secret);
	ck_assert_uint_eq(cleansed_count(0, wanted), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("secret");
	TCase *tc = tcase_create("read");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, read_takes_the_first_line, 0, sizeof lines / sizeof lines[0]);
	tcase_add_test(tc, read_fd_from_pipe_in_pieces_is_whole);
	tcase_add_test(tc, read_without_a_line_of_text_says_so);
	tcase_add_test(tc, read_longest_fits_and_longer_does_not);
	tcase_add_test(tc, read_file_by_descriptor_0_is_read);
	tcase_add_loop_test(tc, read_file_that_others_may_read_is_refused, 0, 6);
	tcase_add_test(tc, read_file_that_is_none_is_refused);
	tcase_add_test(tc, read_credential_of_the_service_manager);
	tcase_add_test(tc, read_leaves_no_copy_behind);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
