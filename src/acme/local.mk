noinst_LIBRARIES += src/libacme.a
src_libacme_a_SOURCES = \
	src/acme/message.c src/acme/message.h

ACME_TEST_LIBS = src/libacme.a src/libutil.a $(UNIT_LIBS) $(CBOR_LIBS)

check_PROGRAMS += tests/unit/acme_message_test
TESTS += tests/unit/acme_message_test
tests_unit_acme_message_test_SOURCES = tests/unit/acme_message_test.c tests/unit/unit.h
tests_unit_acme_message_test_LDADD = $(ACME_TEST_LIBS)
