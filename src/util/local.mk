noinst_LIBRARIES += src/libutil.a
src_libutil_a_SOURCES = \
	src/util/base64.c src/util/base64.h \
	src/util/bytes.c src/util/bytes.h \
	src/util/cbor.c src/util/cbor.h \
	src/util/clock.c src/util/clock.h \
	src/util/duration.c src/util/duration.h \
	src/util/error.c src/util/error.h \
	src/util/file.c src/util/file.h \
	src/util/hex.c src/util/hex.h \
	src/util/identifier.c src/util/identifier.h \
	src/util/log.c src/util/log.h \
	src/util/utf8.c src/util/utf8.h

check_PROGRAMS += tests/unit/base64_test
TESTS += tests/unit/base64_test
tests_unit_base64_test_SOURCES = tests/unit/base64_test.c tests/unit/unit.h
tests_unit_base64_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/utf8_test
TESTS += tests/unit/utf8_test
tests_unit_utf8_test_SOURCES = tests/unit/utf8_test.c tests/unit/unit.h
tests_unit_utf8_test_LDADD = src/libutil.a $(UNIT_LIBS)
