/*
 * A disk that fails at each of a run's operations in turn: what the store has acknowledged is there
 * afterwards, and what it has refused is not, after a crash and after a power cut.
 *
 * A child runs changes through the writer and tells what became of each. DISK_STRIDE=1 in the
 * environment takes every operation; otherwise a few of each fault are taken.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "bad_disk.h"
#include "scratch.h"
#include "store/acme/acme.h"
#include "store/check.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/sqlite/durable.h"
#include "store/store.h"
#include "store/writer.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NOW 1800000000

#define KINDS 3    /* each builds on the one before */
#define ROUNDS 6   /* in each, GROUP new ones of the first kind, and the next kind of those before */
#define GROUP 3
#define NUMBERS (ROUNDS * GROUP + 1)
#define LATE (NUMBERS - 1) /* the one after the restart */
#define POSITIONS 8 /* of a fault, unless DISK_STRIDE says more */

static char         parent[SCRATCH_SIZE];
static char         cached[SCRATCH_SIZE + 16];
static char         platter[SCRATCH_SIZE + 16];
static char         cut[SCRATCH_SIZE + 16];
static char         made[SCRATCH_SIZE + 16]; /* an empty store, copied for each run */
static struct error err;

/* What changes a store, and what it looks like when it has. */
struct world {
	enum store_database database;
	int (*run)(struct store *store, unsigned kind, unsigned number, struct error *job_err);
	bool (*there)(struct store *store, unsigned kind, unsigned number);
	void (*check)(struct store *store);
};

/* ---- the inventory: a device is enrolled, certified, disabled ---- */

static int
inventory_certify(struct store *store, const uint8_t hash[STORE_HASH_SIZE], unsigned number,
    struct error *job_err)
{
	struct store_certificate certificate = {.serial = {1, (uint8_t)number}, .serial_size = 2,
	    .ak_name = {0, 11}, .ak_name_size = 34, .not_before = NOW, .not_after = NOW + 1000};
	struct store_device      found = {0};

	if (store_device_find(store, hash, &found, job_err) != 0)
		return -1;
	memcpy(certificate.ek_hash, hash, STORE_HASH_SIZE);
	if (store_certificate_add(store, &certificate, found.revision, job_err) != 0) {
		store_device_clear(&found);
		return -1;
	}
	store_device_clear(&found);
	return store_audit_add(store, AUDIT_CERTIFY, hash, "done", "", NOW, job_err);
}

static int
inventory_run(struct store *store, unsigned kind, unsigned number, struct error *job_err)
{
	char                name[16];
	char               *names[] = {name};
	struct store_device device = {.ek_hash = {(uint8_t)(number + 1)}, .names = names, .name_count = 1};
	size_t              revoked = 0;

	(void)snprintf(name, sizeof name, "laptop-%u", number);
	switch (kind) {
	case 0:
		return store_device_enroll(store, &device, NOW, job_err);
	case 1:
		return inventory_certify(store, device.ek_hash, number, job_err);
	default:
		if (store_device_enable(store, device.ek_hash, false, NOW, &revoked, job_err) != 0)
			return -1;
		return revoked == 1 ? 0 : error_set(job_err, ERROR_CONFLICT, "it has no certificate");
	}
}

static bool
inventory_certificate_cb(const struct store_certificate *certificate, void *arg)
{
	int *state = arg;

	ck_assert_int_eq(*state, 0);
	*state = certificate->revoked != 0 ? 2 : 1;
	return true;
}

static bool
inventory_there(struct store *store, unsigned kind, unsigned number)
{
	uint8_t             hash[STORE_HASH_SIZE] = {(uint8_t)(number + 1)};
	struct store_device found = {0};
	int                 certified = 0; /* 2: and revoked */
	bool                enabled;

	if (store_device_find(store, hash, &found, &err) != 0) {
		ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
		return false;
	}
	enabled = found.enabled;
	store_device_clear(&found);
	unit_ok(store_certificate_list(store, hash, inventory_certificate_cb, &certified, &err), &err);
	ck_assert_msg(enabled != (certified == 2), "device %u: half of a change", number);
	return kind == 0 || (kind == 1 && certified != 0) || (kind == 2 && !enabled);
}

static void
inventory_check(struct store *store)
{
	uint8_t head[32];
	int64_t count;

	unit_ok(store_audit_verify(store, NULL, &count, head, &err), &err);
}

static const struct world inventory = {STORE_INVENTORY, inventory_run, inventory_there,
    inventory_check};

/* ---- attest-acmed's: an account, an order of it, a certificate, which is revoked ---- */

