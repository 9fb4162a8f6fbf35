/* Files that fronts may read: in pieces, in versions, under several names, and gone. */
#include "config.h"

#include "service/keeper/shelf.h"

#include <sys/socket.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/channel.h"
#include "service/file.h"
#include "unit.h"
#include "util/error.h"
#include "util/log.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static struct shelf *shelf;

static void
setup(void)
{
	log_open("shelf_test", LOG_LEVEL_ERROR);
	shelf = shelf_new();
}

static void
teardown(void)
{
	shelf_free(shelf);
}

static void
put(const char *name, struct view content)
{
	struct error err = {0};

	unit_ok(shelf_put(shelf, name, content, &err), &err);
}

/* Asks for a piece, whose octets go into *answer. */
static struct file_piece
ask(const char *name, uint64_t version, uint64_t offset, struct bytes *answer)
{
	struct file_piece piece;
	AUTO_BYTES        question = {0};
	struct error      err = {0};

	file_question_encode(&(struct file_question){view_text(name), version, offset}, &question);
	bytes_clear(answer);
	shelf_read(shelf, bytes_view(&question), answer);
	unit_ok(file_piece_decode(bytes_view(answer), &piece, &err), &err);
	return piece;
}

static uint64_t
version_of(const char *name)
{
	AUTO_BYTES answer = {0};

	return ask(name, 0, 0, &answer).version;
}

/* Reads a whole file as a front does. */
static uint64_t
read_all(const char *name, struct bytes *out)
{
	struct file_piece piece = {0};
	uint64_t          version = 0;

	do {
		AUTO_BYTES answer = {0};

		piece = ask(name, version, out->size, &answer);
		if (piece.version != version)
			bytes_clear(out);
		version = piece.version;
		if (piece.data.size != 0)
			bytes_append(out, piece.data.data, piece.data.size);
	} while (out->size < piece.size);
	return version;
}

static void
pattern(struct bytes *out, size_t size)
{
	uint8_t *octets = bytes_extend(out, size);

	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(i * 31 + i / 251);
}

START_TEST(read_piece_by_piece_is_the_whole_file)
{
	AUTO_BYTES content = {0};
	AUTO_BYTES got = {0};

	pattern(&content, 2 * FILE_PIECE_MAX + 17);
	put("crl", bytes_view(&content));
	ck_assert_uint_ne(read_all("crl", &got), 0);
	ck_assert(view_equal(bytes_view(&got), bytes_view(&content)));
}
END_TEST

START_TEST(read_piece_of_an_old_version_begins_the_new_one)
{
	AUTO_BYTES        answer = {0};
	struct file_piece piece;
	uint64_t          first;

	put("crl", VIEW("the first one"));
	first = version_of("crl");
	put("crl", VIEW("the second"));
	piece = ask("crl", first, 4, &answer);
	ck_assert_uint_gt(piece.version, first);
	ck_assert_uint_eq(piece.size, 10);
	ck_assert(view_equal(piece.data, VIEW("the second")));
	/* While of the present one the rest is given. */
	piece = ask("crl", piece.version, 4, &answer);
	ck_assert(view_equal(piece.data, VIEW("second")));
}
END_TEST

START_TEST(read_at_the_end_is_nothing_and_beyond_it_the_beginning)
{
	AUTO_BYTES        answer = {0};
	struct file_piece piece;
	uint64_t          version;

	put("crl", VIEW("octets"));
	version = version_of("crl");
	piece = ask("crl", version, 6, &answer);
	ck_assert_uint_eq(piece.data.size, 0);
	ck_assert_uint_eq(piece.size, 6);
	piece = ask("crl", version, 7, &answer);
	ck_assert(view_equal(piece.data, VIEW("octets")));
}
END_TEST

START_TEST(read_what_is_not_there_has_no_version)
{
	AUTO_BYTES answer = {0};
	struct error err = {0};
	struct file_piece piece;

	put("crl", VIEW("octets"));
	ck_assert_uint_eq(version_of("root.pem"), 0);
	ck_assert_uint_eq(version_of(""), 0);
	ck_assert_uint_eq(version_of("cr"), 0);
	shelf_remove(shelf, "crl");
	shelf_remove(shelf, "crl");
	shelf_remove(shelf, "never");
	ck_assert_uint_eq(version_of("crl"), 0);
	shelf_read(shelf, VIEW("\x83\x43" "crl"), &answer);
	unit_ok(file_piece_decode(bytes_view(&answer), &piece, &err), &err);
	ck_assert_uint_eq(piece.version, 0);
}
END_TEST

START_TEST(put_the_same_octets_is_the_same_version)
{
	uint64_t version;

	put("crl", VIEW("octets"));
	version = version_of("crl");
	put("crl", VIEW("octets"));
	ck_assert_uint_eq(version_of("crl"), version);
	put("crl/0a", VIEW("octets"));
	ck_assert_uint_eq(version_of("crl/0a"), version);
	put("crl", VIEW("others"));
	ck_assert_uint_gt(version_of("crl"), version);
	ck_assert_uint_eq(version_of("crl/0a"), version);
}
END_TEST

/* A front takes a smaller version for old news. */
START_TEST(put_of_octets_that_are_there_never_gives_an_older_version)
{
	uint64_t shared;
	uint64_t later;

	put("crl/0a", VIEW("octets"));
	put("crl", VIEW("others"));
	shared = version_of("crl/0a");
	later = version_of("crl");
	ck_assert_uint_gt(later, shared);
	put("crl", VIEW("octets"));
	ck_assert_uint_gt(version_of("crl"), later);
	ck_assert_uint_eq(version_of("crl"), version_of("crl/0a"));
	shelf_remove(shelf, "crl");
	later = version_of("crl/0a");
	put("crl", VIEW("octets"));
	ck_assert_uint_gt(version_of("crl"), later);
}
END_TEST

