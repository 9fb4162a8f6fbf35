/*
 * Files of a front: read once for all who wait, kept by version, shared by slow readers,
 * replaced and given back on news. The keeper is a shelf, or a liar.
 */
#include "config.h"

#include "service/front/fetch.h"

#include "service/file.h"
#include "service/front/ask.h"
#include "service/keeper/shelf.h"
#include "service_world.h"
#include "util/log.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static struct fetch     *fetch;
static struct shelf     *shelf;
static struct http_file *last_file; /* that an exchange was answered with; compared, not used */
static size_t            gone_count;

static void
file_done_cb(struct http_exchange *exchange, struct http_file *file, const struct error *err, void *arg)
{
	ck_assert_ptr_eq(arg, &gone_count);
	ck_assert((file == NULL) == (err != NULL));
	last_file = file;
	if (err != NULL)
		http_reply_problem(exchange, err);
	else
		http_reply_file(exchange, "application/octet-stream", file);
}

static void
file_gone_cb(void *arg)
{
	++*(size_t *)arg;
}

static void
get_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	fetch_get(fetch, http_exchange_path(exchange) + 1, exchange, file_done_cb, file_gone_cb,
	    &gone_count);
}

static const struct http_route get_routes[] = {{"GET", "/", get_cb}, {0}};

static void
setup(void)
{
	log_open("fetch_test", LOG_LEVEL_ERROR);
	world_make(get_routes);
	fetch = fetch_new(channel);
	shelf = shelf_new();
	gone_count = 0;
}

static void
teardown(void)
{
	world_clear();
	fetch_free(fetch);
	shelf_free(shelf);
	fetch_free(NULL);
	shelf_free(NULL);
}

static void
tell(const char *name, uint64_t version, bool gone)
{
	AUTO_BYTES   body = {0};
	struct error err = {0};

	file_news_encode(&(struct file_news){view_text(name), version, gone}, &body);
	unit_ok(fetch_take_news(fetch, bytes_view(&body), &err), &err);
}

/* The present version of a file on the shelf, 0 when it is not there. */
static uint64_t
version_of(const char *name)
{
	struct file_piece piece;
	AUTO_BYTES        asked = {0};
	AUTO_BYTES        answer = {0};
	struct error      err = {0};

	file_question_encode(&(struct file_question){view_text(name), 0, 0}, &asked);
	shelf_read(shelf, bytes_view(&asked), &answer);
	unit_ok(file_piece_decode(bytes_view(&answer), &piece, &err), &err);
	return piece.version;
}

static void
put(const char *name, struct view content)
{
	struct error err = {0};

	unit_ok(shelf_put(shelf, name, content, &err), &err);
}

static void
put_and_tell(const char *name, struct view content)
{
	put(name, content);
	tell(name, version_of(name), false);
}

/* The keeper answers the question that was received last. */
static void
keeper_answers(void)
{
	AUTO_BYTES answer = {0};

	shelf_read(shelf, bytes_view(&question), &answer);
	world_answer(bytes_view(&answer));
}

/* Front and keeper run until the condition holds. */
#define serve_until(condition)                  \
	do {                                    \
		while (!(condition)) {          \
			world_turn();           \
			if (world_question())   \
				keeper_answers(); \
		}                               \
	} while (0)

/* Asks for a path and asserts what comes back; returns how many questions it cost. */
static size_t
get(const char *path, const char *status, struct view expected)
{
	struct http_client client;
	size_t             before = question_count;

	world_request(&client, path);
	serve_until(client.ended);
	ck_assert(view_equal(world_body(&client, status), expected) || status[0] != '2');
	client_close(&client);
	return question_count - before;
}

static void
pattern(struct bytes *out, size_t size, uint8_t salt)
{
	uint8_t *octets = bytes_extend(out, size);

	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(i * 31 + i / 251 + salt);
}

START_TEST(get_reads_in_pieces_once_and_keeps_it)
{
	AUTO_BYTES        content = {0};
	struct http_file *first;

	pattern(&content, 2 * FILE_PIECE_MAX + 17, 0);
	put_and_tell("crl", bytes_view(&content));
	ck_assert_uint_eq(get("/crl", "200", bytes_view(&content)), 3);
	first = last_file;
	ck_assert_uint_eq(get("/crl", "200", bytes_view(&content)), 0);
	ck_assert_ptr_eq(last_file, first);
}
END_TEST

