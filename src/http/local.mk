noinst_LIBRARIES += src/libhttp.a
src_libhttp_a_SOURCES = \
	src/http/connection.c src/http/connection.h \
	src/http/exchange.c src/http/exchange.h \
	src/http/framing.c src/http/framing.h \
	src/http/front.c src/http/front.h \
	src/http/head.c src/http/head.h \
	src/http/json.c src/http/json.h \
	src/http/linger.c src/http/linger.h \
	src/http/problem.c src/http/problem.h \
	src/http/refusal.c src/http/refusal.h \
	src/http/route.c src/http/route.h \
	src/http/server.c src/http/server.h src/http/server_state.h \
	src/http/tls.c src/http/tls.h

check_PROGRAMS += tests/unit/server_test
TESTS += tests/unit/server_test
tests_unit_server_test_SOURCES = tests/unit/server_test.c $(HTTP_TEST_PARTS)
tests_unit_server_test_LDADD = $(HTTP_TEST_LIBS)

HTTP_TEST_PARTS = tests/unit/http_client.h tests/unit/http_fixture.h tests/unit/unit.h
HTTP_LIBS = src/libhttp.a src/libutil.a $(EVENT_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS)
HTTP_TEST_LIBS = $(HTTP_LIBS) $(UNIT_LIBS)

check_PROGRAMS += tests/unit/exchange_test
TESTS += tests/unit/exchange_test
tests_unit_exchange_test_SOURCES = tests/unit/exchange_test.c $(HTTP_TEST_PARTS)
tests_unit_exchange_test_LDADD = $(HTTP_TEST_LIBS)

check_PROGRAMS += tests/unit/framing_test
TESTS += tests/unit/framing_test
tests_unit_framing_test_SOURCES = tests/unit/framing_test.c $(HTTP_TEST_PARTS)
tests_unit_framing_test_LDADD = $(HTTP_TEST_LIBS)

check_PROGRAMS += tests/unit/limits_test
TESTS += tests/unit/limits_test
tests_unit_limits_test_SOURCES = tests/unit/limits_test.c $(HTTP_TEST_PARTS)
tests_unit_limits_test_LDADD = $(HTTP_TEST_LIBS)

check_PROGRAMS += tests/unit/tls_test
TESTS += tests/unit/tls_test
tests_unit_tls_test_SOURCES = tests/unit/tls_test.c $(HTTP_TEST_PARTS)
tests_unit_tls_test_LDADD = $(HTTP_TEST_LIBS)

check_PROGRAMS += tests/unit/json_test
TESTS += tests/unit/json_test
tests_unit_json_test_SOURCES = tests/unit/json_test.c tests/unit/unit.h
tests_unit_json_test_LDADD = $(HTTP_TEST_LIBS)

check_PROGRAMS += tests/unit/problem_test
TESTS += tests/unit/problem_test
tests_unit_problem_test_SOURCES = tests/unit/problem_test.c tests/unit/unit.h
tests_unit_problem_test_LDADD = $(HTTP_TEST_LIBS)

FUZZERS += tests/fuzz/http_fuzz tests/fuzz/json_fuzz
tests_fuzz_http_fuzz_SOURCES = tests/fuzz/http_fuzz.c
tests_fuzz_http_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_http_fuzz_LDADD = $(HTTP_LIBS)
tests_fuzz_json_fuzz_SOURCES = tests/fuzz/json_fuzz.c
tests_fuzz_json_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_json_fuzz_LDADD = $(HTTP_LIBS)
FUZZ_SEEDERS += tests/fuzz/http_seeds
EXTRA_PROGRAMS += tests/fuzz/http_seeds
CLEANFILES += tests/fuzz/http_seeds
tests_fuzz_http_seeds_SOURCES = tests/fuzz/http_seeds.c
tests_fuzz_http_seeds_LDADD = src/libutil.a
