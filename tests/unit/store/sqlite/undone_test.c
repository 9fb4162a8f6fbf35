/* A transaction that SQLite undoes by itself, when the disk is full, takes all of its jobs with it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "scratch.h"
#include "store/acme/acme.h"
#include "store/sql.h"
#include "store/sqlite/connection.h"
#include "store/writer.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define NOW 1800000000

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static void
setup(void)
{
	memset(&err, 0, sizeof err);
	scratch_make(directory);
	unit_ok(store_acme_create(directory, &err), &err);
	unit_ok(store_acme_open(directory, &store, &err), &err);
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

/* From now on this connection finds the disk full when the file must grow. */
static void
disk_fill(struct store *full)
{
	ck_assert_int_eq(sqlite3_exec(sqlite_of(full)->db, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
	    SQLITE_OK);
}

static void
disk_empty(struct store *full)
{
	ck_assert_int_eq(sqlite3_exec(sqlite_of(full)->db, "PRAGMA max_page_count = 100000", NULL, NULL,
	                     NULL), SQLITE_OK);
}

static int
account_add(struct store *into, char name, struct error *add_err)
{
	struct store_account account = {.status = STATUS_VALID, .jwk = (char *)(uintptr_t)"{}",
	    .created = NOW};

	(void)memset(account.id, name, sizeof account.id - 1);
	(void)memset(account.thumbprint, name, sizeof account.thumbprint - 1);
	return store_account_add(into, &account, add_err);
}

static bool
account_is_there(char name)
{
	struct store        *other;
	struct store_account account;
	char                 id[STORE_ID_SIZE] = "";
	int                  rc;

	(void)memset(id, name, sizeof id - 1);
	unit_ok(store_acme_open(directory, &other, &err), &err);
	rc = store_account_find(other, id, &account, &err);
	ck_assert(rc == 0 || err.kind == ERROR_ACCOUNT_DOES_NOT_EXIST);
	store_account_clear(&account);
	store_close(other);
	return rc == 0;
}

/* A certificate that needs many pages. */
static int
certificate_add(struct store *into, struct error *add_err)
{
	struct store_issued issued = {.id = "certificate", .account = "account", .order = "order",
	    .serial = {1}, .serial_size = 1, .names = (char *)(uintptr_t)"dns", .not_after = NOW};
	int                 rc;

	(void)bytes_extend(&issued.der, (size_t)1024 * 1024);
	rc = store_issued_add(into, &issued, add_err);
	bytes_clear(&issued.der);
	return rc;
}

#define UNDONE "an earlier failure has undone the transaction"

START_TEST(step_after_the_transaction_was_undone_is_refused)
{
	unit_ok(store_begin(store, &err), &err);
	unit_ok(account_add(store, 'a', &err), &err);
	disk_fill(store);
	ck_assert_int_eq(certificate_add(store, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "the disk of the CA is full"));
	/* SQLite has undone it all: what follows would be committed alone. */
	ck_assert_int_ne(sqlite3_get_autocommit(sqlite_of(store)->db), 0);
	disk_empty(store);
	ck_assert_int_eq(account_add(store, 'b', &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_OVERLOADED);
	ck_assert_ptr_nonnull(strstr(err.detail, UNDONE));
	ck_assert_int_eq(store_mark(store, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, UNDONE));
	ck_assert_int_eq(store_commit(store, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, UNDONE));
	ck_assert(!account_is_there('a'));
	ck_assert(!account_is_there('b'));
}
END_TEST

START_TEST(begin_after_the_transaction_was_undone_goes_on)
{
	unit_ok(store_begin(store, &err), &err);
	disk_fill(store);
	ck_assert_int_eq(certificate_add(store, &err), -1);
	disk_empty(store);
	store_rollback(store);
	unit_ok(store_begin(store, &err), &err);
	unit_ok(account_add(store, 'a', &err), &err);
	unit_ok(store_commit(store, &err), &err);
	ck_assert(account_is_there('a'));
}
END_TEST

/* ---- a job of the writer's ---- */

struct job {
	struct store_job job;
	char             name;
	int              told;
	bool             failed;
	struct error     err;
};

static int
job_run_cb(struct store *into, void *arg, struct error *job_err)
{
	struct job *job = arg;

	return account_add(into, job->name, job_err);
}

/* Fills the disk, and goes on as if nothing had happened. */
static int
job_fill_cb(struct store *into, void *arg, struct error *job_err)
{
	struct job *job = arg;

	disk_fill(into);
	ck_assert_int_eq(certificate_add(into, job_err), -1);
	disk_empty(into);
	return account_add(into, job->name, job_err);
}

static void
job_done_cb(void *arg, const struct error *done_err)
{
	struct job *job = arg;

	job->told++;
	job->failed = done_err != NULL;
	if (done_err != NULL)
		job->err = *done_err;
}

START_TEST(writer_tells_every_job_of_an_undone_transaction_and_commits_none)
{
	struct job           jobs[3] = {{.job = {.run = job_run_cb}, .name = 'a'},
	              {.job = {.run = job_fill_cb}, .name = 'b'}, {.job = {.run = job_run_cb}, .name = 'c'}};
	struct store_writer *writer;
	struct store        *own;

	unit_ok(store_acme_open(directory, &own, &err), &err);
	unit_ok(store_begin(store, &err), &err); /* all of them gather behind it */
	unit_ok(store_writer_start(own, &writer, &err), &err);
	for (size_t i = 0; i < 3; i++) {
		jobs[i].job.done = job_done_cb;
		jobs[i].job.arg = &jobs[i];
		store_writer_submit(writer, &jobs[i].job);
	}
	store_rollback(store);
	store_writer_stop(writer);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(jobs[i].told, 1);
		ck_assert_int_eq(jobs[i].failed, !account_is_there(jobs[i].name));
	}
	ck_assert(jobs[1].failed);
	ck_assert_ptr_nonnull(strstr(jobs[1].err.detail, UNDONE));
}
END_TEST

/* Takes the mark away to which it should go back, and fails. */
static int
job_take_the_mark_cb(struct store *into, void *arg, struct error *job_err)
{
	struct job *job = arg;

	unit_ok(account_add(into, job->name, job_err), job_err);
	ck_assert_int_eq(sqlite3_exec(sqlite_of(into)->db, "RELEASE mark", NULL, NULL, NULL), SQLITE_OK);
	return error_set(job_err, ERROR_CONFLICT, "it fails");
}

START_TEST(job_that_cannot_be_undone_alone_undoes_all)
{
	struct job           jobs[3] = {{.job = {.run = job_run_cb}, .name = 'a'},
	              {.job = {.run = job_take_the_mark_cb}, .name = 'b'},
	              {.job = {.run = job_run_cb}, .name = 'c'}};
	struct store_writer *writer;
	struct store        *own;

	unit_ok(store_acme_open(directory, &own, &err), &err);
	unit_ok(store_begin(store, &err), &err); /* all of them gather behind it */
	unit_ok(store_writer_start(own, &writer, &err), &err);
	for (size_t i = 0; i < 3; i++) {
		jobs[i].job.done = job_done_cb;
		jobs[i].job.arg = &jobs[i];
		store_writer_submit(writer, &jobs[i].job);
	}
	store_rollback(store);
	store_writer_stop(writer);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(jobs[i].told, 1);
		ck_assert_int_eq(jobs[i].failed, !account_is_there(jobs[i].name));
	}
	ck_assert(jobs[1].failed);
	ck_assert_str_eq(jobs[1].err.detail, "it fails");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("undone");
	TCase *tc = tcase_create("undone");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, step_after_the_transaction_was_undone_is_refused);
	tcase_add_test(tc, begin_after_the_transaction_was_undone_goes_on);
	tcase_add_test(tc, writer_tells_every_job_of_an_undone_transaction_and_commits_none);
	tcase_add_test(tc, job_that_cannot_be_undone_alone_undoes_all);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
