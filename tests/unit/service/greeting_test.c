/* The common greeting: every field both ways, at its bound and beyond. */
#include "config.h"

#include "service/greeting.h"

#include "unit.h"
#include "util/error.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static const struct service_greeting whole = {
    .body_max = 1, .header_max = 2, .connections_max = 3, .idle_ms = 4, .request_ms = 5,
    .log_level = 2, .proxy_protocol = PROXY_PROTOCOL_V1,
    .networks = {{(const uint8_t *)"192.0.2.0/24", 12}, {(const uint8_t *)"::1", 3}},
    .network_count = 2, .tls_chain = {(const uint8_t *)"chain", 5},
    .tls_key = {(const uint8_t *)"key", 3},
};

START_TEST(greeting_both_ways_is_the_same)
{
	struct service_greeting greeting = whole;
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
	ck_assert_int_eq(back.proxy_protocol, PROXY_PROTOCOL_V1);
	ck_assert_uint_eq(back.network_count, 2);
	ck_assert(view_equal(back.networks[0], VIEW("192.0.2.0/24")));
	ck_assert(view_equal(back.networks[1], VIEW("::1")));
	ck_assert(view_equal(back.tls_chain, VIEW("chain")));
	ck_assert(view_equal(back.tls_key, VIEW("key")));
}
END_TEST

START_TEST(greeting_cut_or_longer_is_malformed)
{
	struct service_greeting greeting = whole;
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

	(void)bytes_extend(&pem, SERVICE_GREETING_KEY_MAX);
	greeting.tls_key = bytes_view(&pem);
	service_greeting_encode(&greeting, &fits);
	unit_ok(service_greeting_decode(bytes_view(&fits), &back, &err), &err);
	bytes_append_u8(&pem, 0);
	greeting.tls_key = bytes_view(&pem);
	service_greeting_encode(&greeting, &body);
	unit_fails(service_greeting_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "a CBOR item is larger than 16384");
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