START_TEST(put_too_much_is_too_large_and_leaves_what_there_was)
{
	static uint8_t large[FILE_SIZE_MAX + 1];
	char           name[FILE_NAME_MAX + 2] = {0};
	struct error   err = {0};
	uint64_t       version;

	put("crl", VIEW("octets"));
	version = version_of("crl");
	ck_assert_int_eq(shelf_put(shelf, "crl", (struct view){large, sizeof large}, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_TOO_LARGE);
	ck_assert_str_eq(err.detail, "crl has 67108865 octets; at most 67108864 are served");
	ck_assert_uint_eq(version_of("crl"), version);
	memset(name, 'a', FILE_NAME_MAX + 1);
	ck_assert_int_eq(shelf_put(shelf, name, VIEW("octets"), &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_TOO_LARGE);
	for (size_t i = 1; i < FILE_COUNT_MAX; i++) {
		(void)snprintf(name, sizeof name, "%zu", i);
		put(name, VIEW("octets"));
	}
	unit_fails(shelf_put(shelf, "more", VIEW("octets"), &err), &err, ERROR_TOO_LARGE,
	    "more would be one file more than the 128 that can be served");
	put("crl", VIEW("others")); /* no file more */
}
END_TEST

/* ---- what a new front is told ---- */

static void
closed_cb(struct channel *channel, const char *reason, void *arg)
{
	(void)channel;
	(void)reason;
	(void)arg;
}

START_TEST(greet_tells_of_every_file_that_there_is)
{
	static const struct channel_handlers handlers = {.closed = closed_cb};
	uint8_t            packet[1024];
	struct event_base *base = event_base_new();
	struct channel    *channel = NULL;
	struct file_news   news;
	struct error       err = {0};
	ssize_t            got;
	int                ends[2];

	put("root.pem", VIEW("root"));
	put("crl", VIEW("octets"));
	put("crl/0a", VIEW("earlier"));
	shelf_remove(shelf, "crl");
	unit_ok(channel_pair(ends, &err), &err);
	unit_ok(channel_new(base, ends[0], &handlers, NULL, &channel, &err), &err);
	shelf_greet(shelf, channel);
	for (size_t i = 0; i < 2; i++) {
		struct view body = {packet + sizeof(struct channel_header), 0};

		got = recv(ends[1], packet, sizeof packet, MSG_DONTWAIT);
		ck_assert_int_gt(got, (ssize_t)sizeof(struct channel_header));
		body.size = (size_t)got - sizeof(struct channel_header);
		unit_ok(file_news_decode(body, &news, &err), &err);
		ck_assert(view_equal(news.name, i == 0 ? VIEW("root.pem") : VIEW("crl/0a")));
		ck_assert_uint_eq(news.version, version_of(i == 0 ? "root.pem" : "crl/0a"));
		ck_assert(!news.gone);
	}
	ck_assert_int_lt(recv(ends[1], packet, sizeof packet, MSG_DONTWAIT), 0);
	channel_free(channel);
	event_base_free(base);
	(void)close(ends[1]);
}
END_TEST

/* ---- threads ---- */

#define REPLACES 200
#define LENGTH   (FILE_PIECE_MAX + 1000)

static atomic_bool over;

static void *
replace_main(void *arg)
{
	AUTO_BYTES content = {0};

	(void)arg;
	(void)bytes_extend(&content, LENGTH);
	for (int i = 1; i <= REPLACES; i++) {
		struct error err = {0};

		memset(content.data, i, content.size);
		unit_ok(shelf_put(shelf, "crl", bytes_view(&content), &err), &err);
	}
	atomic_store(&over, true);
	return NULL;
}

/* Whoever reads while it is replaced gets one version whole, never two halves. */
START_TEST(read_while_it_is_replaced_is_one_version)
{
	pthread_t thread;
	uint64_t  last = 0;
	bool      ended = false;

	put("crl", VIEW("\x01"));
	ck_assert_int_eq(pthread_create(&thread, NULL, replace_main, NULL), 0);
	while (!ended) {
		AUTO_BYTES got = {0};
		uint64_t   version;

		ended = atomic_load(&over);
		version = read_all("crl", &got);
		ck_assert_uint_ge(version, last);
		ck_assert(got.size == 1 || got.size == LENGTH);
		for (size_t i = 1; i < got.size; i++)
			ck_assert_msg(got.data[i] == got.data[0], "two versions in one");
		last = version;
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shelf");
	TCase *tc = tcase_create("shelf");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, read_piece_by_piece_is_the_whole_file);
	tcase_add_test(tc, read_piece_of_an_old_version_begins_the_new_one);
	tcase_add_test(tc, read_at_the_end_is_nothing_and_beyond_it_the_beginning);
	tcase_add_test(tc, read_what_is_not_there_has_no_version);
	tcase_add_test(tc, put_the_same_octets_is_the_same_version);
	tcase_add_test(tc, put_of_octets_that_are_there_never_gives_an_older_version);
	tcase_add_test(tc, put_too_much_is_too_large_and_leaves_what_there_was);
	tcase_add_test(tc, greet_tells_of_every_file_that_there_is);
	tcase_add_test(tc, read_while_it_is_replaced_is_one_version);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
