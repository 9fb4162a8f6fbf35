/*
 * The ACME server's keeper when something of its own fails: it does not start, and says why, or goes on with what it
 * has and tries again.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acme/keeper/attested.h"
#include "acme/keeper/keeper.h"
#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/server_key.h"
#include "acme/keeper/transition.h"
#include "acme_keeper_support.h"
#include "ca/crl_bundle.h"
#include "service/keeper/keeper.h"
#include "service/keeper/shelf.h"
#include "store/acme/acme.h"
#include "util/config_change.h"
#include "util/config_file.h"
#include "util/log.h"

/* ---- what fails ---- */

enum { NOTHING, BUNDLE, CONFINEMENT, SERVER_KEY, ATTESTED, SHELF, DRAW, SWEEP, TRANSITION };

static atomic_int  fails;
static const char *shelf_name; /* the file that the shelf does not take */
static atomic_int  sweeps;
static atomic_int  remains; /* sweeps that leave something behind */

#define FAILS(name, number, parameters, ...)                                                                        \
	int __real_##name parameters;                                                                               \
	int __wrap_##name parameters;                                                                               \
	int __wrap_##name parameters                                                                                \
	{                                                                                                           \
		return fails == (number) ? error_set(err, ERROR_INTERNAL, "of this test") : __real_##name(__VA_ARGS__); \
	}

FAILS(crl_bundle_append, BUNDLE, (const struct folder *state, struct view crl, struct bytes *pem, struct error *err),
    state, crl, pem, err)
FAILS(service_keeper_confine, CONFINEMENT, (struct service_keeper *keeper, struct error *err), keeper, err)
FAILS(server_key_make, SERVER_KEY, (const struct ca *issuing, struct view pem, const struct config_list *names,
    const char *crl_url, int64_t now, int64_t lifetime, struct server_key *out, struct error *err), issuing, pem, names,
    crl_url, now, lifetime, out, err)
FAILS(attested_refresh, ATTESTED, (struct attested *attested, struct store *store, struct roots *roots, int64_t now,
    struct error *err), attested, store, roots, now, err)

FAILS(transition_authorization_update, TRANSITION, (struct store *store, struct store_authorization *authorization,
    enum status to, enum status challenge, struct error *err), store, authorization, to, challenge, err)
FAILS(store_id_draw, DRAW, (char id[STORE_ID_SIZE], struct error *err), id, err)

int __real_shelf_put(struct shelf *shelf, const char *name, struct view content, struct error *err);
int __wrap_shelf_put(struct shelf *shelf, const char *name, struct view content, struct error *err);
int
__wrap_shelf_put(struct shelf *shelf, const char *name, struct view content, struct error *err)
{
	return fails == SHELF && strcmp(name, shelf_name) == 0 ? error_set(err, ERROR_INTERNAL, "no room for %s", name)
	                                                      : __real_shelf_put(shelf, name, content, err);
}

int __real_store_acme_sweep(struct store *store, const struct store_sweep *sweep, unsigned limit, uint64_t *removed,
    struct error *err);
int __wrap_store_acme_sweep(struct store *store, const struct store_sweep *sweep, unsigned limit, uint64_t *removed,
    struct error *err);
int
__wrap_store_acme_sweep(struct store *store, const struct store_sweep *sweep, unsigned limit, uint64_t *removed,
    struct error *err)
{
	int rc;

	if (fails == SWEEP)
		return error_set(err, ERROR_INTERNAL, "of this test");
	rc = __real_store_acme_sweep(store, sweep, limit, removed, err);
	sweeps++;
	if (remains > 0) {
		remains--;
		*removed = 1;
	}
	return rc;
}

/* ---- the start ---- */

static const struct {
	int         fails;
	const char *shelf_name;
	const char *detail;
} starts[] = {
    {BUNDLE, NULL, "of this test"},
    {CONFINEMENT, NULL, "of this test"},
    {SERVER_KEY, NULL, "making the server's certificate: of this test"},
    {SHELF, "root.pem", "no room for root.pem"},
    {SHELF, "crl", "no room for crl"},
    {SHELF, "crl.pem", "no room for crl.pem"},
};