START_TEST(get_of_many_at_once_is_one_reading)
{
	struct http_client clients[5];
	AUTO_BYTES         content = {0};

	pattern(&content, 2 * FILE_PIECE_MAX + 17, 0);
	put_and_tell("crl", bytes_view(&content));
	for (size_t i = 0; i < 5; i++)
		world_request(&clients[i], "/crl");
	world_wait(world_question());
	for (int i = 0; i < 20; i++) /* all requests are there */
		world_turn();
	keeper_answers();
	for (size_t i = 0; i < 5; i++) {
		serve_until(clients[i].ended);
		ck_assert(view_equal(world_body(&clients[i], "200"), bytes_view(&content)));
		client_close(&clients[i]);
	}
	ck_assert_uint_eq(question_count, 3);
}
END_TEST

START_TEST(get_second_version_while_the_first_is_read_is_the_second)
{
	struct http_client client;
	AUTO_BYTES         first = {0};
	AUTO_BYTES         second = {0};

	pattern(&first, 3 * FILE_PIECE_MAX, 1);
	pattern(&second, 2 * FILE_PIECE_MAX + 5, 2);
	put_and_tell("crl", bytes_view(&first));
	world_request(&client, "/crl");
	world_wait(world_question());
	keeper_answers();
	world_wait(world_question());
	put("crl", bytes_view(&second)); /* between two pieces */
	if (_i == 1)
		tell("crl", version_of("crl"), false);
	keeper_answers();
	serve_until(client.ended);
	ck_assert(view_equal(world_body(&client, "200"), bytes_view(&second)));
	client_close(&client);
	/* It is kept as what it is, whether its news came before or come now. */
	if (_i == 0)
		tell("crl", version_of("crl"), false);
	ck_assert_uint_eq(get("/crl", "200", bytes_view(&second)), 0);
}
END_TEST

static void
unheard_cb(struct view answer, const struct error *err, void *arg)
{
	(void)answer;
	(void)err;
	(void)arg;
}

START_TEST(get_without_room_for_a_question_is_refused)
{
	struct http_client client;
	struct error       err = {0};

	put_and_tell("crl", VIEW("octets"));
	while (ask_new(channel, VIEW("another"), unheard_cb, NULL, &err) != NULL)
		continue;
	world_request(&client, "/crl");
	world_wait(client.ended);
	(void)world_body(&client, "503");
	client_close(&client);
	ck_assert_uint_eq(gone_count, 0);
}
END_TEST

START_TEST(news_of_another_version_gives_the_kept_one_back)
{
	put_and_tell("crl", VIEW("first"));
	ck_assert_uint_eq(get("/crl", "200", VIEW("first")), 1);
	put_and_tell("crl", VIEW("second"));
	ck_assert_uint_eq(get("/crl", "200", VIEW("second")), 1);
	ck_assert_uint_eq(get("/crl", "200", VIEW("second")), 0);
}
END_TEST

START_TEST(news_older_than_known_change_nothing)
{
	put_and_tell("crl", VIEW("first"));
	put_and_tell("crl", VIEW("second"));
	ck_assert_uint_eq(get("/crl", "200", VIEW("second")), 1);
	tell("crl", 1, false);
	tell("crl", 1, true);
	tell("never", 1, true);
	ck_assert_uint_eq(get("/crl", "200", VIEW("second")), 0);
}
END_TEST

START_TEST(get_of_an_unknown_name_is_not_found_without_a_question)
{
	put("crl", VIEW("never told"));
	ck_assert_uint_eq(get("/crl", "404", VIEW("")), 0);
	put_and_tell("crl", VIEW("octets"));
	ck_assert_uint_eq(get("/cr", "404", VIEW("")), 0);
	ck_assert_uint_eq(get("/crl/", "404", VIEW("")), 0);
	ck_assert_uint_eq(get("/crl", "200", VIEW("octets")), 1);
}
END_TEST

START_TEST(news_that_it_is_gone_are_not_found)
{
	put_and_tell("crl", VIEW("octets"));
	ck_assert_uint_eq(get("/crl", "200", VIEW("octets")), 1);
	shelf_remove(shelf, "crl");
	tell("crl", version_of("crl") + 2, true);
	ck_assert_uint_eq(get("/crl", "404", VIEW("")), 0);
	put_and_tell("crl", VIEW("again"));
	ck_assert_uint_eq(get("/crl", "200", VIEW("again")), 1);
}
END_TEST

