noinst_LIBRARIES += src/libacme.a
src_libacme_a_SOURCES = \
	src/acme/message.c src/acme/message.h

# The front.
src_libacme_a_SOURCES += \
	src/acme/front.c src/acme/front.h \
	src/acme/front_state.h \
	src/acme/jwk.c src/acme/jwk.h \
	src/acme/jws.c src/acme/jws.h \
	src/acme/nonce.c src/acme/nonce.h \
	src/acme/post.c src/acme/post.h \
	src/acme/public.c src/acme/public.h \
	src/acme/render.c src/acme/render.h \
	src/acme/reply.c src/acme/reply.h \
	src/acme/request.c src/acme/request.h \
	src/acme/route.c src/acme/route.h \
	src/acme/tell.c src/acme/tell.h

# The keeper and what it shares with the administration.
src_libacme_a_SOURCES += \
	src/acme/account.c \
	src/acme/authorization.c \
	src/acme/call.c src/acme/call.h \
	src/acme/certificate.c \
	src/acme/crl_files.c src/acme/crl_files.h \
	src/acme/file.c \
	src/acme/finalize.c \
	src/acme/keeper.c src/acme/keeper.h \
	src/acme/keeper_state.h \
	src/acme/operation.h \
	src/acme/order.c src/acme/order.h \
	src/acme/policy.c src/acme/policy.h \
	src/acme/roots.c src/acme/roots.h \
	src/acme/server_key.c src/acme/server_key.h \
	src/acme/settings.c src/acme/settings.h \
	src/acme/snapshot.c src/acme/snapshot.h \
	src/acme/state.c src/acme/state.h \
	src/acme/state_dir.c src/acme/state_dir.h \
	src/acme/statement.c src/acme/statement.h src/acme/statement_tpm.c

ACME_TEST_LIBS = src/libacme.a src/libutil.a $(UNIT_LIBS) $(CBOR_LIBS)

check_PROGRAMS += tests/unit/acme_message_test
TESTS += tests/unit/acme_message_test
tests_unit_acme_message_test_SOURCES = tests/unit/acme_message_test.c tests/unit/unit.h
tests_unit_acme_message_test_LDADD = $(ACME_TEST_LIBS)

ACME_FRONT_TEST_LIBS = src/libacme.a src/libwebauthn.a src/libstore.a src/libhttp.a src/libdaemon.a src/libtpm.a \
	src/libutil.a $(UNIT_LIBS) $(EVENT_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) $(TSS2_MU_LIBS) \
	$(JANSSON_LIBS) $(JOSE_LIBS) $(CBOR_LIBS) -lpthread
ACME_FRONT_TESTS = tests/unit/acme_request_test tests/unit/jws_test tests/unit/nonce_test \
	tests/unit/render_test
check_PROGRAMS += $(ACME_FRONT_TESTS)
TESTS += $(ACME_FRONT_TESTS)
tests_unit_acme_request_test_SOURCES = tests/unit/acme_request_test.c \
	tests/unit/jws_vectors.h tests/unit/key_change_vectors.h tests/unit/unit.h
tests_unit_acme_request_test_LDADD = $(ACME_FRONT_TEST_LIBS)
tests_unit_render_test_SOURCES = tests/unit/render_test.c tests/unit/unit.h
tests_unit_render_test_LDADD = $(ACME_FRONT_TEST_LIBS)
tests_unit_jws_test_SOURCES = tests/unit/jws_test.c tests/unit/jws_vectors.h tests/unit/unit.h
tests_unit_jws_test_LDADD = $(ACME_FRONT_TEST_LIBS)
tests_unit_nonce_test_SOURCES = tests/unit/nonce_test.c tests/unit/unit.h
tests_unit_nonce_test_LDADD = $(ACME_FRONT_TEST_LIBS)

