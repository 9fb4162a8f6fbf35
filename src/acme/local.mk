noinst_LIBRARIES += src/libacme.a
src_libacme_a_SOURCES = \
	src/acme/account.c \
	src/acme/authorization.c \
	src/acme/call.c src/acme/call.h \
	src/acme/certificate.c \
	src/acme/crl_files.c src/acme/crl_files.h \
	src/acme/file.c \
	src/acme/finalize.c \
	src/acme/front.c src/acme/front.h \
	src/acme/front_state.h \
	src/acme/jwk.c src/acme/jwk.h \
	src/acme/jws.c src/acme/jws.h \
	src/acme/keeper.c src/acme/keeper.h \
	src/acme/keeper_state.h \
	src/acme/message.c src/acme/message.h \
	src/acme/nonce.c src/acme/nonce.h \
	src/acme/operation.h \
	src/acme/order.c src/acme/order.h \
	src/acme/policy.c src/acme/policy.h \
	src/acme/post.c src/acme/post.h \
	src/acme/public.c src/acme/public.h \
	src/acme/render.c src/acme/render.h \
	src/acme/reply.c src/acme/reply.h \
	src/acme/request.c src/acme/request.h \
	src/acme/roots.c src/acme/roots.h \
	src/acme/route.c src/acme/route.h \
	src/acme/server_key.c src/acme/server_key.h \
	src/acme/settings.c src/acme/settings.h \
	src/acme/snapshot.c src/acme/snapshot.h \
	src/acme/state.c src/acme/state.h \
	src/acme/state_dir.c src/acme/state_dir.h \
	src/acme/statement.c src/acme/statement.h \
	src/acme/statement_tpm.c \
	src/acme/tell.c src/acme/tell.h

UNIT_TESTS += tests/unit/acme/front/jws_test
UNIT_TESTS += tests/unit/acme/front/nonce_test
UNIT_TESTS += tests/unit/acme/front/render_test
UNIT_TESTS += tests/unit/acme/front/request_test
UNIT_TESTS += tests/unit/acme/keeper/account_test
UNIT_TESTS += tests/unit/acme/keeper/authorization_test
UNIT_TESTS += tests/unit/acme/keeper/crl_files_test
UNIT_TESTS += tests/unit/acme/keeper/finalize_test
UNIT_TESTS += tests/unit/acme/keeper/keeper_test
UNIT_TESTS += tests/unit/acme/keeper/order_test
UNIT_TESTS += tests/unit/acme/keeper/policy_test
UNIT_TESTS += tests/unit/acme/keeper/roots_test
UNIT_TESTS += tests/unit/acme/keeper/transition_test
UNIT_TESTS += tests/unit/acme/message_test

FUZZERS += tests/fuzz/acme_request_fuzz
FUZZERS += tests/fuzz/acme_message_fuzz
tests_fuzz_acme_request_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_acme_message_fuzz_LDFLAGS = $(LIBFUZZER)