static char *
text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static int
acme_account(struct store *store, const char *id, struct error *job_err)
{
	struct store_account account = {.status = STATUS_VALID, .jwk = text("{}"), .created = NOW};

	(void)snprintf(account.id, sizeof account.id, "%s", id);
	(void)snprintf(account.thumbprint, sizeof account.thumbprint, "%s", id);
	return store_account_add(store, &account, job_err);
}

static int
acme_order(struct store *store, const char *id, struct error *job_err)
{
	struct store_order order = {.status = STATUS_PENDING, .created = NOW, .expires = NOW + 100,
	    .authorization_count = 1};
	struct store_authorization *only = &order.authorizations[0];

	*only = (struct store_authorization){.type = text("permanent-identifier"), .value = text("laptop"),
	    .status = STATUS_PENDING, .challenge = STATUS_PENDING, .expires = NOW + 100};
	(void)snprintf(order.id, sizeof order.id, "%s", id);
	(void)snprintf(order.account, sizeof order.account, "%s", id);
	(void)snprintf(only->id, sizeof only->id, "%s", id);
	(void)snprintf(only->token, sizeof only->token, "%s", id);
	return store_order_add(store, &order, job_err);
}

static int
acme_issue(struct store *store, const char *id, unsigned number, struct error *job_err)
{
	static uint8_t      der[700];
	struct store_issued issued = {.serial = {1, (uint8_t)number}, .serial_size = 2,
	    .names = text("laptop"), .witness = text(""), .der = {.data = der, .size = sizeof der},
	    .not_before = NOW, .not_after = NOW + 1000};

	(void)snprintf(issued.id, sizeof issued.id, "%s", id);
	(void)snprintf(issued.account, sizeof issued.account, "%s", id);
	(void)snprintf(issued.order, sizeof issued.order, "%s", id);
	return store_issued_add(store, &issued, job_err);
}

static int
acme_run(struct store *store, unsigned kind, unsigned number, struct error *job_err)
{
	char id[STORE_ID_SIZE];

	(void)snprintf(id, sizeof id, "number-%u", number);
	switch (kind) {
	case 0:
		return acme_account(store, id, job_err) != 0 ? -1 : acme_order(store, id, job_err);
	case 1:
		return acme_issue(store, id, number, job_err);
	default:
		return store_issued_revoke(store, id, NOW, 1, job_err);
	}
}

static bool
acme_there(struct store *store, unsigned kind, unsigned number)
{
	struct store_account account;
	struct store_order   order;
	struct store_issued  issued;
	char                 id[STORE_ID_SIZE];
	bool                 accounted;
	bool                 there;

	(void)snprintf(id, sizeof id, "number-%u", number);
	accounted = store_account_find(store, id, &account, &err) == 0;
	store_account_clear(&account);
	there = store_order_find(store, id, &order, &err) == 0;
	ck_assert_msg(accounted == there, "account %u: half of a change", number);
	store_order_clear(&order);
	if (kind == 0)
		return there;
	there = store_issued_find(store, id, &issued, &err) == 0;
	there = there && (kind == 1 || issued.revoked != 0);
	store_issued_clear(&issued);
	return there;
}

static void
acme_check(struct store *store)
{
	(void)store;
}

static const struct world acme = {STORE_ACME, acme_run, acme_there, acme_check};

/* ---- what became of the changes ---- */

enum outcome { UNTOLD, DONE, REFUSED };

/* What the child says: of a change, or, as the last, the number of operations. */
struct told {
	uint8_t      kind;
	uint8_t      number;
	enum outcome outcome;
	unsigned     operations;
};

struct outcomes {
	enum outcome of[KINDS][NUMBERS];
	unsigned     operations; /* 0: the child did not come to its end */
	unsigned     refused;
	int          status;
};

/* ---- the child ---- */

static int                 child_pipe;
static const struct world *child_world;

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t  cond;
	unsigned        open;
} child = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

struct change {
	struct store_job job;
	struct told      told;
};

static int
change_run_cb(struct store *store, void *arg, struct error *job_err)
{
	const struct change *change = arg;

	return child_world->run(store, change->told.kind, change->told.number, job_err);
}

static void
child_tell(const struct told *told)
{
	if (write(child_pipe, told, sizeof *told) != (ssize_t)sizeof *told)
		_exit(2);
}

static void
change_done_cb(void *arg, const struct error *done_err)
{
	struct change *change = arg;

	change->told.outcome = done_err == NULL ? DONE : REFUSED;
	child_tell(&change->told);
	(void)pthread_mutex_lock(&child.mutex);
	child.open--;
	(void)pthread_cond_signal(&child.cond);
	(void)pthread_mutex_unlock(&child.mutex);
}

