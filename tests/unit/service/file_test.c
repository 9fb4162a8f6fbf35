/* Messages about files: both ways, their bounds, and that no other message is taken for one. */
#include "config.h"

#include "service/file.h"
#include "service/greeting.h"

#include <string.h>

#include "acme/message.h"
#include "attestation/message.h"
#include "unit.h"
#include "util/error.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

START_TEST(news_both_ways_are_the_same)
{
	struct file_news news = {VIEW("crl/0a"), INT64_MAX, true};
	struct file_news back;
	AUTO_BYTES       body = {0};
	struct error     err = {0};

	file_news_encode(&news, &body);
	ck_assert(file_message_is(bytes_view(&body)));
	unit_ok(file_news_decode(bytes_view(&body), &back, &err), &err);
	ck_assert(view_equal(back.name, news.name));
	ck_assert_uint_eq(back.version, INT64_MAX);
	ck_assert(back.gone);
}
END_TEST

START_TEST(news_without_a_version_are_malformed)
{
	struct file_news news = {VIEW("crl"), 0, false};
	struct file_news back;
	AUTO_BYTES       body = {0};
	struct error     err = {0};

	file_news_encode(&news, &body);
	unit_fails(file_news_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "news of a file without a version");
}
END_TEST

START_TEST(question_both_ways_is_the_same)
{
	struct file_question question = {VIEW("crl"), 3, FILE_SIZE_MAX};
	struct file_question back;
	AUTO_BYTES           body = {0};
	struct error         err = {0};

	file_question_encode(&question, &body);
	ck_assert(file_message_is(bytes_view(&body)));
	unit_ok(file_question_decode(bytes_view(&body), &back, &err), &err);
	ck_assert(view_equal(back.name, question.name));
	ck_assert_uint_eq(back.version, 3);
	ck_assert_uint_eq(back.offset, FILE_SIZE_MAX);
}
END_TEST

START_TEST(piece_both_ways_is_the_same)
{
	struct file_piece piece = {3, 5, VIEW("octet")};
	struct file_piece back;
	AUTO_BYTES        body = {0};
	struct error      err = {0};

	file_piece_encode(&piece, &body);
	unit_ok(file_piece_decode(bytes_view(&body), &back, &err), &err);
	ck_assert_uint_eq(back.version, 3);
	ck_assert_uint_eq(back.size, 5);
	ck_assert(view_equal(back.data, piece.data));
}
END_TEST

START_TEST(name_or_offset_over_its_bound_is_malformed)
{
	char                 name[FILE_NAME_MAX + 1];
	struct file_question question = {.name = {(const uint8_t *)name, sizeof name}};
	struct file_question back;
	AUTO_BYTES           body = {0};
	struct error         err = {0};

	memset(name, 'a', sizeof name);
	file_question_encode(&question, &body);
	unit_fails(file_question_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "a CBOR item is larger than 160");
	bytes_clear(&body);
	question = (struct file_question){.name = VIEW("a\nb")};
	file_question_encode(&question, &body);
	unit_fails(file_question_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "a text is no UTF-8 or has control characters");
	bytes_clear(&body);
	question = (struct file_question){.name = VIEW("a"), .offset = FILE_SIZE_MAX + 1};
	file_question_encode(&question, &body);
	unit_fails(file_question_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "a CBOR item is larger than 67108864");
}
END_TEST

START_TEST(message_of_a_daemon_is_none_about_a_file)
{
	AUTO_BYTES asked = {0};
	AUTO_BYTES acme = {0};
	AUTO_BYTES greeting = {0};
	AUTO_BYTES acme_greeting = {0};

	attestation_question_encode(&(struct attestation_question){.kind = ATTESTATION_CERTIFY}, &asked);
	ck_assert(!file_message_is(bytes_view(&asked)));
	service_greeting_encode(&(struct service_greeting){0}, &greeting);
	ck_assert(!file_message_is(bytes_view(&greeting)));
	acme_greeting_encode(&(struct acme_greeting){0}, &acme_greeting);
	ck_assert(!file_message_is(bytes_view(&acme_greeting)));
	for (enum acme_question_kind kind = 0; kind < ACME_QUESTION_COUNT; kind++) {
		bytes_clear(&acme);
		acme_question_encode(&(struct acme_question){.kind = kind}, &acme);
		ck_assert(!file_message_is(bytes_view(&acme)));
	}
	ck_assert(!file_message_is(VIEW("")));
	ck_assert(!file_message_is(VIEW("\x80")));
	ck_assert(!file_message_is(VIEW("\x43" "crl")));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_add_test(tc, news_both_ways_are_the_same);
	tcase_add_test(tc, news_without_a_version_are_malformed);
	tcase_add_test(tc, question_both_ways_is_the_same);
	tcase_add_test(tc, piece_both_ways_is_the_same);
	tcase_add_test(tc, name_or_offset_over_its_bound_is_malformed);
	tcase_add_test(tc, message_of_a_daemon_is_none_about_a_file);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