START_TEST(gone_while_it_is_read_is_not_found)
{
	struct http_client client;
	AUTO_BYTES         content = {0};

	pattern(&content, 2 * FILE_PIECE_MAX, 0);
	put_and_tell("crl", bytes_view(&content));
	world_request(&client, "/crl");
	world_wait(world_question());
	if (_i == 0) { /* the answer says so, */
		keeper_answers();
		world_wait(world_question());
		shelf_remove(shelf, "crl");
		keeper_answers();
	} else { /* or the news do, and the answer comes to nobody */
		tell("crl", 99, true);
		keeper_answers();
	}
	serve_until(client.ended);
	(void)world_body(&client, "404");
	client_has(&client, "there is no crl any more");
	client_close(&client);
	put_and_tell("root.pem", VIEW("root"));
	ck_assert_uint_eq(get("/root.pem", "200", VIEW("root")), 1);
}
END_TEST

START_TEST(client_gone_is_dropped_and_the_others_are_served)
{
	struct http_client clients[2];
	AUTO_BYTES         content = {0};

	pattern(&content, 2 * FILE_PIECE_MAX, 0);
	put_and_tell("crl", bytes_view(&content));
	world_request(&clients[0], "/crl");
	world_wait(world_question());
	world_request(&clients[1], "/crl");
	for (int i = 0; i < 20; i++)
		world_turn();
	client_close(&clients[_i]);
	world_wait(gone_count == 1);
	keeper_answers();
	serve_until(clients[1 - _i].ended);
	ck_assert(view_equal(world_body(&clients[1 - _i], "200"), bytes_view(&content)));
	ck_assert_uint_eq(question_count, 2);
	client_close(&clients[1 - _i]);
}
END_TEST

START_TEST(last_client_gone_ends_the_reading)
{
	struct http_client client;
	AUTO_BYTES         content = {0};

	pattern(&content, 3 * FILE_PIECE_MAX, 0);
	put_and_tell("crl", bytes_view(&content));
	world_request(&client, "/crl");
	world_wait(world_question());
	keeper_answers();
	world_wait(world_question());
	client_close(&client);
	world_wait(gone_count == 1);
	keeper_answers(); /* dropped: it asks for no third piece */
	for (int i = 0; i < 20; i++)
		world_turn();
	ck_assert(!world_question());
	ck_assert_uint_eq(get("/crl", "200", bytes_view(&content)), 3);
}
END_TEST

START_TEST(keeper_gone_is_overloaded)
{
	struct http_client client;

	put_and_tell("crl", VIEW("octets"));
	world_request(&client, "/crl");
	world_wait(world_question());
	world_keeper_dies();
	world_wait(client.ended);
	(void)world_body(&client, "503");
	client_has(&client, "the server is restarting; try again");
	client_close(&client);
}
END_TEST

/* Whoever takes his time keeps the version that he began with; nobody copies it for him. */
START_TEST(slow_reader_gets_the_version_it_began_with)
{
	struct http_client slow[2];
	AUTO_BYTES         content = {0};
	struct http_file  *shared;

	pattern(&content, 8 * 1024 * 1024, 0);
	put_and_tell("crl", bytes_view(&content));
	for (size_t i = 0; i < 2; i++) {
		world_request(&slow[i], "/crl");
		event_del(slow[i].readable);
	}
	last_file = NULL;
	serve_until(last_file != NULL);
	for (int i = 0; i < 20; i++)
		world_turn();
	shared = last_file;
	put_and_tell("crl", VIEW("second"));
	ck_assert_uint_eq(get("/crl", "200", VIEW("second")), 1);
	ck_assert_ptr_ne(last_file, shared);
	for (size_t i = 0; i < 2; i++) {
		event_add(slow[i].readable, NULL);
		serve_until(slow[i].ended);
		ck_assert(view_equal(world_body(&slow[i], "200"), bytes_view(&content)));
		client_close(&slow[i]);
	}
}
END_TEST

START_TEST(same_octets_of_two_names_are_one_copy)
{
	struct http_file *first;

	put_and_tell("crl/0a", VIEW("octets"));
	put_and_tell("crl", VIEW("octets"));
	ck_assert_uint_eq(get("/crl", "200", VIEW("octets")), 1);
	first = last_file;
	ck_assert_uint_eq(get("/crl/0a", "200", VIEW("octets")), 0);
	ck_assert_ptr_eq(last_file, first);
	/* Each name lets go of it by itself. */
	put_and_tell("crl", VIEW("others"));
	ck_assert_uint_eq(get("/crl/0a", "200", VIEW("octets")), 0);
	ck_assert_uint_eq(get("/crl", "200", VIEW("others")), 1);
}
END_TEST

