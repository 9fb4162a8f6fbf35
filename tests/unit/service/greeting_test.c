/* The common greeting: every field both ways, at its bound and beyond. */
#include "config.h"

#include "service/greeting.h"

#include "unit.h"
#include "util/error.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

START_TEST(greeting_both_ways_is_the_same)
{
	struct service_greeting greeting = {1, 2, 3, 4, 5, 2, VIEW("chain"), VIEW("key")};
	struct service_greeting back;
	AUTO_BYTES              body = {0};
	struct error            err = {0};

	service_greeting_encode(&greeting, &body);
	unit_ok(service_greeting_decode(bytes_view(&body), &back, &err), &err);
	ck_assert_uint_eq(back.body_max, 1);
	ck_assert_uint_eq(back.header_max, 2);
	ck_assert_uint_eq(back.connections_max, 3);
	ck_assert_uint_eq(back.idle_ms, 4);
	ck_assert_uint_eq(back.request_ms, 5);
	ck_assert_uint_eq(back.log_level, 2);
	ck_assert(view_equal(back.tls_chain, VIEW("chain")));
	ck_assert(view_equal(back.tls_key, VIEW("key")));
}
END_TEST

START_TEST(greeting_cut_or_longer_is_malformed)
{
	struct service_greeting greeting = {1, 2, 3, 4, 5, 2, VIEW("chain"), VIEW("key")};
	struct service_greeting back;
	AUTO_BYTES              body = {0};
	struct error            err = {0};

	service_greeting_encode(&greeting, &body);
	for (size_t size = 0; size < body.size; size++) {
		ck_assert_int_eq(service_greeting_decode((struct view){body.data, size}, &back, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
	bytes_append_u8(&body, 0);
	ck_assert_int_eq(service_greeting_decode(bytes_view(&body), &back, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(greeting_key_over_its_bound_is_malformed)
{
	struct service_greeting greeting = {0};
	struct service_greeting back;
	AUTO_BYTES              pem = {0};
	AUTO_BYTES              fits = {0};
	AUTO_BYTES              body = {0};
	struct error            err = {0};

	(void)bytes_extend(&pem, SERVICE_GREETING_PEM_MAX);
	greeting.tls_key = bytes_view(&pem);
	service_greeting_encode(&greeting, &fits);
	unit_ok(service_greeting_decode(bytes_view(&fits), &back, &err), &err);
	bytes_append_u8(&pem, 0);
	greeting.tls_key = bytes_view(&pem);
	service_greeting_encode(&greeting, &body);
	unit_fails(service_greeting_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "a CBOR item is larger than 65536");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("greeting");
	TCase *tc = tcase_create("greeting");

	tcase_add_test(tc, greeting_both_ways_is_the_same);
	tcase_add_test(tc, greeting_cut_or_longer_is_malformed);
	tcase_add_test(tc, greeting_key_over_its_bound_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
