noinst_LIBRARIES += src/libacme.a
src_libacme_a_SOURCES = \
	src/acme/jwk.c src/acme/jwk.h \
	src/acme/jws.c src/acme/jws.h \
	src/acme/message.c src/acme/message.h \
	src/acme/nonce.c src/acme/nonce.h

ACME_TEST_LIBS = src/libacme.a src/libutil.a $(UNIT_LIBS) $(CBOR_LIBS)

check_PROGRAMS += tests/unit/acme_message_test
TESTS += tests/unit/acme_message_test
tests_unit_acme_message_test_SOURCES = tests/unit/acme_message_test.c tests/unit/unit.h
tests_unit_acme_message_test_LDADD = $(ACME_TEST_LIBS)

ACME_FRONT_TEST_LIBS = src/libacme.a src/libwebauthn.a src/libhttp.a src/libdaemon.a src/libtpm.a \
	src/libutil.a $(UNIT_LIBS) $(EVENT_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) $(TSS2_MU_LIBS) \
	$(JANSSON_LIBS) $(JOSE_LIBS) $(CBOR_LIBS) -lpthread
ACME_FRONT_TESTS = tests/unit/jws_test tests/unit/nonce_test
check_PROGRAMS += $(ACME_FRONT_TESTS)
TESTS += $(ACME_FRONT_TESTS)
tests_unit_jws_test_SOURCES = tests/unit/jws_test.c tests/unit/jws_vectors.h tests/unit/unit.h
tests_unit_jws_test_LDADD = $(ACME_FRONT_TEST_LIBS)
tests_unit_nonce_test_SOURCES = tests/unit/nonce_test.c tests/unit/unit.h
tests_unit_nonce_test_LDADD = $(ACME_FRONT_TEST_LIBS)