static void
child_round(struct store_writer *writer, unsigned round)
{
	static struct change changes[ROUNDS][KINDS * GROUP];
	unsigned             count = 0;

	(void)pthread_mutex_lock(&child.mutex);
	for (unsigned kind = 0; kind < KINDS && kind <= round; kind++)
		for (unsigned i = 0; i < GROUP; i++) {
			struct change *change = &changes[round][count++];

			change->told.kind = (uint8_t)kind;
			change->told.number = (uint8_t)((round - kind) * GROUP + i);
			change->job = (struct store_job){change_run_cb, change_done_cb, change, NULL};
			child.open++;
			store_writer_submit(writer, &change->job);
		}
	while (child.open != 0)
		(void)pthread_cond_wait(&child.cond, &child.mutex);
	(void)pthread_mutex_unlock(&child.mutex);
}

/* Moves the log into the database, as happens after every thousandth page. */
static void
child_checkpoint(void)
{
	sqlite3 *db = store_tamper_open(child_world->database, cached);

	(void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	(void)sqlite3_close(db);
}

_Noreturn static void
child_main(enum disk_fault fault, unsigned at)
{
	struct store_writer *writer;
	struct store        *store = NULL;
	struct told          end = {0};

	if (store_database_open(child_world->database, cached, &store, &err) != 0 ||
	    store_writer_start(store, &writer, &err) != 0)
		_exit(2);
	bad_disk_fault(fault, at);
	for (unsigned round = 0; round < ROUNDS; round++) {
		child_round(writer, round);
		if (round % 3 == 1)
			child_checkpoint();
	}
	store_writer_stop(writer); /* the last to leave moves and removes the log */
	end.operations = bad_disk_count();
	child_tell(&end);
	_exit(0);
}

/* Runs the changes with a fault; what was told is all there is to know. */
static void
run_child(const struct world *world, enum disk_fault fault, unsigned at, struct outcomes *out)
{
	int         fds[2];
	struct told told;
	pid_t       pid;

	*out = (struct outcomes){0};
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)close(fds[0]);
		child_pipe = fds[1];
		child_world = world;
		(void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		child_main(fault, at);
	}
	(void)close(fds[1]);
	while (read(fds[0], &told, sizeof told) == (ssize_t)sizeof told) {
		if (told.operations != 0)
			out->operations = told.operations;
		else
			out->of[told.kind][told.number] = told.outcome;
		out->refused += told.outcome == REFUSED;
	}
	(void)close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &out->status, 0), pid);
	ck_assert_msg(WIFEXITED(out->status), "fault %d at %u: status %x", fault, at, out->status);
}

/* ---- afterwards ---- */

static void
copy_file(const char *from, const char *to)
{
	AUTO_BYTES data = {0};

	unit_ok(file_read(from, (size_t)16 << 20, &data, &err), &err);
	(void)unlink(to);
	unit_ok(file_create(to, data.data, data.size, 0600, &err), &err);
}

