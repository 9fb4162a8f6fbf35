noinst_LIBRARIES += src/libwebauthn.a
src_libwebauthn_a_SOURCES = \
	src/webauthn/format.h \
	src/webauthn/item.c src/webauthn/item.h \
	src/webauthn/object.c src/webauthn/object.h \
	src/webauthn/tpm.c src/webauthn/tpm.h

UNIT_TESTS += tests/unit/webauthn/webauthn_test

FUZZERS += tests/fuzz/webauthn_fuzz
tests_fuzz_webauthn_fuzz_LDFLAGS = $(LIBFUZZER)