START_TEST(start_that_fails_says_why)
{
	struct error err = {0};

	fails = starts[_i].fails;
	shelf_name = starts[_i].shelf_name;
	unit_fails(acme_keeper_run(&world.settings, -1, false, "https://127.0.0.1:4711", &err), &err, ERROR_INTERNAL,
	    starts[_i].detail);
}
END_TEST

/* ---- a reload ---- */

static void (*instead)(struct service_keeper *keeper); /* of a run, once it is loaded */

int __real_service_keeper_run(struct service_keeper *keeper, int control, bool signals, struct error *err);
int __wrap_service_keeper_run(struct service_keeper *keeper, int control, bool signals, struct error *err);
int
__wrap_service_keeper_run(struct service_keeper *keeper, int control, bool signals, struct error *err)
{
	if (instead == NULL)
		return __real_service_keeper_run(keeper, control, signals, err);
	instead(keeper);
	return 0;
}

/* Its settings with accounts that are swept earlier. */
static void
reload_settings(struct acme_settings *settings)
{
	struct error err = {0};

	*settings = (struct acme_settings){0};
	config_copy(acme_settings_schema(), sizeof *settings, &world.settings, settings);
	unit_ok(config_file_complete(acme_settings_schema(), NULL, settings, &err), &err);
	settings->account_retention /= 2;
}

/* Nothing is taken over when the server's certificate cannot be made. */
static void
reload_without_certificate(struct service_keeper *keeper)
{
	struct acme_keeper         *state = keeper->state;
	const struct acme_revision *before = state->revision;
	struct acme_settings        settings;
	struct error                err = {0};

	reload_settings(&settings);
	state->next_account_sweep = 99;
	fails = SERVER_KEY;
	unit_fails(keeper->program->reload(state, &settings, &err), &err, ERROR_INTERNAL,
	    "making the server's certificate: of this test");
	ck_assert_ptr_eq(state->revision, before);
	ck_assert_int_eq(state->next_account_sweep, 99);
	config_file_clear(acme_settings_schema(), &settings);
}

/* Accounts are swept by the new age at once; a root that is not served is in the log, and all else is taken over. */
static void
reload_without_room_for_the_root(struct service_keeper *keeper)
{
	struct acme_keeper         *state = keeper->state;
	const struct acme_revision *before = state->revision;
	struct acme_settings        settings;
	struct error                err = {0};

	reload_settings(&settings);
	state->next_account_sweep = state->next_sweep = 99;
	fails = SHELF;
	shelf_name = "root.pem";
	unit_ok(keeper->program->reload(state, &settings, &err), &err);
	ck_assert_ptr_ne(state->revision, before);
	ck_assert_int_eq(state->next_account_sweep, 0);
	ck_assert_int_eq(state->next_sweep, 0);
	config_file_clear(acme_settings_schema(), &settings);
}

static void (*const reloads[])(struct service_keeper *keeper) = {
    reload_without_certificate, reload_without_room_for_the_root};

START_TEST(reload_of_which_something_fails_is_whole_or_nothing)
{
	struct error err = {0};

	instead = reloads[_i];
	unit_ok(acme_keeper_run(&world.settings, -1, false, "https://127.0.0.1:4711", &err), &err);
}
END_TEST

/* ---- while it runs ---- */

static FILE *record;

static void
log_to_file(void)
{
	ck_assert_ptr_nonnull(record = tmpfile());
	ck_assert_int_ge(dup2(fileno(record), STDERR_FILENO), 0);
	log_open("keeper_failing_test", LOG_LEVEL_INFO);
}

/* Waits until it is in the log. */
static void
wait_for(const char *wanted)
{
	char line[2048];

	for (;;) {
		rewind(record);
		while (fgets(line, sizeof line, record) != NULL)
			if (strstr(line, wanted) != NULL)
				return;
		(void)poll(NULL, 0, 20);
	}
}