static void
empty(const char *path)
{
	scratch_remove(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* An empty store that is on disk. */
static void
begin(const struct world *world)
{
	AUTO_FREE char *from = store_tamper_path(world->database, made);
	AUTO_FREE char *to = store_tamper_path(world->database, cached);
	AUTO_FREE char *on_disk = store_tamper_path(world->database, platter);

	empty(cached);
	empty(platter);
	copy_file(from, to);
	copy_file(from, on_disk);
}

static void
verify(const struct world *world, const char *place, const struct outcomes *outcomes, const char *where)
{
	struct store *store = NULL;

	ck_assert_msg(store_database_open(world->database, place, &store, &err) == 0, "%s: %s", where,
	    err.detail);
	ck_assert_msg(store_check_integrity(store, &err) == 0, "%s: %s", where, err.detail);
	world->check(store);
	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned number = 0; number < NUMBERS; number++) {
			bool there = world->there(store, kind, number);

			ck_assert_msg(outcomes->of[kind][number] != DONE || there, "%s: change %u of %u is lost",
			    where, kind, number);
			ck_assert_msg(outcomes->of[kind][number] != REFUSED || !there,
			    "%s: change %u of %u was refused, and is there", where, kind, number);
		}
	store_close(store);
}

static void
verify_cut(const struct world *world, const struct outcomes *outcomes, uint32_t seed, const char *where)
{
	empty(cut);
	bad_disk_cut(cut, seed);
	verify(world, cut, outcomes, where);
}

/* One more change by the next process, which is killed after it. */
static int
late_cb(struct store *store, void *arg, struct error *late_err)
{
	const struct world *world = arg;

	return world->run(store, 0, LATE, late_err);
}

static void
late(const struct world *world, struct outcomes *outcomes)
{
	pid_t pid = fork();
	int   status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct store *store = NULL;

		if (store_database_open(world->database, cached, &store, &err) != 0 ||
		    store_change(store, late_cb, (void *)(uintptr_t)world, &err) != 0)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	outcomes->of[0][LATE] = DONE;
}

static void
strike(const struct world *world, enum disk_fault fault, unsigned at)
{
	struct outcomes outcomes;
	char            where[96];

	begin(world);
	run_child(world, fault, at, &outcomes);
	(void)snprintf(where, sizeof where, "store %d, fault %d at %u, power cut", world->database, fault, at);
	verify_cut(world, &outcomes, 0, where);
	verify_cut(world, &outcomes, at * 7 + 1, where);
	(void)snprintf(where, sizeof where, "store %d, fault %d at %u, restart", world->database, fault, at);
	bad_disk_fault(DISK_GOOD, 0);
	late(world, &outcomes);
	(void)snprintf(where, sizeof where, "store %d, fault %d at %u, restart and power cut",
	    world->database, fault, at);
	verify_cut(world, &outcomes, 0, where);
	verify_cut(world, &outcomes, at * 7 + 3, where);
	(void)snprintf(where, sizeof where, "store %d, fault %d at %u, two restarts", world->database, fault,
	    at);
	verify(world, cached, &outcomes, where);
}

static const struct world *const worlds[] = {&inventory, &acme};

static unsigned
operations(const struct world *world)
{
	struct outcomes outcomes;

	begin(world);
	run_child(world, DISK_GOOD, 0, &outcomes);
	ck_assert_int_eq(outcomes.status, 0);
	ck_assert_uint_eq(outcomes.refused, 0);
	ck_assert_uint_gt(outcomes.operations, 24);
	verify(world, cached, &outcomes, "a good disk");
	return outcomes.operations;
}

static void
setup(void)
{
	scratch_make(parent);
	(void)snprintf(cached, sizeof cached, "%s/cached", parent);
	(void)snprintf(platter, sizeof platter, "%s/platter", parent);
	(void)snprintf(cut, sizeof cut, "%s/cut", parent);
	(void)snprintf(made, sizeof made, "%s/made", parent);
	durable_connect_begin(); /* before SQLite is used: it listens from then on */
	bad_disk_install(cached, platter);
	empty(made);
	unit_ok(store_create(made, &err), &err);
	unit_ok(store_acme_create(made, &err), &err);
}

static void
teardown(void)
{
	scratch_remove(cached);
	scratch_remove(platter);
	scratch_remove(cut);
	scratch_remove(made);
	scratch_remove(parent);
}

/* Faults begin at different operations, so that together they visit more of them. */
START_TEST(fault_at_any_operation_keeps_what_was_acknowledged_alone)
{
	const struct world *world = worlds[_i / DISK_FAULT_COUNT];
	enum disk_fault     fault = (enum disk_fault)(_i % DISK_FAULT_COUNT);
	unsigned            last = operations(world);
	const char         *asked = getenv("DISK_STRIDE");
	unsigned            stride = asked != NULL ? (unsigned)atoi(asked) : last / POSITIONS;

	ck_assert_uint_ge(stride, 1);
	for (unsigned at = 1 + (unsigned)fault * 2 % stride; fault != DISK_GOOD && at <= last; at += stride)
		strike(world, fault, at);
}
END_TEST

START_TEST(sync_that_fails_once_is_refused_and_gone_for_good)
{
	struct outcomes outcomes;

	begin(worlds[_i]);
	run_child(worlds[_i], DISK_SYNC_FAILS, 1, &outcomes);
	ck_assert_int_eq(outcomes.status, 0);
	ck_assert_uint_ge(outcomes.refused, 1);
	verify(worlds[_i], cached, &outcomes, "a sync has failed");
}
END_TEST

START_TEST(sync_that_fails_twice_ends_the_process_without_an_answer)
{
	struct outcomes outcomes;
	unsigned        told = 0;

	begin(worlds[_i]);
	run_child(worlds[_i], DISK_SYNCS_FAIL, 1, &outcomes);
	ck_assert_int_eq(WEXITSTATUS(outcomes.status), EXIT_FAILURE);
	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned number = 0; number < NUMBERS; number++)
			told += outcomes.of[kind][number] != UNTOLD;
	ck_assert_uint_eq(told, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("disk");
	TCase *tc = tcase_create("disk");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, fault_at_any_operation_keeps_what_was_acknowledged_alone, 0,
	    2 * DISK_FAULT_COUNT);
	tcase_add_loop_test(tc, sync_that_fails_once_is_refused_and_gone_for_good, 0, 2);
	tcase_add_loop_test(tc, sync_that_fails_twice_ends_the_process_without_an_answer, 0, 2);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
