noinst_LIBRARIES += src/libwebauthn.a
src_libwebauthn_a_SOURCES = \
	src/webauthn/format.h \
	src/webauthn/item.c src/webauthn/item.h \
	src/webauthn/object.c src/webauthn/object.h \
	src/webauthn/tpm.c src/webauthn/tpm.h

check_PROGRAMS += tests/unit/webauthn_test
TESTS += tests/unit/webauthn_test
tests_unit_webauthn_test_SOURCES = tests/unit/webauthn_test.c tests/unit/unit.h
tests_unit_webauthn_test_LDADD = src/libwebauthn.a src/libutil.a $(UNIT_LIBS) $(CBOR_LIBS)

FUZZERS += tests/fuzz/webauthn_fuzz
tests_fuzz_webauthn_fuzz_SOURCES = tests/fuzz/webauthn_fuzz.c
tests_fuzz_webauthn_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_webauthn_fuzz_LDADD = src/libwebauthn.a src/libutil.a $(CBOR_LIBS)