/* A keeper that lies: pieces that make no file. */
static const struct {
	struct file_piece first;
	struct file_piece second;
} lies[] = {
    {{1, 5, VIEW("longer")}, {0}},               /* more than it said */
    {{1, 5, VIEW("")}, {0}},                     /* nothing, and yet not all */
    {{1, 5, VIEW("oct")}, {1, 5, VIEW("etets")}}, /* more than is left */
    {{1, 5, VIEW("oct")}, {1, 2, VIEW("")}},     /* shorter than it was */
};

static void
lie(const struct file_piece *piece)
{
	AUTO_BYTES body = {0};

	world_wait(world_question());
	file_piece_encode(piece, &body);
	world_answer(bytes_view(&body));
}

START_TEST(pieces_that_make_no_file_are_internal)
{
	struct http_client client;

	tell("crl", 1, false);
	world_request(&client, "/crl");
	lie(&lies[_i].first);
	if (lies[_i].second.version != 0)
		lie(&lies[_i].second);
	world_wait(client.ended);
	(void)world_body(&client, "500");
	client_close(&client);
	/* And the next reading begins anew. */
	put("crl", VIEW("the truth"));
	ck_assert_uint_eq(get("/crl", "200", VIEW("the truth")), 1);
}
END_TEST

START_TEST(answer_that_is_no_piece_is_internal)
{
	struct http_client client;

	tell("crl", 1, false);
	world_request(&client, "/crl");
	world_wait(world_question());
	world_answer(VIEW("\x83\x01"));
	world_wait(client.ended);
	(void)world_body(&client, "500");
	client_close(&client);
}
END_TEST

START_TEST(file_that_changes_without_end_is_internal)
{
	struct http_client client;
	uint64_t           version = 1;

	tell("crl", 1, false);
	world_request(&client, "/crl");
	while (!client.ended) {
		AUTO_BYTES body = {0};

		world_turn();
		if (!world_question())
			continue;
		file_piece_encode(&(struct file_piece){version++, 2, VIEW("x")}, &body);
		world_answer(bytes_view(&body));
	}
	(void)world_body(&client, "500");
	ck_assert_uint_eq(question_count, 4097);
	client_close(&client);
}
END_TEST

START_TEST(news_that_are_none_or_too_many_are_malformed)
{
	AUTO_BYTES   body = {0};
	struct error err = {0};
	char         name[16];

	ck_assert_int_eq(fetch_take_news(fetch, VIEW("\x83\x43" "crl"), &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	for (size_t i = 0; i < FILE_COUNT_MAX; i++) {
		(void)snprintf(name, sizeof name, "%zu", i);
		tell(name, i + 1, false);
	}
	file_news_encode(&(struct file_news){VIEW("more"), 999, false}, &body);
	unit_fails(fetch_take_news(fetch, bytes_view(&body), &err), &err, ERROR_MALFORMED,
	    "more files than the limit");
	tell("0", 1000, true);
	tell("more", 999, false);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fetch");
	TCase *tc = tcase_create("fetch");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, get_reads_in_pieces_once_and_keeps_it);
	tcase_add_test(tc, get_of_many_at_once_is_one_reading);
	tcase_add_loop_test(tc, get_second_version_while_the_first_is_read_is_the_second, 0, 2);
	tcase_add_test(tc, get_without_room_for_a_question_is_refused);
	tcase_add_test(tc, news_of_another_version_gives_the_kept_one_back);
	tcase_add_test(tc, news_older_than_known_change_nothing);
	tcase_add_test(tc, get_of_an_unknown_name_is_not_found_without_a_question);
	tcase_add_test(tc, news_that_it_is_gone_are_not_found);
	tcase_add_loop_test(tc, gone_while_it_is_read_is_not_found, 0, 2);
	tcase_add_loop_test(tc, client_gone_is_dropped_and_the_others_are_served, 0, 2);
	tcase_add_test(tc, last_client_gone_ends_the_reading);
	tcase_add_test(tc, keeper_gone_is_overloaded);
	tcase_add_test(tc, slow_reader_gets_the_version_it_began_with);
	tcase_add_test(tc, same_octets_of_two_names_are_one_copy);
	tcase_add_loop_test(tc, pieces_that_make_no_file_are_internal, 0, sizeof lies / sizeof lies[0]);
	tcase_add_test(tc, answer_that_is_no_piece_is_internal);
	tcase_add_test(tc, file_that_changes_without_end_is_internal);
	tcase_add_test(tc, news_that_are_none_or_too_many_are_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