ACME_KEEPER_TEST_LIBS = $(FORGE_LIBS) src/libacme.a src/libdaemon.a src/libstore.a src/libpki.a \
	src/libtpm.a src/libutil.a $(UNIT_LIBS) $(EVENT_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) \
	$(TSS2_MU_LIBS) $(CBOR_LIBS) $(CONFUSE_LIBS) -lpthread
ACME_KEEPER_TESTS = tests/unit/acme_account_test tests/unit/acme_authorization_test \
	tests/unit/acme_crl_files_test tests/unit/acme_finalize_test tests/unit/acme_keeper_test \
	tests/unit/acme_order_test tests/unit/acme_policy_test tests/unit/acme_roots_test \
	tests/unit/acme_state_test
check_PROGRAMS += $(ACME_KEEPER_TESTS)
TESTS += $(ACME_KEEPER_TESTS)
tests_unit_acme_crl_files_test_SOURCES = tests/unit/acme_crl_files_test.c \
	tests/unit/pki_support.h tests/unit/scratch.h tests/unit/unit.h
tests_unit_acme_crl_files_test_LDADD = $(ACME_KEEPER_TEST_LIBS)
tests_unit_acme_roots_test_SOURCES = tests/unit/acme_roots_test.c \
	tests/unit/pki_support.h tests/unit/scratch.h tests/unit/unit.h
tests_unit_acme_roots_test_LDADD = $(ACME_KEEPER_TEST_LIBS)
ACME_KEEPER_SUPPORT = tests/unit/acme_keeper_support.h tests/unit/acme_world.c \
	tests/unit/acme_world.h tests/unit/pki_support.h tests/unit/scratch.h tests/unit/unit.h
tests_unit_acme_account_test_SOURCES = tests/unit/acme_account_test.c $(ACME_KEEPER_SUPPORT)
tests_unit_acme_account_test_LDADD = $(ACME_KEEPER_TEST_LIBS)
tests_unit_acme_authorization_test_SOURCES = tests/unit/acme_authorization_test.c $(ACME_KEEPER_SUPPORT)
tests_unit_acme_authorization_test_LDADD = $(ACME_KEEPER_TEST_LIBS)
tests_unit_acme_finalize_test_SOURCES = tests/unit/acme_finalize_test.c $(ACME_KEEPER_SUPPORT)
tests_unit_acme_finalize_test_LDADD = $(ACME_KEEPER_TEST_LIBS)
tests_unit_acme_keeper_test_SOURCES = tests/unit/acme_keeper_test.c $(ACME_KEEPER_SUPPORT)
tests_unit_acme_keeper_test_LDADD = $(ACME_KEEPER_TEST_LIBS)
tests_unit_acme_order_test_SOURCES = tests/unit/acme_order_test.c $(ACME_KEEPER_SUPPORT)
tests_unit_acme_order_test_LDADD = $(ACME_KEEPER_TEST_LIBS)
tests_unit_acme_policy_test_SOURCES = tests/unit/acme_policy_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_acme_policy_test_LDADD = $(ACME_KEEPER_TEST_LIBS)
tests_unit_acme_state_test_SOURCES = tests/unit/acme_state_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_acme_state_test_LDADD = $(ACME_KEEPER_TEST_LIBS)

FUZZERS += tests/fuzz/acme_request_fuzz
tests_fuzz_acme_request_fuzz_SOURCES = tests/fuzz/acme_request_fuzz.c
tests_fuzz_acme_request_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_acme_request_fuzz_LDADD = src/libacme.a src/libwebauthn.a src/libstore.a src/libhttp.a \
	src/libdaemon.a src/libtpm.a src/libutil.a $(EVENT_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) \
	$(TSS2_MU_LIBS) $(JANSSON_LIBS) $(JOSE_LIBS) $(CBOR_LIBS) -lpthread

FUZZERS += tests/fuzz/acme_message_fuzz
tests_fuzz_acme_message_fuzz_SOURCES = tests/fuzz/acme_message_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_acme_message_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_acme_message_fuzz_LDADD = src/libacme.a src/libutil.a $(CBOR_LIBS)