START_TEST(tick_that_cannot_revoke_says_so)
{
	log_to_file();
	world.settings.revoke_with_attestation = true;
	fails = ATTESTED;
	world_start(&world);
	wait_for(" event=revoke-with-attestation reason=\"of this test\"");
}
END_TEST

/* Its certificate is replaced at half its life: a front is told of the new one, or the log says why there is none. */
START_TEST(tick_replaces_the_servers_certificate_or_says_why_not)
{
	AUTO_BYTES first = {0};

	log_to_file();
	world.settings.tls_lifetime = 2;
	world_start(&world);
	bytes_append(&first, world.greeting_body.data, world.greeting_body.size);
	while (view_equal(bytes_view(&first), bytes_view(&world.greeting_body))) {
		(void)world_account(&world, 0); /* greetings come between answers */
		(void)poll(NULL, 0, 20);
	}
	fails = SERVER_KEY;
	wait_for(" event=server-certificate reason=\"making the server's certificate: of this test\"");
}
END_TEST

/* What one turn leaves behind the next one removes, and not the one in an hour. */
START_TEST(sweep_that_leaves_something_goes_on_in_the_next_turn)
{
	remains = 25;
	world_start(&world);
	while (remains > 0 || sweeps < 26)
		(void)poll(NULL, 0, 20);
}
END_TEST

/* And the turn goes on. */
START_TEST(sweep_that_fails_is_logged)
{
	log_to_file();
	fails = SWEEP;
	world_start(&world);
	wait_for(" event=sweep reason=\"of this test\"");
	ck_assert_int_eq(sweeps, 0);
	(void)world_account(&world, 0);
}
END_TEST

/* Nothing of it is written, so that it can be told again. */
START_TEST(challenge_whose_end_is_not_written_is_pending)
{
	struct world_id      account;
	struct world_order   order;
	struct acme_question asked;
	struct acme_answer   answer;

	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	asked = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	asked.problem = (struct acme_problem){ERROR_BAD_ATTESTATION_STATEMENT, world_view("no statement")};
	fails = TRANSITION;
	world_refuses(&world, &asked, ERROR_INTERNAL, NULL);
	fails = NOTHING;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_INVALID);
}
END_TEST

/* A number that was not drawn could be another order's. */
START_TEST(order_without_a_number_is_refused)
{
	struct world_id      account;
	struct acme_question asked;

	world_start(&world);
	account = world_account(&world, 0);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	fails = DRAW;
	world_refuses(&world, &asked, ERROR_INTERNAL, NULL);
	fails = NOTHING;
	(void)world_order(&world, &account, NAME);
}
END_TEST

/* A name longer than a CN is in the log with what the CN will be. */
START_TEST(order_for_a_long_name_notes_its_common_name)
{
	static const char long_name[] = "device-of-the-laboratory-for-applied-metrology-room-12-shelf-3-number-0042";
	struct world_id   account;

	log_to_file();
	world_start(&world);
	account = world_account(&world, 0);
	(void)world_order(&world, &account, long_name);
	wait_for("reason=\"the name has more than 64 characters, the CN will be"
	         " device-of-the-laboratory-for-applied-metrology-");
}
END_TEST

int
main(void)
{
	Suite *suite = keeper_suite("keeper_failing");
	TCase *tc = keeper_case(suite, "keeper_failing", setup);

	LOOP(start_that_fails_says_why, starts);
	LOOP(reload_of_which_something_fails_is_whole_or_nothing, reloads);
	tcase_add_test(tc, tick_that_cannot_revoke_says_so);
	tcase_add_test(tc, tick_replaces_the_servers_certificate_or_says_why_not);
	tcase_add_test(tc, sweep_that_leaves_something_goes_on_in_the_next_turn);
	tcase_add_test(tc, sweep_that_fails_is_logged);
	tcase_add_test(tc, challenge_whose_end_is_not_written_is_pending);
	tcase_add_test(tc, order_without_a_number_is_refused);
	tcase_add_test(tc, order_for_a_long_name_notes_its_common_name);
	return unit_run(suite);
}
