noinst_LIBRARIES += src/libhttp.a
src_libhttp_a_SOURCES = \
	src/http/chunks.c src/http/chunks.h \
	src/http/connection.c src/http/connection.h \
	src/http/exchange.c src/http/exchange.h \
	src/http/forwarded.c src/http/forwarded.h \
	src/http/framing.c src/http/framing.h \
	src/http/front.c src/http/front.h \
	src/http/handshake.c src/http/handshake.h \
	src/http/head.c src/http/head.h \
	src/http/json.c src/http/json.h \
	src/http/linger.c src/http/linger.h \
	src/http/problem.c src/http/problem.h \
	src/http/proxy.c src/http/proxy.h \
	src/http/proxy_protocol.c src/http/proxy_protocol.h \
	src/http/refusal.c src/http/refusal.h \
	src/http/room.c src/http/room.h \
	src/http/route.c src/http/route.h \
	src/http/server.c src/http/server.h \
	src/http/server_state.h \
	src/http/tls.c src/http/tls.h

UNIT_TESTS += tests/unit/http/chunks_test
UNIT_TESTS += tests/unit/http/exchange_test
UNIT_TESTS += tests/unit/http/failing_test
UNIT_TESTS += tests/unit/http/forwarded_test
UNIT_TESTS += tests/unit/http/framing_test
UNIT_TESTS += tests/unit/http/handshake_test
UNIT_TESTS += tests/unit/http/json_test
UNIT_TESTS += tests/unit/http/limits_test
UNIT_TESTS += tests/unit/http/problem_test
UNIT_TESTS += tests/unit/http/proxy_protocol_test
UNIT_TESTS += tests/unit/http/proxy_test
UNIT_TESTS += tests/unit/http/server_test
UNIT_TESTS += tests/unit/http/tls_test
tests_unit_http_exchange_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=evbuffer_add_cb,--wrap=bufferevent_socket_new
tests_unit_http_failing_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=SSL_CTX_set_cipher_list,--wrap=server_connection_opened
tests_unit_http_proxy_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=recv,--wrap=__recv_chk

FUZZERS += tests/fuzz/forwarded_fuzz
FUZZERS += tests/fuzz/http_fuzz
FUZZERS += tests/fuzz/json_fuzz
FUZZERS += tests/fuzz/json_members_fuzz
FUZZERS += tests/fuzz/proxy_protocol_fuzz
tests_fuzz_forwarded_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_http_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_json_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_json_members_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_proxy_protocol_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/http_seeds
