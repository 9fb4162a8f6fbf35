noinst_LIBRARIES += src/libservice.a
src_libservice_a_SOURCES = \
	src/service/fields.c src/service/fields.h

UNIT_TESTS += tests/unit/service/fields_test

FUZZERS += tests/fuzz/message_fuzz
tests_fuzz_message_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/message_seeds
