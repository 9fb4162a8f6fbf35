/* What is copied, when it is written, and what becomes of what could not be. */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attestation/keeper/copies.h"
#include "scratch.h"
#include "service/keeper/shelf.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static char            dir[SCRATCH_SIZE];
static struct copies  *copies;
static struct shelf   *shelf;
static struct error    err;

static void
setup(void)
{
	scratch_make(dir);
	shelf = shelf_new();
	copies = copies_new(dir);
}

static void
teardown(void)
{
	copies_free(copies);
	shelf_free(shelf);
	scratch_remove(dir);
}

static void
put(const char *name, struct view content)
{
	unit_ok(shelf_put(shelf, name, content, &err), &err);
}

static void
assert_file(const char *name, const char *content)
{
	AUTO_FREE char *path = file_join(dir, name);
	AUTO_BYTES      octets = {0};

	unit_ok(file_read(path, 1024, &octets, &err), &err);
	ck_assert(view_equal(bytes_view(&octets), view_text(content)));
}

START_TEST(refresh_writes_what_everybody_may_read)
{
	AUTO_FREE char *path = file_join(dir, "root.pem");
	mode_t          before = umask(077);
	struct stat     st;

	put("root.pem", view_text("root"));
	put("crl", view_text("crl"));
	unit_ok(copies_refresh(copies, shelf, &err), &err);
	(void)umask(before);
	assert_file("root.pem", "root");
	assert_file("crl.der", "crl");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 07777), 0644);
}
END_TEST

START_TEST(refresh_writes_only_what_has_changed)
{
	AUTO_FREE char *path = file_join(dir, "root.pem");

	put("root.pem", view_text("root"));
	put("crl.pem", view_text("one"));
	unit_ok(copies_refresh(copies, shelf, &err), &err);
	ck_assert_int_eq(unlink(path), 0);
	put("root.pem", view_text("root"));
	put("crl.pem", view_text("two"));
	unit_ok(copies_refresh(copies, shelf, &err), &err);
	ck_assert_int_ne(access(path, F_OK), 0);
	assert_file("crl.pem", "two");
}
END_TEST

START_TEST(refresh_that_fails_is_tried_again)
{
	char moved[SCRATCH_SIZE + 8];

	(void)snprintf(moved, sizeof moved, "%s.moved", dir);

	put("root.pem", view_text("root"));
	ck_assert_int_eq(rename(dir, moved), 0);
	ck_assert_int_eq(copies_refresh(copies, shelf, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_int_eq(rename(moved, dir), 0);
	unit_ok(copies_refresh(copies, shelf, &err), &err);
	assert_file("root.pem", "root");
}
END_TEST

START_TEST(refresh_without_a_directory_does_nothing)
{
	ck_assert_ptr_null(copies_new(NULL));
	put("root.pem", view_text("root"));
	unit_ok(copies_refresh(NULL, shelf, &err), &err);
	copies_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("copies");
	TCase *tc = tcase_create("refresh");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refresh_writes_what_everybody_may_read);
	tcase_add_test(tc, refresh_writes_only_what_has_changed);
	tcase_add_test(tc, refresh_that_fails_is_tried_again);
	tcase_add_test(tc, refresh_without_a_directory_does_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
